import { visible } from './visible.ts';

const FETCH_AGAIN = 'copy or download the file again, or write it anew';

const NOT_A_RECORD = `leave it out if it holds no records, or name its --format and --compression; otherwise ${FETCH_AGAIN}`;
const BEHIND = `${FETCH_AGAIN}; repair writes the good records, also those behind the damage, to a new file, validate --recover counts them`;
const ZEROS = '--trailing zeros-ok accepts zero bytes up to the end';

const ADVICE: Record<string, string> = {
  'length-checksum': BEHIND,
  'bad-magic': BEHIND,
  'unexpected-part': BEHIND,
  'ambiguous-multipart': '--multipart concat reads what SageMaker wrote',
  'missing-padding': `write it anew, for readers that refuse it; read and cat take it as it is`,
  'malformed-text': 'name the --encoding that the text is in, or mend the text',
  'unknown-format': `leave it out if it holds no records, or name its --format`,
  'data-checksum': `${FETCH_AGAIN}; cat --recover and repair leave such records out`,
  'truncated-header': `${FETCH_AGAIN}, and close its writer; the records before the cut are good, repair writes them to a new file`,
  'truncated-record': `${FETCH_AGAIN}, and close its writer; the records before the cut are good, repair writes them to a new file`,
  'record-too-large':
    'if records of that size are meant, raise --max-record-size; otherwise the file is damaged',
  'trailing-garbage': `${FETCH_AGAIN}; --trailing ignore accepts what follows the last record`,
  'truncated-compressed-stream': `${FETCH_AGAIN}; --on-truncated stop accepts a missing end`,
  'corrupt-compressed-stream': `${FETCH_AGAIN}; or name the right --compression`,
  'already-exists': 'choose another name, or replace what is there with --force',
  unrepresentable: 'choose a format that holds any bytes: --to tfrecord, recordio, jsonl or base64',
  'malformed-jsonl':
    'mend the line; repair leaves such lines out; --from textline takes lines as they are, --to textline writes them so',
  'schema-mismatch':
    'mend or leave out such records, or change the schema if they are right; inspect FILE --skip RECORD -n 1 shows the record',
  'malformed-plan': 'write it anew with recordpipe plan',
  'malformed-report': 'run its shard again, and merge anew',
  'report-mismatch':
    'merge the reports of one plan, command and set of options; where a file has changed, make a new plan and run all shards again',
  'access-denied': 'run as a user with access to it, or change its permissions',
  'object-missing': 'check the path, and whether it should exist',
  'missing-package': 'install the package beside recordpipe',
  'object-changed':
    'run it again, when nobody writes the object any more; --pin-version reads on in a versioned bucket',
  'object-checksum': 'read it again; if that does not help, upload it again from where it came',
  'retries-exhausted':
    'try again later; --retry-timeout retries for longer, --max-requests lowers the number of parallel requests',
  'io-failure': 'check the disk or mount, and try again',
};

const CREDENTIALS =
  'check your identity (aws sts get-caller-identity), --profile, and its permissions (s3:GetObject, s3:ListBucket; to write s3:PutObject); --no-sign-request reads public buckets';

/** Advice for objects of S3, where it differs. */
const OBJECT_ADVICE: Record<string, string> = {
  'access-denied': CREDENTIALS,
  'object-missing': 'check bucket, key and --endpoint-url, and whether it should exist',
  'io-failure':
    'recordpipe doctor s3://BUCKET checks credentials, connection, region and permissions one by one',
};

/** What is known of data of other formats. */
const FOREIGN: readonly (readonly [text: string, next: string])[] = [
  ['text in UTF-16', 'name format and encoding: --format textline --encoding utf-16le (or utf-16be)'],
  ['a zstd stream', 'decompress it first: zstd -dc FILE | recordpipe COMMAND -'],
  ['an lz4 stream', 'decompress it first: lz4 -dc FILE | recordpipe COMMAND -'],
  ['an xz stream', 'decompress it first: xz -dc FILE | recordpipe COMMAND -'],
  ['a bzip2 stream', 'decompress it first: bzip2 -dc FILE | recordpipe COMMAND -'],
];
const NO_SUCH_PATTERN = /^no such file; check the path \(.*(?:[*?]|\[.+\]).*\)$/;
const MANY =
  "this command takes one file, no pattern; of many files make one: recordpipe merge 'PATTERN' -o - | recordpipe COMMAND -";

/** What is known of an error. */
export interface Failure {
  readonly code: string;
  readonly record?: number | null | undefined;
  readonly message: string;
}

/** An index or a report would take the place of another file. */
const FOREIGN_FILE = /exists(?: already)?, and is (?:no index|an index of another kind|not a report)/;

/** What to do about an error, in the words of the command line; undefined where its message says all. */
export function advice({ code, record, message }: Failure): string | undefined {
  // The existing file is of another kind: replacing it would lose it.
  if (code === 'already-exists' && FOREIGN_FILE.test(message)) return 'choose another name';
  const ofObjects = message.includes('s3://') ? OBJECT_ADVICE[code] : undefined;
  if (ofObjects !== undefined) return ofObjects;
  const beginning = code === 'length-checksum' || code === 'bad-magic';
  for (const [text, next] of FOREIGN) if (code === 'unknown-format' && message.includes(text)) return next;
  if (code === 'not-found' && NO_SUCH_PATTERN.test(message)) return MANY;
  if (beginning && record === 0) return NOT_A_RECORD;
  if (beginning && message.includes('zeros-ok')) return ZEROS;
  return ADVICE[code];
}

/** An error for people, on standard error. */
export function errorText(failure: Failure): string {
  const next = advice(failure);
  return `recordpipe: ${failure.code}: ${visible(failure.message)}${next === undefined ? '' : `\n  next: ${next}`}`;
}
