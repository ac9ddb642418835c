import { checkPath } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import type { ObjectRef } from './storage.ts';

/** Where an object is. The key as it is: nothing in it is escaped. */
interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
}

/** Names of buckets, among them those of the first years, with capitals and underscores. The service has the last word. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/;
/** Access points are named by their ARN, which has a slash of its own. */
const ACCESS_POINT = /^arn:[\w-]+:s3[\w-]*:[^/]*:accesspoint[/:][^/]+/;

/**
 * Takes `s3://bucket/key` apart. Text is taken verbatim, so that every key can be named: spaces, `+`, `%`, `?`, `#`, `//`. A URL is decoded, because it
 * escapes what it does not hold.
 * @throws UsageError for what is no such address
 */
export function parseObjectUri(uri: string | URL): ObjectAddress {
  return uri instanceof URL ? fromUrl(uri) : fromText(uri);
}

/** The address as text: the reverse of {@link parseObjectUri}. */
export function objectUri(bucket: string, key: string): string {
  return `s3://${bucket}/${key}`;
}

/**
 * An object that is named by its address, or by what a listing says of it.
 * @throws UsageError
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
      `uri: expected an address without ? and #, got ${url.href}; pass it as text where they belong to the key, or escape them (%3F, %23)`,
    );
  let key: string;
  try {
    key = decodeURIComponent(url.pathname.slice(1));
  } catch {
    throw new UsageError(
      `uri: expected escapes of UTF-8, got ${url.href}; pass the address as text, which is taken as it is`,
    );
  }
  return { bucket: checkedBucket(url.host, url.href), key };
}

function checkedBucket(bucket: string, uri: string): string {
  if (bucket === '') throw new UsageError(`uri: expected s3://bucket/key, got ${uri}, which names no bucket`);
  if (BUCKET.test(bucket) || ACCESS_POINT.test(bucket)) return bucket;
  // Not shown: Hadoop takes addresses like s3://KEY:SECRET@bucket.
  if (bucket.includes('@'))
    throw new UsageError(
      'uri: expected s3://bucket/key, got an address with an @ before the bucket; pass credentials by options or environment',
    );
  throw new UsageError(
    `uri: expected the name of a bucket, 3 to 63 of a-z, 0-9, dot and hyphen, got ${JSON.stringify(bucket)} in ${uri}`,
  );
}

/**
 * Compares two texts by their UTF-8 bytes, as S3 orders keys: negative, 0 or positive. JavaScript's own order is that of UTF-16, where characters beyond
 * U+FFFF come before U+E000 to U+FFFF.
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

/** Surrogates stand for the characters with the longest forms. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
