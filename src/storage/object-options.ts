import { checkOptionNames } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import { checkS3Options, type S3Options } from './s3/s3-options.ts';

/** How objects are transferred. */
export interface TransferOptions {
  /** Bytes asked for at a time. Default 8 MiB. */
  readonly partBytes: number;
  /**
   * Bytes of an object asked for first; what follows is asked for by as much as there is before it, until that is `partBytes`. For those who may want the
   * beginning alone. Default: `partBytes`.
   */
  readonly firstPartBytes: number | undefined;
  /** Most bytes that are held between the service and the reader. Default 64 MiB. */
  readonly windowBytes: number;
  /**
   * Most requests of one stream under way at once; of objects that are no larger than an eighth of a part, four times as many. Default 8; 32 for all
   * streams of the process together.
   */
  readonly maxRequests: number;
  /** Whether each object is read by one request from its beginning to its end, part sizes notwithstanding. Default false. */
  readonly single: boolean;
  /** For so long failures of one part are tried again. Default 5 minutes. */
  readonly retryTimeoutMs: number;
  /** After so many attempts in a row that brought no byte a part has failed. Default 10. */
  readonly maxAttempts: number;
  /** Default 3 s. */
  readonly connectTimeoutMs: number;
  /** From the request to the headers of its answer. Default 10 s. */
  readonly headersTimeoutMs: number;
  /** Between two pieces of a body; a part that stalls longer is asked for again. Default 10 s. */
  readonly idleTimeoutMs: number;
  /** A part whose body comes more slowly than this, on average over `slowAfterMs`, is asked for again. Default 32 KiB. */
  readonly minBytesPerSecond: number;
  /** Default 30 s. */
  readonly slowAfterMs: number;
  /** Whether whole objects are compared with the checksum that the service has of them, where it has one. Default false. */
  readonly verifyObject: boolean;
  /** Whether the version that was found first is read to the end although the object has been overwritten meanwhile. Default false. */
  readonly pinVersion: boolean;
}

/** Access to objects, and how they are transferred. Every field has a default; pass what differs. */
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
 * The complete options, checked.
 * @throws UsageError for a value that no option has
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
