import { checkOptionNames } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import { checkS3Options, type S3Options } from './s3/s3-options.ts';

/** How objects are transferred. */
export interface TransferOptions {
  /** Bytes per request. Default 8 MiB. */
  readonly partBytes: number;
  /**
   * Bytes of the first request for an object. Each following request doubles what has been read, up
   * to `partBytes`. For readers that may need only the beginning. Default: `partBytes`.
   */
  readonly firstPartBytes: number | undefined;
  /** Maximum number of bytes held between the service and the reader. Default 64 MiB. */
  readonly windowBytes: number;
  /**
   * Maximum number of concurrent requests of one stream; four times as many for objects up to an
   * eighth of a part. Default 8; 32 for all streams of the process together.
   */
  readonly maxRequests: number;
  /** Whether to read each object with one request, regardless of part sizes. Default false. */
  readonly single: boolean;
  /** How long a failing part is retried. Default 5 minutes. */
  readonly retryTimeoutMs: number;
  /** A part fails after this number of consecutive attempts that received no byte. Default 10. */
  readonly maxAttempts: number;
  /** Default 3 s. */
  readonly connectTimeoutMs: number;
  /** From the request to the headers of its response. Default 10 s. */
  readonly headersTimeoutMs: number;
  /** Between two chunks of a body; a part that stalls longer is requested again. Default 10 s. */
  readonly idleTimeoutMs: number;
  /**
   * A part that is slower than this, on average over `slowAfterMs`, is requested again. Default 32
   * KiB.
   */
  readonly minBytesPerSecond: number;
  /** Default 30 s. */
  readonly slowAfterMs: number;
  /**
   * Whether to compare whole objects with the checksum that the service stores, if there is one.
   * Default false.
   */
  readonly verifyObject: boolean;
  /**
   * Whether to read the first version found to its end even if the object is overwritten meanwhile.
   * Default false.
   */
  readonly pinVersion: boolean;
}

/** Access to objects, and how they are transferred. Every field has a default. */
export interface ObjectOptions extends S3Options, TransferOptions {}

export const DEFAULT_OBJECT_OPTIONS: ObjectOptions = Object.freeze({
  credentials: undefined,
  region: undefined,
  profile: undefined,
  endpointUrl: undefined,
  pathStyle: undefined,
  anonymous: false,
  requesterPays: false,
  partBytes: 8 * 1024 * 1024,
  firstPartBytes: undefined,
  windowBytes: 64 * 1024 * 1024,
  maxRequests: 8,
  single: false,
  retryTimeoutMs: 300_000,
  maxAttempts: 10,
  connectTimeoutMs: 3_000,
  headersTimeoutMs: 10_000,
  idleTimeoutMs: 10_000,
  minBytesPerSecond: 32 * 1024,
  slowAfterMs: 30_000,
  verifyObject: false,
  pinVersion: false,
});

/**
 * Completes and checks the options.
 * @throws UsageError for an invalid value
 */
export function objectOptions(given: Partial<ObjectOptions> | undefined): ObjectOptions {
  if (given === undefined) return DEFAULT_OBJECT_OPTIONS;
  checkOptionNames('objects', given, DEFAULT_OBJECT_OPTIONS);
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  const options: ObjectOptions = { ...DEFAULT_OBJECT_OPTIONS, ...Object.fromEntries(entries) };
  for (const name of WHOLE) {
    const value = options[name];
    if (!(Number.isSafeInteger(value) && value >= 1))
      throw new UsageError(`${name}: expected an integer >= 1, got ${String(value)}`);
  }
  if (
    options.firstPartBytes !== undefined &&
    !(Number.isSafeInteger(options.firstPartBytes) && options.firstPartBytes >= 1)
  )
    throw new UsageError(`firstPartBytes: expected an integer >= 1, got ${options.firstPartBytes}`);
  if (options.windowBytes < options.partBytes)
    throw new UsageError(
      `windowBytes: expected at least partBytes, ${options.partBytes}, got ${options.windowBytes}`,
    );
  checkS3Options(options);
  return withinRetryTimeout(options);
}

/** One attempt must not take longer than all attempts together. */
const MIN_TIMEOUT_MS = 1_000;

function withinRetryTimeout(options: ObjectOptions): ObjectOptions {
  const limit = Math.max(MIN_TIMEOUT_MS, options.retryTimeoutMs);
  return {
    ...options,
    connectTimeoutMs: Math.min(options.connectTimeoutMs, limit),
    headersTimeoutMs: Math.min(options.headersTimeoutMs, limit),
    idleTimeoutMs: Math.min(options.idleTimeoutMs, limit),
  };
}

const WHOLE = [
  'partBytes',
  'windowBytes',
  'maxRequests',
  'retryTimeoutMs',
  'maxAttempts',
  'connectTimeoutMs',
  'headersTimeoutMs',
  'idleTimeoutMs',
  'minBytesPerSecond',
  'slowAfterMs',
] as const;
