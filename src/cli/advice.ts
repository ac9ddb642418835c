import { cliMessage } from './cli-words.ts';
import { complain, complainJson } from './output.ts';
import { visible } from './text/format.ts';
import { type Painter, painter } from './text/terminal.ts';

/** An error, as described by reports and exceptions. */
export interface Failure {
  readonly code: string;
  readonly record?: number | null | undefined;
  readonly offset?: number | null | undefined;
  readonly message: string;
  readonly uri?: string | null | undefined;
}

/** Prints an error to standard error. */
export function complainAbout(failure: Failure): void {
  if (errorsAreJson()) complainInJson({ ...failure, message: cliMessage(failure) }, advice(failure));
  else complain(errorText(failure, process.argv[2], painter(2)));
}

/**
 * Reports whether errors on standard error are lines of JSON, because a program runs recordpipe:
 * `RECORDPIPE_ERRORS=json`.
 */
export function errorsAreJson(): boolean {
  return process.env['RECORDPIPE_ERRORS'] === 'json';
}

/** Prints an error and its next step to standard error as one line of JSON. */
export function complainInJson({ code, uri, record, offset, message }: Failure, next?: string): void {
  const place = { uri: uri ?? null, record: record ?? null, offset: offset ?? null };
  complainJson({ error: { code, ...place, message, next: next ?? null } });
}

/** Formats an error for people: its code, message and next step. */
export function errorText(
  failure: Failure,
  command: string | undefined = process.argv[2],
  paint: Painter = (_, text) => text,
): string {
  const next = advice(failure, command);
  const text = `recordpipe: ${paint('red', visible(failure.code))}: ${visible(cliMessage(failure))}`;
  return next === undefined ? text : `${text}\n${paint('dim', `  next: ${next}`)}`;
}

const FETCH_AGAIN = 'copy or download the file again, or regenerate it';
const NOT_A_RECORD = `if the file contains no records, exclude it; if its format was not detected correctly, pass --format and --compression; otherwise, ${FETCH_AGAIN}`;
const DAMAGED = `${FETCH_AGAIN}; to recover the valid records, including those after the damage, run recordpipe repair`;
const TRUNCATED = `${FETCH_AGAIN}, and make sure that the program that wrote the file closed it; to recover the complete records, run recordpipe repair`;

/** Next steps for errors whose message does not contain one. */
const ADVICE: Readonly<Record<string, string>> = {
  'length-checksum': DAMAGED,
  'bad-magic': DAMAGED,
  'unexpected-part': DAMAGED,
  'data-checksum': `${FETCH_AGAIN}; to skip corrupt records, use cat --recover or recordpipe repair`,
  'ambiguous-multipart': 'if SageMaker wrote the file, pass --multipart concat',
  'missing-padding':
    'cat and repair accept the file; for readers that require the padding, regenerate the file or run recordpipe repair',
  'malformed-text': 'pass the correct --encoding, or fix the text',
  'truncated-header': TRUNCATED,
  'truncated-record': TRUNCATED,
  'record-too-large': 'if records may be this large, raise --max-record-size; otherwise, the file is damaged',
  'trailing-garbage': `${FETCH_AGAIN}; to recover the valid records, run recordpipe repair`,
  'truncated-compressed-stream': `${FETCH_AGAIN}; to accept a truncated stream, pass --on-truncated stop`,
  'corrupt-compressed-stream': `${FETCH_AGAIN}; if the file is not compressed, pass --compression none`,
  'malformed-base64':
    'fix the line, or pass --from textline to treat lines as plain text; to skip invalid lines, run recordpipe repair',
  'malformed-table': 'fix or regenerate the table; if the table is in a different format, pass --from',
  'schema-mismatch':
    'fix or exclude these records or, if they are correct, edit the schema; to show a record, run inspect FILE --skip RECORD -n 1',
  'no-records': 'check the inputs and the filter; to write a table without rows, pass --schema FILE',
  'malformed-manifest': 'to list all problems of the manifest, run recordpipe manifest check FILE',
  'malformed-plan': 'regenerate the plan with recordpipe plan',
  'malformed-report': 'rerun the shard that wrote the report, then merge again',
  'report-mismatch':
    'merge only reports with the same plan, command and options; if a file has changed, regenerate the plan and rerun all shards',
  'access-denied': 'run as a user with access to the file, or change its permissions',
  'object-missing': 'check the path and whether the file should exist',
  'missing-package': 'install the package next to recordpipe',
  'object-changed':
    'run the command again after all writes to the object have finished; in a versioned bucket, pass --pin-version to keep reading the same version',
  'object-checksum': 'read the object again; if the error persists, upload it again from its source',
  'retries-exhausted':
    'try again later; raise --retry-timeout to retry for longer, or lower --max-requests to send fewer parallel requests',
};

