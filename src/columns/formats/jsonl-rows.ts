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
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const twice = repeatedKey(text, Object.keys(value).length);
    if (twice === undefined) return value as Readonly<Record<string, unknown>>;
    return `the object has two values for the key ${JSON.stringify(twice)}; remove one of them`;
  }
  return `expected a JSON object, got ${value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`}`;
}

const STRINGS_AND_BRACKETS = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[[{]|[\]}]/g;

/**
 * Returns a key that occurs twice in an object. `JSON.parse` silently keeps its last value.
 *
 * @param text the object, which is valid JSON
 * @param keys its number of different keys
 */
function repeatedKey(text: string, keys: number): string | undefined {
  let colons = 0;
  for (let at = text.indexOf(':'); at >= 0 && colons <= keys; at = text.indexOf(':', at + 1)) colons++;
  if (colons <= keys) return undefined;
  const known = new Set<string>();
  let depth = 0;
  for (const [token, string, colon] of text.matchAll(STRINGS_AND_BRACKETS)) {
    if (string === undefined) depth += token === '[' || token === '{' ? 1 : -1;
    else if (colon !== undefined && depth === 1) {
      const key = JSON.parse(string) as string;
      if (known.has(key)) return key;
      known.add(key);
    }
  }
  return undefined;
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
