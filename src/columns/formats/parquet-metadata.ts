import { malformedTable } from './arrow-elements.ts';
import {
  intField,
  numberAt,
  structAt,
  structList,
  structsAt,
  type ThriftStruct,
  textAt,
  thriftBytes,
} from './parquet-thrift.ts';

// Numbers of fields: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
/** Fields of FileMetaData. */
export const FILE = { version: 1, schema: 2, rows: 3, groups: 4, pairs: 5, createdBy: 6 } as const;
/** Fields of RowGroup. */
export const GROUP = { columns: 1, bytes: 2, rows: 3, offset: 5, compressedBytes: 6, ordinal: 7 } as const;
/** Fields of ColumnChunk. */
export const CHUNK = { path: 1, offset: 2, metadata: 3, crypto: 8 } as const;
/** Fields of ColumnMetaData. */
export const COLUMN = {
  codec: 4,
  values: 5,
  bytes: 6,
  compressedBytes: 7,
  dataOffset: 9,
  indexOffset: 10,
  dictionaryOffset: 11,
  statistics: 12,
  bloomOffset: 14,
  bloomBytes: 15,
} as const;
const ELEMENT = { name: 4, children: 5 } as const;
const PAIR = { key: 1, value: 2 } as const;

/** Starts and ends a Parquet file. */
export const PARQUET_MAGIC: Uint8Array = Uint8Array.of(0x50, 0x41, 0x52, 0x31);
/** Number of bytes after the metadata: its length and the magic number. */
export const TAIL_BYTES = 8;

/** A column of a table, which has a leaf for each value that it contains. */
export interface ParquetColumn {
  readonly name: string;
  /** The column and everything in it, as in the schema. */
  readonly elements: readonly ThriftStruct[];
  /** Leaves of the column: chunks [firstLeaf, firstLeaf + leaves) of each row group. */
  readonly firstLeaf: number;
  readonly leaves: number;
}

/** A row group. */
export interface ParquetGroup {
  readonly struct: ThriftStruct;
  readonly rows: number;
  /** Size of its values, uncompressed. */
  readonly bytes: number;
  /** One per leaf. */
  readonly chunks: readonly ParquetChunk[];
}

/** The pages of one leaf in one row group: the bytes [start, end) of the file. */
export interface ParquetChunk {
  readonly struct: ThriftStruct;
  readonly metadata: ThriftStruct;
  readonly start: number;
  readonly end: number;
}

/** Checked metadata of a file. */
export interface ParquetMetadata {
  readonly file: ThriftStruct;
  readonly columns: readonly ParquetColumn[];
  readonly groups: readonly ParquetGroup[];
  /** Key-value metadata. */
  readonly pairs: ReadonlyMap<string, string>;
}

/**
 * Checks the metadata of a file.
 *
 * @param dataEnd where the metadata starts in the file
 * @throws RecordpipeError `malformed-table`
 */
export function checkParquetMetadata(file: ThriftStruct, dataEnd: number, uri: string): ParquetMetadata {
  const fail = (what: string): never => {
    throw malformedTable(`the Parquet metadata is corrupt: ${what}`, uri);
  };
  const columns = columnsOf(structsAt(file, FILE.schema), fail);
  const leaves = columns.reduce((sum, column) => sum + column.leaves, 0);
  let rows = 0;
  const groups = structsAt(file, FILE.groups).map((struct, i): ParquetGroup => {
    const what = `row group ${i}`;
    const groupRows = numberAt(struct, GROUP.rows) ?? -1;
    if (!(groupRows >= 0 && groupRows < 2 ** 31)) fail(`${what} has ${groupRows} rows`);
    rows += groupRows;
    const chunks = structsAt(struct, GROUP.columns).map((chunk) => chunkOf(chunk, dataEnd, what, fail));
    if (chunks.length !== leaves) fail(`${what} has ${chunks.length} columns, but the schema has ${leaves}`);
    return { struct, rows: groupRows, bytes: Math.max(numberAt(struct, GROUP.bytes) ?? 0, 0), chunks };
  });
  if (rows !== numberAt(file, FILE.rows))
    fail(`the row groups have ${rows} rows instead of ${numberAt(file, FILE.rows)}`);
  return { file, columns, groups, pairs: pairsOf(file) };
}

/** Returns the columns of a schema, which lists its tree depth first. */
function columnsOf(elements: readonly ThriftStruct[], fail: (what: string) => never): ParquetColumn[] {
  const childrenOf = (at: number): number => {
    if (at >= elements.length) return fail('the schema ends early');
    const children = numberAt(elements[at], ELEMENT.children) ?? 0;
    return children >= 0 ? children : fail('the schema has a negative number of children');
  };
  const columns: ParquetColumn[] = [];
  let at = 1;
  let firstLeaf = 0;
  for (let i = childrenOf(0); i > 0; i--) {
    const start = at;
    let leaves = 0;
    // Number of elements that belong to the column and were not visited.
    for (let open = 1; open > 0; open--, at++) {
      const children = childrenOf(at);
      if (children === 0) leaves++;
      open += children;
    }
    const name = textAt(elements[start], ELEMENT.name) ?? '';
    columns.push({ name, elements: elements.slice(start, at), firstLeaf, leaves });
    firstLeaf += leaves;
  }
  if (at !== elements.length) fail('the schema has too many elements');
  return columns;
}

