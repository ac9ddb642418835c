import { checkOptionNames } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import { parseObjectUri } from '../object-address.ts';
import { DEFAULT_OBJECT_OPTIONS, type ObjectOptions, objectOptions } from '../object-options.ts';

/** Options for writing an object. Every field has a default. */
export interface ObjectWriteOptions extends ObjectOptions {
  /**
   * Whether to replace an existing object. If false (default), an existing object is an
   * `already-exists` error: reported immediately, or on close if the object was created in the
   * meantime.
   */
  readonly overwrite: boolean;
  /** MIME type of the object. Default: chosen by the service, for example `binary/octet-stream`. */
  readonly contentType: string | undefined;
  /**
   * User metadata, stored as `x-amz-meta-NAME`. Names are lower case and values are ASCII. All of
   * them together may have 2 KiB. Default none.
   */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Size of the object. It determines a part size for which 10,000 parts suffice. By default, the
   * size is unknown, and parts grow.
   */
  readonly expectedBytes: number | undefined;
  /** Aborts the upload: later calls fail with `aborted`, and nothing remains in the bucket. */
  readonly signal: AbortSignal | undefined;
}

const DEFAULTS: ObjectWriteOptions = Object.freeze({
  ...DEFAULT_OBJECT_OPTIONS,
  overwrite: false,
  contentType: undefined,
  metadata: Object.freeze({}),
  expectedBytes: undefined,
  signal: undefined,
});

/** Limits of S3 (qfacts.html): all parts except the last have 5 MiB to 5 GiB. */
const MIN_PART_BYTES: number = 5 * 1024 * 1024;
export const MAX_PART_BYTES: number = 5 * 1024 * 1024 * 1024;
export const MAX_PARTS = 10_000;
const MAX_BYTES = MAX_PARTS * MAX_PART_BYTES;
const MAX_KEY_BYTES = 1024;

/**
 * Applies defaults and validates options.
 *
 * @throws UsageError for an invalid value
 */
export function objectWriteOptions(given: Partial<ObjectWriteOptions> = {}): ObjectWriteOptions {
  checkOptionNames('object writer', given, DEFAULTS);
  const { overwrite, contentType, metadata, expectedBytes, signal, ...objects } = given;
  if (expectedBytes !== undefined && !(Number.isSafeInteger(expectedBytes) && expectedBytes >= 0))
    throw new UsageError(`expectedBytes: expected an integer >= 0, got ${expectedBytes}`);
  if (expectedBytes !== undefined && expectedBytes > MAX_BYTES)
    throw new UsageError(`expectedBytes: expected at most ${MAX_BYTES}, got ${expectedBytes}`);
  for (const [name, value] of Object.entries(metadata ?? {})) {
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) || !/^[\x20-\x7e]*$/.test(value))
      throw new UsageError(`metadata: expected lower-case names and ASCII values, got ${name}: ${value}`);
  }
  return {
    ...objectOptions(objects),
    overwrite: overwrite ?? DEFAULTS.overwrite,
    contentType,
    metadata: metadata ?? DEFAULTS.metadata,
    expectedBytes,
    signal,
  };
}

/** Address of an object to write. */
export interface UploadAddress {
  readonly uri: string;
  readonly bucket: string;
  readonly key: string;
}

/**
 * Splits `s3://bucket/key`.
 *
 * @throws UsageError for any other address
 */
export function uploadAddress(uri: string): UploadAddress {
  if (!uri.startsWith('s3://')) throw new UsageError(`uri: expected s3://bucket/key, got ${uri}`);
  const { bucket, key } = parseObjectUri(uri);
  if (key === '') throw new UsageError(`uri: expected s3://bucket/key, got ${uri}, which has no key`);
  if (Buffer.byteLength(key) > MAX_KEY_BYTES)
    throw new UsageError(`uri: expected a key of at most ${MAX_KEY_BYTES} bytes, got ${uri}`);
  return { uri, bucket, key };
}

/** Number of equally sized parts before the part size grows: 8 GiB with parts of 8 MiB. */
const PARTS_PER_STEP = 1000;
/**
 * Growth factor of the part size. Starting from 8 MiB, 10,000 parts then hold 885 GiB, and the last
 * ones have 307 MiB.
 */
const STEP = 1.5;

/**
 * Returns a function that maps a one-based part number to the part size. If the size of the object
 * is known, all parts are equal, which some services require; otherwise they grow after the 1000th.
 *
 * @param partBytes requested size
 * @param expectedBytes size of the object, if known
 */
export function partSizes(partBytes: number, expectedBytes: number | undefined): (number: number) => number {
  const min = Math.max(partBytes, MIN_PART_BYTES);
  if (expectedBytes !== undefined) {
    const size = Math.max(min, Math.ceil(expectedBytes / MAX_PARTS));
    return () => size;
  }
  return (number) => {
    const grown = min * STEP ** Math.floor((number - 1) / PARTS_PER_STEP);
    return Math.min(Math.ceil(grown), MAX_PART_BYTES);
  };
}

/** Formats a CRC-32C as S3 does: 4 bytes, big-endian, in base64. */
export function crcText(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc >>> 0);
  return bytes.toString('base64');
}
