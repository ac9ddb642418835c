import { type ErrorCode, RecordpipeError, UsageError } from '../errors.ts';

/** Kinds of DuckDB's errors that concern data or the environment. All others concern the statement. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  'IO Error': 'io-failure',
  'HTTP Error': 'io-failure',
  'Out of Memory Error': 'io-failure',
  'Missing Extension Error': 'unsupported-source',
  'Conversion Error': 'unrepresentable',
  'Out of Range Error': 'unrepresentable',
  'Mismatch Type Error': 'unrepresentable',
  'Invalid Input Error': 'malformed-table',
  'Invalid Error': 'malformed-table',
  'INTERRUPT Error': 'aborted',
  'Serialization Error': 'malformed-table',
  'Internal Error': 'io-failure',
  'INTERNAL Error': 'io-failure',
  'FATAL Error': 'io-failure',
};

/**
 * Converts an error of DuckDB to one of this package, with DuckDB's message on one line.
 *
 * - {@link UsageError}: the statement is invalid, or it refers to a table or column that does not
 *   exist
 * - `unrepresentable`: a value cannot be converted; `malformed-table`: DuckDB cannot read a file
 * - `unsupported-source`: the statement needs an extension of DuckDB
 * - `not-found`, `io-failure`, `aborted`
 */
export function queryError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof RecordpipeError) return error;
  const { kind, text } = parsed(error.message);
  const code = text.startsWith('No files found') ? 'not-found' : CODES[kind];
  if (kind === '') return error;
  if (code === undefined)
    return new UsageError(`query: ${kind}: ${text}${nameToQuote(text)}${pathToQuote(text)}`, {
      cause: error,
    });
  return new RecordpipeError(code, `${kind}: ${text}${NEXT[kind] ?? ''}`, {}, error);
}

const NEXT: Readonly<Record<string, string>> = {
  'Missing Extension Error': ', which recordpipe does not load; download or convert the file first',
  'Out of Memory Error': '; allow more memory (memoryBytes)',
};

/** Returns the next step for a name such as image/height that is not quoted. */
function nameToQuote(text: string): string {
  const [, missing] = /^Referenced column "(\w+)" not found/.exec(text) ?? [];
  const names = Array.from(text.matchAll(/"([^"]+)"/g), ([, name]) => name);
  const name = names.find((one) => one.startsWith(`${missing}/`) || one.startsWith(`${missing}-`));
  return name === undefined ? '' : `; write such a name in double quotes: "${name}"`;
}

/** Returns the next step for a table that does not exist, which may be a path without quotes. */
function pathToQuote(text: string): string {
  const [, table] = /^Table with name (\S+) does not exist/.exec(text) ?? [];
  return table === undefined ? '' : `; to read files, write their path in single quotes, such as '${table}/'`;
}

/** Splits a message into its kind and its text, without the lines that point to the position. */
function parsed(message: string): { kind: string; text: string } {
  const [, kind = '', rest = message] = /^([\w ]+ Error): ([\s\S]*)$/.exec(message) ?? [];
  // The other lines advise SQL statements that are not available here.
  if (kind === 'Missing Extension Error' || kind === 'Out of Memory Error')
    return { kind, text: rest.split('\n')[0] };
  const [text, position = ''] = rest.split(/\n+LINE \d+: /);
  const [line = '', pointer = ''] = position.split('\n');
  const caret = pointer.indexOf('^') - (/^LINE \d+: /m.exec(rest)?.[0].length ?? 0);
  const near = caret >= 0 ? line.slice(caret, caret + 30).trim() : '';
  const where = near === '' || text.includes(`"${near}"`) ? '' : ` (near ${JSON.stringify(near)})`;
  return { kind, text: text.trim().replace(/\s*\n\s*/g, ' ') + where };
}