function chunkOf(
  struct: ThriftStruct,
  dataEnd: number,
  what: string,
  fail: (what: string) => never,
): ParquetChunk {
  const metadata = structAt(struct, CHUNK.metadata);
  if (struct.has(CHUNK.crypto)) fail(`${what} is encrypted, which is not supported`);
  if (metadata === undefined || struct.has(CHUNK.path)) return fail(`${what} is in another file`);
  const data = numberAt(metadata, COLUMN.dataOffset) ?? -1;
  const dictionary = numberAt(metadata, COLUMN.dictionaryOffset) ?? 0;
  // pyarrow writes 0 for a chunk without values, which has a dictionary and no data.
  const start = dictionary > 0 && (dictionary < data || data === 0) ? dictionary : data;
  const end = start + (numberAt(metadata, COLUMN.compressedBytes) ?? -1);
  if (!(start >= PARQUET_MAGIC.length && end >= start && end <= dataEnd))
    fail(`${what} has a column at bytes ${start} to ${end}, but the data ends at ${dataEnd}`);
  return { struct, metadata, start, end };
}

function pairsOf(file: ThriftStruct): Map<string, string> {
  return new Map(
    structsAt(file, FILE.pairs).map((pair) => [textAt(pair, PAIR.key) ?? '', textAt(pair, PAIR.value) ?? '']),
  );
}

/**
 * Returns the metadata of a file that contains only some columns, of one row group or none.
 *
 * @param position where the pages of a chunk start in that file
 */
export function partOfMetadata(
  { file }: ParquetMetadata,
  columns: readonly ParquetColumn[],
  group?: ParquetGroup,
  position: (chunk: ParquetChunk) => number = () => 0,
): Uint8Array {
  const root = new Map(structsAt(file, FILE.schema)[0]).set(ELEMENT.children, intField(columns.length, 32));
  const groups = group === undefined ? [] : [partOfGroup(group, columns, position)];
  const part: ThriftStruct = new Map([
    [FILE.version, intField(numberAt(file, FILE.version) ?? 1, 32)],
    [FILE.schema, structList([root, ...columns.flatMap(({ elements }) => elements)])],
    [FILE.rows, intField(group?.rows ?? 0, 64)],
    [FILE.groups, structList(groups)],
  ]);
  const createdBy = file.get(FILE.createdBy);
  if (createdBy !== undefined) part.set(FILE.createdBy, createdBy);
  return thriftBytes(part);
}

function partOfGroup(
  group: ParquetGroup,
  columns: readonly ParquetColumn[],
  position: (chunk: ParquetChunk) => number,
): ThriftStruct {
  const chunks = chunksOf(group, columns).map((chunk) => {
    const moved = position(chunk) - chunk.start;
    const metadata = movedColumn(chunk.metadata, moved);
    metadata.delete(COLUMN.statistics);
    return new Map([
      [CHUNK.offset, intField(0, 64)],
      [CHUNK.metadata, { type: chunk.struct.get(CHUNK.metadata)!.type, value: metadata }],
    ]);
  });
  return new Map([
    [GROUP.columns, structList(chunks)],
    [GROUP.bytes, intField(group.bytes, 64)],
    [GROUP.rows, intField(group.rows, 64)],
  ]);
}

/** Returns the metadata of a column whose pages were moved by a number of bytes. */
export function movedColumn(metadata: ThriftStruct, moved: number): ThriftStruct {
  const result = new Map(metadata);
  const data = numberAt(metadata, COLUMN.dataOffset)!;
  const dictionary = numberAt(metadata, COLUMN.dictionaryOffset) ?? 0;
  result.set(COLUMN.dataOffset, intField(data + moved, 64));
  // Some writers store 0 if there is no dictionary.
  if (dictionary > 0 && dictionary < data)
    result.set(COLUMN.dictionaryOffset, intField(dictionary + moved, 64));
  else result.delete(COLUMN.dictionaryOffset);
  for (const id of [COLUMN.indexOffset, COLUMN.bloomOffset, COLUMN.bloomBytes]) result.delete(id);
  return result;
}

/** Returns the chunks of some columns. */
export function chunksOf(group: ParquetGroup, columns: readonly ParquetColumn[]): ParquetChunk[] {
  return columns.flatMap(({ firstLeaf, leaves }) => group.chunks.slice(firstLeaf, firstLeaf + leaves));
}
