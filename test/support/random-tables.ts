import type {
  TableFormat,
  TableReadOptions,
  TableSource,
  TableWriteOptions,
} from '../../src/columns/formats/table-format.ts';
import type { ColumnBatch, ColumnVector } from '../../src/messages/columns/column-batch.ts';
import type { ColumnField, ColumnSchema, ColumnType } from '../../src/messages/columns/column-schema.ts';
import { type ColumnValue, columnVector } from './column-vectors.ts';
import type { Random } from './random.ts';

const KINDS = ['int64', 'float', 'bytes', 'text'] as const;

/** Returns a random schema. Its columns have every type that the message has. */
export function randomSchema(random: Random): ColumnSchema {
  const message = random.pick(['Example', 'SequenceExample', 'Record'] as const);
  const fields: ColumnField[] = [];
  const nullable = (): boolean => random.below(4) > 0;
  for (let i = random.below(5); i >= 0; i--) {
    const of = `${random.pick(['x', 'image/encoded', 'größe', 'a.b', ' ', '日本.語'])}${i}`;
    const kind = random.pick(KINDS);
    const list = (items: ColumnType): ColumnType => ({ type: 'list', items });
    const value: ColumnType = random.below(2) ? { type: kind } : list({ type: kind });
    if (message === 'Record') {
      const values = random.pick(['float', 'float64', 'int32'] as const);
      fields.push({
        name: of,
        type: list({ type: values }),
        nullable: nullable(),
        part: 'featureValues',
        of,
      });
      if (random.below(2))
        fields.push({
          name: `${of} keys`,
          type: list({ type: 'uint64' }),
          nullable: true,
          part: 'featureKeys',
          of,
        });
    } else if (message === 'SequenceExample' && random.below(2))
      fields.push({
        name: of,
        type: list(list({ type: kind })),
        nullable: nullable(),
        part: 'featureList',
        of,
      });
    else fields.push({ name: of, type: value, nullable: nullable(), part: 'feature', of });
  }
  return { recordpipeColumns: 1, message, fields };
}

/** Returns a random batch. Floats have any bits. */
export function randomBatch(random: Random, schema: ColumnSchema, rows: number, firstRow = 0): ColumnBatch {
  const columns = schema.fields.map(({ type, nullable }) => {
    const vector = columnVector(
      type,
      Array.from({ length: rows }, () =>
        nullable && random.below(4) === 0 ? null : randomValue(random, type, 0),
      ),
    );
    setRandomBits(random, vector);
    return vector;
  });
  return { schema, rows, firstRow, columns };
}

function randomValue(random: Random, type: ColumnType, depth: number): ColumnValue {
  switch (type.type) {
    case 'list':
      return Array.from({ length: random.below(4) }, () =>
        // A step of a feature list may have no kind.
        type.items.type === 'list' && depth === 0 && random.below(8) === 0
          ? null
          : randomValue(random, type.items, depth + 1),
      );
    case 'bytes':
      return random.bytes(random.below(12));
    case 'text':
      return Buffer.from(random.pick(['', 'a', 'Straße', '日本語', '\u{1f600}', 'x'.repeat(20), '\0']));
    case 'int64':
      return BigInt.asIntN(64, BigInt(random.below(2 ** 32)) * BigInt(random.below(2 ** 32)) * 3n);
    case 'uint64':
      return BigInt.asUintN(64, BigInt(random.below(2 ** 32)) * BigInt(random.below(2 ** 32)) * 3n);
    case 'int32':
      return random.below(2 ** 32) | 0;
    default:
      return 0;
  }
}

function setRandomBits(random: Random, vector: ColumnVector): void {
  if (vector.type === 'list') setRandomBits(random, vector.items);
  if (vector.type !== 'float' && vector.type !== 'float64') return;
  const words = new Uint32Array(vector.values.buffer, vector.values.byteOffset, vector.values.byteLength / 4);
  const width = vector.values.BYTES_PER_ELEMENT / 4;
  for (let i = 0; i < words.length; i++)
    if (isPresent(vector, Math.floor(i / width)))
      words[i] = random.pick([random.below(2 ** 32), 0x7f800001, 0x80000000, 0x7fc00000]);
}

function isPresent({ validity }: ColumnVector, i: number): boolean {
  return validity === undefined || (validity[i >> 3] & (1 << (i & 7))) !== 0;
}

/** Returns the values of a vector as plain data that `toEqual` compares. Floats are bits. */
export function plainValues(vector: ColumnVector): unknown[] {
  const { length } = vector;
  const of = (read: (i: number) => unknown): unknown[] =>
    Array.from({ length }, (_, i) => (isPresent(vector, i) ? read(i) : null));
  switch (vector.type) {
    case 'list': {
      const { offsets } = vector;
      const items = plainValues(vector.items);
      return of((i) => items.slice(offsets[i], offsets[i + 1]));
    }
    case 'bytes':
    case 'text': {
      const data = Buffer.from(vector.data.buffer, vector.data.byteOffset, vector.data.length);
      return of((i) => data.toString('latin1', vector.offsets[i], vector.offsets[i + 1]));
    }
    default: {
      const { values } = vector;
      const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
      const width = values.BYTES_PER_ELEMENT;
      return of((i) => bytes.toString('hex', i * width, (i + 1) * width));
    }
  }
}

/** Returns all rows of batches, column by column. */
export function plainTable(batches: readonly ColumnBatch[]): { schema: ColumnSchema; columns: unknown[][] } {
  const [{ schema }] = batches;
  const columns = schema.fields.map((_, i) => batches.flatMap(({ columns }) => plainValues(columns[i])));
  return { schema, columns };
}

/** Writes batches to bytes. */
export async function tableBytes(
  format: TableFormat,
  schema: ColumnSchema,
  batches: readonly ColumnBatch[],
  options: TableWriteOptions = {},
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const writer = await format.openWriter(schema, async (bytes) => void chunks.push(bytes.slice()), options);
  for (const batch of batches) await writer.write(batch);
  await writer.close();
  return new Uint8Array(Buffer.concat(chunks));
}

/** Returns bytes as the source of a table. */
export function tableSource(
  bytes: Uint8Array,
  { chunk = 1000, isPipe = false }: { chunk?: number; isPipe?: boolean } = {},
): TableSource {
  return {
    uri: 'table',
    byteLength: isPipe ? undefined : bytes.length,
    slice: async (start, end) => bytes.slice(start, end),
    async *stream() {
      for (let at = 0; at < bytes.length; at += chunk) yield bytes.slice(at, at + chunk);
    },
  };
}

/** Reads all batches of a table. */
export async function readTable(
  format: TableFormat,
  source: TableSource,
  options: TableReadOptions = {},
): Promise<{ schema: ColumnSchema; batches: ColumnBatch[] }> {
  const reader = await format.openReader(source, options);
  const batches: ColumnBatch[] = [];
  try {
    for await (const batch of reader.batches()) batches.push(batch);
  } finally {
    await reader.close();
  }
  return { schema: reader.schema, batches };
}