const UNREPRESENTABLE: Readonly<Record<string, string>> = {
  feature:
    'convert to parquet or arrow, or pass --lossy to drop such values, --columns to select other columns, or --skip-errors N to skip such records',
  column: 'change the column first, or pass --columns with the names of the other columns',
};

/** Next step for a record that a command cannot use. */
const SHOW_RECORD = 'to show the record, run recordpipe inspect FILE --skip RECORD -n 1';

/** Next steps that differ for S3 objects. */
const OBJECT_ADVICE: Readonly<Record<string, string>> = {
  'access-denied':
    'check your identity (aws sts get-caller-identity), --profile and permissions (s3:GetObject and s3:ListBucket; for writing, s3:PutObject); for public buckets, pass --no-sign-request',
  'object-missing': 'check the bucket, key and --endpoint-url, and whether the object should exist',
  'io-failure': 'run recordpipe doctor s3://BUCKET to check credentials, connection, region and permissions',
};

/** Next steps that differ for errors of `query`. */
const QUERY_ADVICE: Readonly<Record<string, string>> = {
  unrepresentable: 'to replace values that cannot be converted with NULL, use TRY_CAST',
  'malformed-table': 'fix the file or the statement',
  'schema-mismatch':
    'select other columns, or fix these records; to show a record, run inspect FILE --skip RECORD -n 1',
};

/** Next steps that differ for errors of `stream` and `train`, which have no options for compression. */
const CHANNEL_ADVICE: Readonly<Record<string, string>> = {
  'truncated-compressed-stream': FETCH_AGAIN,
  'corrupt-compressed-stream': `${FETCH_AGAIN}; if the files are not compressed, omit --gunzip or CompressionType`,
};

/** Next steps for files of other kinds, keyed by text in their `unknown-format` errors. */
const FOREIGN: readonly (readonly [text: string, next: string | undefined])[] = [
  ['UTF-16 text', 'pass the format and encoding: --format textline --encoding utf-16le (or utf-16be)'],
  [
    'inside the gzip stream, this looks like a gzip stream',
    'decompress it first: gzip -dc FILE | recordpipe COMMAND -',
  ],
  ['a gzip stream', 'remove --compression none, or pass --compression gzip'],
  ['a zlib stream', 'remove --compression none, or pass --compression zlib'],
  ['a zstd stream', 'decompress it first: zstd -dc FILE | recordpipe COMMAND -'],
  ['an lz4 stream', 'decompress it first: lz4 -dc FILE | recordpipe COMMAND -'],
  ['an xz stream', 'decompress it first: xz -dc FILE | recordpipe COMMAND -'],
  ['a bzip2 stream', 'decompress it first: bzip2 -dc FILE | recordpipe COMMAND -'],
  // The message itself contains the next step.
  ['a Git LFS pointer', undefined],
  ['an index written by recordpipe', 'exclude the index; directories and quoted patterns skip indexes'],
  ['an HTML page', 'download the file again'],
  ['', 'if the file contains records, pass their --format; otherwise, exclude the file'],
];
const NO_SUCH_PATTERN = /^no such file; check the path \(.*(?:[*?]|\[.+\]).*\)$/;
/** Matches errors for the misspelled addresses `s3:/bucket` and `s3:bucket`. */
const S3_TYPO = /\(s3:(?!\/\/).*\)$/i;
const many = (inputs: string): string =>
  `this command takes one file, not a directory or pattern; merge the files first: recordpipe merge ${inputs} -o - | recordpipe COMMAND -`;
