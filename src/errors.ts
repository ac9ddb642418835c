/**
 * The one error family of recordpipe: every failure that has to do with data, input or the outside world
 * is a {@link RecordpipeError} with a stable `code`. Wrong arguments are a {@link UsageError}, one of the same family.
 */
import { redacted, redactedCause } from './redact.ts';

export { redacted } from './redact.ts';

/** What went wrong, as a stable kebab-case word. New codes may be added; none is ever renamed. */
export type ErrorCode =
  | 'length-checksum'
  | 'data-checksum'
  | 'truncated-header'
  | 'truncated-record'
  | 'record-too-large'
  | 'trailing-garbage'
  | 'bad-magic'
  | 'unexpected-part'
  | 'ambiguous-multipart'
  | 'missing-padding'
  | 'malformed-text'
  | 'malformed-jsonl'
  | 'unknown-format'
  | 'unrepresentable'
  | 'malformed-index'
  | 'index-mismatch'
  | 'truncated-compressed-stream'
  | 'corrupt-compressed-stream'
  | 'unsupported-source'
  | 'source-changed'
  | 'unknown-channel'
  | 'not-a-pipe-channel'
  | 'malformed-config'
  | 'malformed-state'
  | 'pipe-timeout'
  | 'reader-timeout'
  | 'object-missing'
  | 'object-changed'
  | 'object-checksum'
  | 'retries-exhausted'
  | 'malformed-manifest'
  | 'missing-attribute'
  | 'malformed-example'
  | 'schema-mismatch'
  | 'malformed-plan'
  | 'malformed-report'
  | 'report-mismatch'
  | 'missing-shards'
  | 'incomplete-shards'
  | 'no-records'
  | 'not-resumable'
  | 'not-found'
  | 'access-denied'
  | 'already-exists'
  | 'io-failure'
  | 'missing-package'
  | 'closed'
  | 'aborted'
  | 'invalid-argument';

/**
 * The codes that say data is bad, however often it is read. The others say that something could not be read, written or went on: worth
 * another try.
 *
 * @example
 * ```ts
 * import { DATA_ERROR_CODES } from 'recordpipe';
 * console.log(DATA_ERROR_CODES.has('data-checksum'), DATA_ERROR_CODES.has('io-failure')); // true false
 * ```
 */
export const DATA_ERROR_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'length-checksum',
  'data-checksum',
  'truncated-header',
  'truncated-record',
  'record-too-large',
  'trailing-garbage',
  'bad-magic',
  'unexpected-part',
  'ambiguous-multipart',
  'missing-padding',
  'malformed-text',
  'malformed-jsonl',
  'unknown-format',
  'unrepresentable',
  'malformed-index',
  'index-mismatch',
  'truncated-compressed-stream',
  'corrupt-compressed-stream',
  'malformed-manifest',
  'missing-attribute',
  'malformed-example',
  'schema-mismatch',
  'malformed-plan',
  'malformed-report',
  'report-mismatch',
  'incomplete-shards',
  'no-records',
]);

/** Where a failure happened. Every field may be missing: not every failure has a place in a file. */
export interface ErrorPlace {
  /** File, URL or name of the stream. */
  readonly uri?: string | undefined;
  /** Index of the record, from 0. */
  readonly record?: number | undefined;
  /** Position of the record's first byte, from 0; a position in the uncompressed bytes where the stream is compressed. */
  readonly offset?: number | undefined;
  /** Whether `offset` counts uncompressed bytes of a compressed stream. */
  readonly compressed?: boolean | undefined;
}

/** An error as JSON: in reports, status files and `JSON.stringify(error)`. A stable contract; fields may be added. */
export interface ErrorJson {
  /** `RecordpipeError`, or the name of a subclass. */
  readonly name: string;
  /** Stable kebab-case word. */
  readonly code: ErrorCode;
  /** File, URL or name of the stream; null where the failure concerns none. */
  readonly uri: string | null;
  /** Index of the record, from 0; null where the failure has no place in the file (it could not be opened). */
  readonly record: number | null;
  /** Position of the record's first byte, from 0, in the uncompressed bytes; null where there is none. */
  readonly offset: number | null;
  /** What was expected, what was found, where, and the next step. For people: its words may change. */
  readonly message: string;
}

/**
 * A failure with a code and a place.
 *
 * @example
 * ```ts
 * import { decodeTFRecords, isRecordpipeError } from 'recordpipe';
 * try {
 *   for (const record of decodeTFRecords(new Uint8Array([1, 2, 3]))) console.log(record);
 * } catch (error) {
 *   if (isRecordpipeError(error, 'truncated-header')) console.log(error.record, error.offset); // 0 0
 * }
 * ```
 */
