import { checkOptionNames, typeName } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import { checkS3Options, type S3Options } from './s3/s3-options.ts';

/** A folder that keeps bytes of objects for later reads. */
export interface CacheOptions {
  /** Path of the folder. It is created if it does not exist, readable only by its owner. */
  readonly dir: string;
  /** Maximum number of bytes in the folder, at least 64 MiB. Default 10 GiB. */
  readonly maxBytes?: number | undefined;
}

/** Options for transferring objects. */
export interface TransferOptions {
  /** Number of bytes per request. Default 8 MiB. */
  readonly partBytes: number;
  /**
   * Number of bytes in the first request for an object. Each further request doubles the number of
   * bytes read so far, up to `partBytes`. Useful for readers that may need only the beginning.
   * Default: `partBytes`.
   */
  readonly firstPartBytes: number | undefined;
  /** Maximum number of bytes held between the service and the reader. Default 64 MiB. */
  readonly windowBytes: number;
  /**
   * Maximum number of concurrent requests of one stream. Four times as many are allowed for objects
   * up to an eighth of a part. Default 8; all streams of the process share a limit of 32, in which
   * such a request counts as a quarter.
   */
  readonly maxRequests: number;
  /** Whether to read each object with one request, regardless of part sizes. Default false. */
  readonly single: boolean;
  /** Maximum time to retry a failing part. Default 5 minutes. */
  readonly retryTimeoutMs: number;
  /**
   * Number of consecutive attempts without a received byte after which a part fails. Default 10.
   */
  readonly maxAttempts: number;
  /** Maximum time to establish a connection. Default 3 s. */
  readonly connectTimeoutMs: number;
  /** Maximum time from the request to the headers of its response. Default 10 s. */
  readonly headersTimeoutMs: number;
  /**
   * Maximum time between two chunks of a body. A part that stalls for longer is requested again.
   * Default 10 s.
   */
  readonly idleTimeoutMs: number;
  /** Minimum average rate over `slowAfterMs`. A slower part is requested again. Default 32 KiB. */
  readonly minBytesPerSecond: number;
  /** Time over which the rate of a part is averaged. Default 30 s. */
  readonly slowAfterMs: number;
  /**
   * Whether to verify whole objects against the checksum that the service stores, if any. Default
   * false.
   */
  readonly verifyObject: boolean;
  /**
   * Whether to keep reading the first version found, even if the object is overwritten in the
   * meantime. Default false.
   */
  readonly pinVersion: boolean;
  /**
   * Keeps the bytes of objects on a local disk, so that the next epoch, run or process reads them
   * from there. Only objects with an ETag are kept, in chunks of 1 MiB with checksums, and only
   * chunks of the object's current ETag are used. Processes may share the folder. If the folder
   * cannot be written, objects are read without it, and `process.emitWarning` is called. Cannot be
   * combined with `single`. Default: no cache.
   */
  readonly cache: CacheOptions | undefined;
}

/** Options for accessing and transferring objects. Every field has a default. */
export interface ObjectOptions extends S3Options, TransferOptions {}

/** Default options for S3 objects. */
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
  cache: undefined,
});

const DEFAULT_CACHE_BYTES = 10 * 1024 ** 3;
/** Room for the requests of one stream. */
const MIN_CACHE_BYTES = 64 * 1024 ** 2;

/**
 * Applies defaults and validates the options.
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
      `windowBytes: expected at least ${options.partBytes} (partBytes), got ${options.windowBytes}`,
    );
  checkS3Options(options);
  return withinRetryTimeout(
    options.cache === undefined ? options : { ...options, cache: checkedCache(options) },
  );
}

function checkedCache({ cache, single }: ObjectOptions): Required<CacheOptions> {
  checkOptionNames('cache', cache, { dir: '', maxBytes: 0 });
  const { dir, maxBytes = DEFAULT_CACHE_BYTES } = cache as CacheOptions;
  if (typeof dir !== 'string' || dir === '')
    throw new UsageError(`cache: expected dir to be a path, got ${typeName(dir)}`);
  if (!(Number.isSafeInteger(maxBytes) && maxBytes >= MIN_CACHE_BYTES))
    throw new UsageError(
      `cache: expected maxBytes to be an integer >= ${MIN_CACHE_BYTES} (64 MiB), got ${String(maxBytes)}`,
    );
  if (single)
    throw new UsageError('cache: cannot be combined with single, because the cache requests ranges');
  return { dir, maxBytes };
}

/** Lower bound for timeouts. A single attempt must not take longer than all attempts together. */
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