const ONE_FILE: ReadonlySet<string> = new Set(['inspect', 'split', 'sample', 'repair', 'convert']);

/** Commands whose input can be the output of `merge`. */
const MERGEABLE: ReadonlySet<string> = new Set(['inspect', 'split', 'sample']);

/** Commands whose `--force` replaces an output and nothing else. */
const REPLACING: ReadonlySet<string> = new Set([
  'convert',
  'repair',
  'merge',
  'shuffle',
  'sample',
  'plan',
  'query',
]);

/** Matches messages about an index or report that would replace a file of a different kind. */
const FOREIGN_FILE = /exists(?: already)?,? and (?:is not|is no|is an index of a different|is a|is not a)\b/;

/**
 * Returns the next step for an error on the command line; undefined if the message already contains
 * it.
 * @param command the command that failed
 */
export function advice(failure: Failure, command: string | undefined = process.argv[2]): string | undefined {
  const { code, record, message } = failure;
  if (message.startsWith('where: ')) return `change the expression; ${SHOW_RECORD}`;
  if (command === 'split' && code === 'schema-mismatch')
    return `check the name of the feature; ${SHOW_RECORD}`;
  // The existing file is of a different kind, so overwriting it would destroy other data.
  if (code === 'already-exists' && FOREIGN_FILE.test(message)) return 'choose another name';
  const ofObjects = message.includes('s3://') ? OBJECT_ADVICE[code] : undefined;
  if (ofObjects !== undefined) return ofObjects;
  if (command === 'query' && code in QUERY_ADVICE) return QUERY_ADVICE[code];
  if ((command === 'stream' || command === 'train') && code in CHANNEL_ADVICE) return CHANNEL_ADVICE[code];
  switch (code) {
    case 'unrepresentable':
      return UNREPRESENTABLE[/^(feature|column) "/.exec(message)?.[1] ?? ''];
    case 'unknown-format':
      return FOREIGN.find(([text]) => message.includes(text))?.[1];
    case 'length-checksum':
    case 'bad-magic':
      if (message.includes('zeros-ok')) return 'to accept zero bytes up to the end, pass --trailing zeros-ok';
      return record === 0 ? NOT_A_RECORD : DAMAGED;
    case 'not-found':
      if (S3_TYPO.test(message)) return 'to name an object, write s3://bucket/key';
      return ONE_FILE.has(command ?? '') && NO_SUCH_PATTERN.test(message) ? many("'PATTERN'") : undefined;
    case 'unsupported-source':
      if (message.startsWith('cannot open http')) return 'curl -fsS URL | recordpipe COMMAND -';
      return message.startsWith('is a directory; specify the files') && MERGEABLE.has(command ?? '')
        ? many('DIRECTORY')
        : undefined;
    case 'already-exists':
      return replacingAdvice(message, command);
    case 'access-denied':
    case 'object-missing':
      return /\bcheck\b/.test(message) ? undefined : ADVICE[code];
    case 'io-failure':
      return localFailureAdvice(message);
    default:
      return ADVICE[code];
  }
}

/** Suggests `--force` only if it replaces nothing except the output of the same command. */
function replacingAdvice(message: string, command: string | undefined): string | undefined {
  // These messages name the only safe alternative.
  if (/\b(?:choose|remove|move|use another)\b/.test(message)) return undefined;
  if (command !== undefined && REPLACING.has(command))
    return 'choose another name, or pass --force to overwrite the existing file';
  if (command === 'inspect') return 'choose another folder, or pass --force to overwrite existing files';
  if (command === 'split') return 'choose another prefix, or pass --force to replace the existing shards';
  return 'choose another name';
}

/** Returns the next step for a local file system error whose message does not contain one. */
function localFailureAdvice(message: string): string | undefined {
  if (/no space left|disk quota/.test(message)) return 'free disk space, or write to another disk';
  if (/read-only/.test(message)) return 'choose an output on a writable file system';
  if (/name is too long/.test(message)) return 'choose a shorter name';
  // Messages contain the next step after a semicolon.
  return message.includes('; ') ? undefined : 'check the disk or mount, and try again';
}
