import { checkPath } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import type { ObjectRef } from './storage.ts';

/** The location of an object, with an unescaped key. */
interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
}

/**
 * Valid bucket names, including early ones with capitals and underscores. The service makes the
 * final decision.
 */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/;
/** ARN of an access point, which contains a slash. */
const ACCESS_POINT = /^arn:[\w-]+:s3[\w-]*:[^/]*:accesspoint[/:][^/]+/;

/**
 * Splits `s3://bucket/key` into bucket and key. A string is used verbatim, so that every key can be
 * named: spaces, `+`, `%`, `?`, `#`, `//`. A URL is decoded, because it escapes characters that
 * URLs cannot contain.
 * @throws UsageError for any other address
 */
export function parseObjectUri(uri: string | URL): ObjectAddress {
  return uri instanceof URL ? fromUrl(uri) : fromText(uri);
}

/** Returns the address as a string. This is the inverse of {@link parseObjectUri}. */
export function objectUri(bucket: string, key: string): string {
  return `s3://${bucket}/${key}`;
}

/**
 * Returns a reference to an object given as an address or as an entry of a listing.
 * @throws UsageError for an invalid address
 */
export function refOf(object: string | ObjectRef): ObjectRef {
  const ref = typeof object === 'string' ? { uri: object } : object;
  checkPath('object', ref?.uri);
  return ref;
}

function fromText(uri: string): ObjectAddress {
  const rest = uri.slice('s3://'.length);
  const bucket = ACCESS_POINT.exec(rest)?.[0] ?? rest.split('/', 1)[0];
  return { bucket: checkedBucket(bucket, uri), key: rest.slice(bucket.length + 1) };
}

function fromUrl(url: URL): ObjectAddress {
  if (url.search !== '' || url.hash !== '')
    throw new UsageError(
      `uri: expected an address without ? and #, got ${url.href}; if these characters belong to the key, pass a string, or escape them (%3F, %23)`,
    );
  let key: string;
  try {
    key = decodeURIComponent(url.pathname.slice(1));
  } catch {
    throw new UsageError(
      `uri: expected percent-encoded UTF-8, got ${url.href}; pass the address as a string, which is used unchanged`,
    );
  }
  return { bucket: checkedBucket(url.host, url.href), key };
}

function checkedBucket(bucket: string, uri: string): string {
  if (bucket === '') throw new UsageError(`uri: expected s3://bucket/key, got ${uri}, which has no bucket`);
  if (BUCKET.test(bucket) || ACCESS_POINT.test(bucket)) return bucket;
  // Omit the address, because Hadoop accepts addresses such as s3://KEY:SECRET@bucket.
  if (bucket.includes('@'))
    throw new UsageError(
      'uri: expected s3://bucket/key, got an address with an @ before the bucket; pass credentials in options or environment variables',
    );
  throw new UsageError(
    `uri: expected a bucket name (3 to 63 characters: a-z, 0-9, dot, hyphen), got ${JSON.stringify(bucket)} in ${uri}`,
  );
}

/**
 * Compares two strings by their UTF-8 bytes, which is the order of keys in S3. Returns a negative
 * number, 0 or a positive number. JavaScript compares UTF-16 code units, which sorts characters
 * beyond U+FFFF before U+E000 to U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) {
    const one = a.charCodeAt(at);
    const other = b.charCodeAt(at);
    if (one !== other) return rank(one) - rank(other);
  }
  return a.length - b.length;
}

/**
 * Returns the rank of a code unit. Surrogates rank last, because they represent the characters with
 * the longest encodings.
 */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
