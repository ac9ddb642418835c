import { RecordpipeError } from '../../errors.ts';
import type { RecordBatch } from '../../formats/batch.ts';
import { readTextLineBatches } from '../../records/textline.ts';
import { exactIntegerJson } from './column-builder.ts';
import type { TableReadOptions, TableSource } from './table-format.ts';
import type { TextRow, TextRowFormat } from './text-row.ts';

/** Maximum length of a line, which is parsed from a string. */
const MAX_LINE_BYTES = 2 ** 29 - 25;

/** JSON objects, one per line. */
export const JSONL_TEXT: TextRowFormat = {
  rows: jsonlRows,
  valueOf: (value) => value,
  guess: (value) => value,
  textWins: false,
};

async function* jsonlRows(
  source: TableSource,
  { onBadRow, signal }: TableReadOptions,
): AsyncIterable<readonly TextRow[]> {
  const { uri } = source;
  const lines = readTextLineBatches(source.stream(), {
    uri,
    signal,
    compression: 'none',
    maxRecordBytes: MAX_LINE_BYTES,
    cr: 'crlf',
    stripBom: true,
    skipBlank: true,
    encoding: 'utf8',
    fatal: true,
    ...(onBadRow !== undefined && { recover: 'scan', onCorrupt: onBadRow }),
  });
  for await (const batch of lines) {
    const rows: TextRow[] = [];
    for (let i = 0; i < batch.length; i++) {
      const row = batch.firstRecord + i;
      const offset = batch.offset(i);
      const values = parsed(batch, i);
      if (typeof values === 'object') rows.push({ values, row, offset, bytes: batch.record(i).length });
      else {
        const error = new RecordpipeError('malformed-table', values, { uri, record: row, offset });
        if (onBadRow === undefined) {
          // The valid rows before the damage are delivered.
          if (rows.length > 0) yield rows;
          throw error;
        }
        onBadRow(error);
      }
    }
    yield rows;
  }
}

/** Returns the object of a line, or a description of the problem. */
function parsed(batch: RecordBatch, i: number): Readonly<Record<string, unknown>> | string {
  const { buffer, byteOffset, length } = batch.record(i);
  const text = Buffer.from(buffer, byteOffset, length).toString();
  let value: unknown;
  try {
    value = JSON.parse(withExactIntegers(text));
  } catch (error) {
    return `expected a JSON object: ${(error as Error).message}`;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  return `expected a JSON object, got ${value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`}`;
}

/** Matches text that may contain an integer of more than 53 bits. */
const LONG_DIGITS = /\d{16}/;
const STRINGS_AND_NUMBERS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;
const LONG_INTEGER = /^-?[1-9]\d{15,}$/;

/** Replaces integers that `JSON.parse` would round. */
function withExactIntegers(text: string): string {
  if (!LONG_DIGITS.test(text)) return text;
  return text.replace(STRINGS_AND_NUMBERS, (token) =>
    LONG_INTEGER.test(token) ? exactIntegerJson(token) : token,
  );
}
