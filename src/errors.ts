/**
 * Errors of recordpipe. Every failure that concerns data, input or the environment is a
 * {@link RecordpipeError} with a stable `code`. Invalid arguments throw a {@link UsageError}, which
 * is a subclass.
 */
import { redacted, redactedCause } from './redact.ts';

export { redacted } from './redact.ts';

/**
 * A stable kebab-case word that identifies a kind of failure. Releases may add codes but never
 * rename one.
 */
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
  | 'malformed-base64'
  | 'malformed-table'
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
 * Codes for invalid data, where a retry would fail again. All other codes mean that something could
 * not be read, written or continued, so a retry may succeed.
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
  'malformed-base64',
  'malformed-table',
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
  'malformed-state',
  'report-mismatch',
  'incomplete-shards',
  'no-records',
]);

/**
 * Location of a failure. Every field is optional, because some failures have no location in a file.
 */
export interface ErrorPlace {
  /** File, URL or stream name. */
  readonly uri?: string | undefined;
  /** Zero-based index of the record. */
  readonly record?: number | undefined;
  /**
   * Zero-based offset of the record's first byte. In a compressed stream, it is the offset in the
   * uncompressed bytes.
   */
  readonly offset?: number | undefined;
  /** Whether `offset` counts uncompressed bytes of a compressed stream. */
  readonly compressed?: boolean | undefined;
}

/**
 * JSON form of an error, used in reports and status files and returned by `JSON.stringify(error)`.
 * The fields are stable, but releases may add fields.
 */
export interface ErrorJson {
  /** `RecordpipeError` or the name of a subclass. */
  readonly name: string;
  /** Stable kebab-case word that identifies the kind of failure. */
  readonly code: ErrorCode;
  /** File, URL or stream name; null if the failure is not related to a file or stream. */
  readonly uri: string | null;
  /**
   * Zero-based index of the record; null if the failure has no location in the file, for example if
   * the file could not be opened.
   */
  readonly record: number | null;
  /**
   * Zero-based offset of the record's first byte in the uncompressed bytes; null if the failure has
   * no location in the file.
   */
  readonly offset: number | null;
  /**
   * Human-readable description: the expected and the actual value, the location, and the next step.
   * The wording may change.
   */
  readonly message: string;
}

/**
 * A failure with a code and a location.
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
  /** `RecordpipeError` or the name of a subclass. */
  override readonly name: string = 'RecordpipeError';
  /** Identifies the kind of failure. */
  readonly code: ErrorCode;
  /** File, URL or stream name; undefined if the failure concerns no file or stream. */
  readonly uri: string | undefined;
  /** Zero-based index of the record; undefined if the failure has no location in a file. */
  readonly record: number | undefined;
  /** Zero-based offset of the record's first byte; undefined if the failure has no location in a file. */
  readonly offset: number | undefined;
  /** Whether `offset` counts the uncompressed bytes of a compressed stream. */
  readonly compressed: boolean;

  /**
   * Creates an error. Removes secrets from its message, address and cause.
   * @param what the message without its location, which is appended
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

  /** Returns the JSON form, which `JSON.stringify` and all reports use. */
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
 * An invalid argument or option, which is a mistake in the calling code, independent of the data.
 * The message names the argument. Any other `TypeError` or `RangeError` thrown by recordpipe is a
 * bug in recordpipe.
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
  /** `UsageError`. */
  override readonly name = 'UsageError';

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super('invalid-argument', message, {}, options?.cause);
  }
}

/**
 * Reports whether `error` is a {@link RecordpipeError} with one of the given codes. Without codes,
 * reports whether it is one with any code.
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
 * Reports whether `error` concerns a single file, object or record, so that a run over many items
 * can record it and continue. Returns false for invalid arguments (which affect all items), aborts
 * and bugs; rethrow those.
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
 * Reports whether `error` indicates that this process or one of its threads ran out of memory. The
 * runtime throws these errors, so they are not RecordpipeErrors.
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

/** Returns the message of an error without its location, for errors that extend it. */
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