export class RecordpipeError extends Error {
  override readonly name: string = 'RecordpipeError';
  readonly code: ErrorCode;
  readonly uri: string | undefined;
  readonly record: number | undefined;
  readonly offset: number | undefined;
  readonly compressed: boolean;

  /**
   * `what` is the sentence without its place; the place is appended to make `message`. Secrets are removed from message,
   * address and cause.
   */
  constructor(code: ErrorCode, what: string, place: ErrorPlace = {}, cause?: unknown) {
    super(
      redacted(what + placeText(place)),
      cause === undefined ? undefined : { cause: redactedCause(cause) },
    );
    this.code = code;
    this.uri = place.uri === undefined ? undefined : redacted(place.uri);
    this.record = place.record;
    this.offset = place.offset;
    this.compressed = place.compressed ?? false;
  }

  /** The object that `JSON.stringify` and every report print. */
  toJSON(): ErrorJson {
    return {
      name: this.name,
      code: this.code,
      uri: this.uri ?? null,
      record: this.record ?? null,
      offset: this.offset ?? null,
      message: this.message,
    };
  }
}

/**
 * An argument or option that a function does not accept: the caller's mistake, never a property of the data.
 * The message names the argument. Any other `TypeError` or `RangeError` thrown by recordpipe is a bug in recordpipe.
 *
 * @example
 * ```ts
 * import { readTFRecords, UsageError } from 'recordpipe';
 * try {
 *   readTFRecords('a.tfrecord', { maxRecordBytes: -1 });
 * } catch (error) {
 *   console.log(error instanceof UsageError, (error as UsageError).code); // true invalid-argument
 * }
 * ```
 */
export class UsageError extends RecordpipeError {
  override readonly name = 'UsageError';

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super('invalid-argument', message, {}, options?.cause);
  }
}

/**
 * Whether `error` is a {@link RecordpipeError}, and, when codes are given, one of those.
 *
 * @example
 * ```ts
 * import { isRecordpipeError } from 'recordpipe';
 * console.log(isRecordpipeError(new Error('no'))); // false
 * ```
 */
export function isRecordpipeError(error: unknown, ...codes: ErrorCode[]): error is RecordpipeError {
  return error instanceof RecordpipeError && (codes.length === 0 || codes.includes(error.code));
}

/**
 * Whether `error` concerns one file, object or record, so that work on many of them may note it and continue.
 * False for a wrong argument (it concerns all of them), for an abort, and for bugs: rethrow those.
 *
 * @example
 * ```ts
 * import { isItemFailure, RecordpipeError, UsageError } from 'recordpipe/errors';
 * console.log(isItemFailure(new RecordpipeError('not-found', 'no such file'))); // true
 * console.log(isItemFailure(new UsageError('jobs: expected a positive integer'))); // false
 * ```
 */
export function isItemFailure(error: unknown): error is RecordpipeError {
  return isRecordpipeError(error) && error.code !== 'aborted' && error.code !== 'invalid-argument';
}

/**
 * Whether `error` says that memory ran out, in this process or in one of its threads. Such errors come from the host, so they
 * are no RecordpipeErrors.
 *
 * @example
 * ```ts
 * import { isOutOfMemory } from 'recordpipe/errors';
 * console.log(isOutOfMemory(new RangeError('Array buffer allocation failed'))); // true
 * ```
 */
export function isOutOfMemory(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (code === 'ERR_WORKER_OUT_OF_MEMORY' || code === 'ERR_MEMORY_ALLOCATION_FAILED') return true;
  return (
    error instanceof RangeError && /allocation failed|could not allocate|out of memory/i.test(error.message)
  );
}

/** The message of an error without its place, for an error that adds to it. */
export function sentenceOf(error: RecordpipeError): string {
  const place = placeText(error);
  return error.message.endsWith(place)
    ? error.message.slice(0, error.message.length - place.length)
    : error.message;
}

function placeText({ uri, record, offset, compressed }: ErrorPlace): string {
  const parts: string[] = [];
  if (record !== undefined) parts.push(`record ${record}`);
  if (offset !== undefined) parts.push(`at ${compressed ? 'uncompressed byte' : 'byte'} ${offset}`);
  if (uri !== undefined) parts.push(parts.length > 0 ? `of ${uri}` : uri);
  return parts.length > 0 ? ` (${parts.join(' ')})` : '';
}
