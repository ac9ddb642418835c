import { csvFormat } from '../../../src/columns/formats/csv-format.ts';
import { jsonlFormat } from '../../../src/columns/formats/jsonl-format.ts';
import type {
  TableFormat,
  TableReadOptions,
  TableSource,
  TableWriteOptions,
} from '../../../src/columns/formats/table-format.ts';
import type { ColumnBatch } from '../../../src/messages/columns/column-batch.ts';
import type { ColumnField, ColumnType } from '../../../src/messages/columns/column-schema.ts';
import { ColumnEncoder } from '../../../src/messages/columns/encode-columns.ts';

export const FORMATS: { readonly jsonl: TableFormat; readonly csv: TableFormat } = {
  jsonl: jsonlFormat,
  csv: csvFormat,
};

/** Returns a column of a feature. */
export function feature(name: string, type: ColumnType | ColumnType['type'], nullable = true): ColumnField {
  const full = typeof type === 'string' ? ({ type } as ColumnType) : type;
  return { name, type: full, nullable, part: 'feature', of: name };
}

/** Writes batches as a table and returns its bytes. */
export async function written(
  format: TableFormat,
  batches: readonly ColumnBatch[],
  options: TableWriteOptions = {},
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const writer = await format.openWriter(
    batches[0].schema,
    async (bytes) => void pieces.push(bytes.slice()),
    options,
  );
  for (const batch of batches) await writer.write(batch);
  await writer.close();
  return Buffer.concat(pieces);
}

/** Returns a source of text in chunks. */
export function textSource(text: string | Uint8Array, chunkBytes = 7, isPipe = false): TableSource {
  const bytes = Buffer.from(text);
  return {
    uri: 'table',
    byteLength: isPipe ? undefined : bytes.length,
    slice: async (start, end) => bytes.subarray(start, end),
    stream: async function* () {
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
    },
  };
}

/** Reads a whole table. */
export async function batchesOf(
  format: TableFormat,
  source: TableSource,
  options: TableReadOptions = {},
): Promise<ColumnBatch[]> {
  const reader = await format.openReader(source, options);
  const batches: ColumnBatch[] = [];
  for await (const batch of reader.batches()) batches.push(batch);
  await reader.close();
  return batches;
}

/** Returns the records of batches, in hexadecimal. */
export function recordsOf(batches: readonly ColumnBatch[]): string[] {
  return batches.flatMap((batch) =>
    [...new ColumnEncoder(batch.schema).encode(batch)].flatMap((records) =>
      Array.from({ length: records.length }, (_, i) => Buffer.from(records.record(i)).toString('hex')),
    ),
  );
}
