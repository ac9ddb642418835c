import type Bindings from '@duckdb/node-bindings';
import { checkAborted } from '../bytes/abortable.ts';
import type { BytesVector, ColumnBatch, ColumnVector, ListVector } from '../messages/columns/column-batch.ts';
import type { ColumnType } from '../messages/columns/column-schema.ts';
import { type QueryDatabase, quotedName } from './query-database.ts';

/** Maximum number of rows of a chunk: DuckDB's vector size. */
const MAX_CHUNK_ROWS = 2048;
/** Number of bytes of values from which a chunk is complete. */
const CHUNK_BYTES = 4 * 1024 * 1024;
/** Number of bytes of values after which the appender passes its rows to DuckDB. */
const FLUSH_BYTES = 16 * 1024 * 1024;
/** Bytes of a value of bytes, and of an entry of a list, inside a vector. */
const ENTRY_BYTES = 16;

type Vector = ReturnType<typeof Bindings.data_chunk_get_vector>;

const SQL_TYPES = {
  int64: 'BIGINT',
  uint64: 'UBIGINT',
  int32: 'INTEGER',
  float: 'FLOAT',
  float64: 'DOUBLE',
  bytes: 'BLOB',
  text: 'VARCHAR',
} as const;

/** Returns DuckDB's name of a type. */
export function sqlType(type: ColumnType): string {
  return type.type === 'list' ? `${sqlType(type.items)}[]` : SQL_TYPES[type.type];
}

/** Limits of {@link appendBatches}. */
interface AppendOptions {
  readonly maxRows: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Appends batches to a table that has the same columns. Numbers are copied as whole arrays, and
 * nothing is converted.
 */
export async function appendBatches(
  { api, bindings, connection }: QueryDatabase,
  table: string,
  batches: AsyncIterable<ColumnBatch>,
  { maxRows = Number.POSITIVE_INFINITY, signal }: AppendOptions,
): Promise<void> {
  const empty = await connection.run(`SELECT * FROM ${quotedName(table)} LIMIT 0`);
  const chunk = api.DuckDBDataChunk.create(empty.columnTypes(), MAX_CHUNK_ROWS);
  const appender = await connection.createAppender(table);
  let rows = 0;
  let unflushed = 0;
  try {
    for await (const batch of batches) {
      const end = Math.min(batch.rows, maxRows - rows);
      for (let from = 0; from < end; ) {
        const { to, bytes } = chunkEnd(batch.columns, from, end);
        chunk.reset();
        chunk.rowCount = to - from;
        for (const [i, column] of batch.columns.entries())
          fill(bindings, bindings.data_chunk_get_vector(chunk.chunk, i), column, from, to);
        appender.appendDataChunk(chunk);
        from = to;
        unflushed += bytes;
        if (unflushed < FLUSH_BYTES) continue;
        appender.flushSync();
        unflushed = 0;
        checkAborted(signal);
      }
      rows += end;
      if (rows >= maxRows) break;
    }
  } finally {
    appender.closeSync();
  }
}

/** Returns the end of the rows that make up a chunk, at least one, and their size. */
function chunkEnd(
  columns: readonly ColumnVector[],
  from: number,
  end: number,
): { to: number; bytes: number } {
  let to = Math.min(end, from + MAX_CHUNK_ROWS);
  for (;;) {
    let bytes = 0;
    for (const column of columns) bytes += sizeOf(column, from, to);
    if (bytes <= CHUNK_BYTES || to === from + 1) return { to, bytes };
    to = from + Math.max(1, Math.floor((to - from) / 2));
  }
}

/** Returns the number of bytes of some elements. */
function sizeOf(vector: ColumnVector, from: number, to: number): number {
  if (vector.type === 'list')
    return ENTRY_BYTES * (to - from) + sizeOf(vector.items, vector.offsets[from], vector.offsets[to]);
  if ('values' in vector) return vector.values.BYTES_PER_ELEMENT * (to - from);
  return ENTRY_BYTES * (to - from) + vector.offsets[to] - vector.offsets[from];
}

/** Writes the elements from `from` up to `to` to the start of a vector of DuckDB. */
function fill(
  bindings: typeof Bindings,
  target: Vector,
  vector: ColumnVector,
  from: number,
  to: number,
): void {
  if (vector.validity !== undefined) {
    const bits = bitsOf(vector.validity, from, to);
    bindings.vector_ensure_validity_writable(target);
    bindings.copy_data_to_vector_validity(target, 0, bits.buffer, 0, bits.length);
  }
  if (vector.type === 'list') fillLists(bindings, target, vector, from, to);
  else if ('values' in vector) {
    const { buffer, byteOffset, BYTES_PER_ELEMENT: size } = vector.values;
    bindings.copy_data_to_vector(
      target,
      0,
      buffer as ArrayBuffer,
      byteOffset + size * from,
      size * (to - from),
    );
  } else fillBytes(bindings, target, vector, from, to);
}

function fillBytes(
  bindings: typeof Bindings,
  target: Vector,
  { offsets, data, validity }: BytesVector,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    if (validity !== undefined && (validity[i >> 3] & (1 << (i & 7))) === 0) continue;
    bindings.vector_assign_string_element_len(target, i - from, data.subarray(offsets[i], offsets[i + 1]));
  }
}

function fillLists(
  bindings: typeof Bindings,
  target: Vector,
  { offsets, items }: ListVector,
  from: number,
  to: number,
): void {
  const first = offsets[from];
  // An entry is the number of the first item and the number of items, as 64-bit integers.
  const words = new Uint32Array(4 * (to - from));
  for (let i = from; i < to; i++) {
    words[4 * (i - from)] = offsets[i] - first;
    words[4 * (i - from) + 2] = offsets[i + 1] - offsets[i];
  }
  bindings.copy_data_to_vector(target, 0, words.buffer, 0, words.byteLength);
  const count = offsets[to] - first;
  bindings.list_vector_reserve(target, count);
  bindings.list_vector_set_size(target, count);
  if (count > 0) fill(bindings, bindings.list_vector_get_child(target), items, first, offsets[to]);
}

/** Returns some bits, moved to the start of whole 64-bit words. */
function bitsOf(bits: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> {
  const moved = new Uint8Array(8 * Math.ceil((to - from) / 64));
  const start = from >> 3;
  const shift = from & 7;
  const end = Math.min(bits.length - start, moved.length);
  for (let i = 0; i < end; i++)
    moved[i] =
      shift === 0 ? bits[start + i] : (bits[start + i] >> shift) | (bits[start + i + 1] << (8 - shift));
  return moved;
}
