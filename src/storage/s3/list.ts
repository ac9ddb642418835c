import type { _Object as ListedObject } from '@aws-sdk/client-s3';
import { RecordpipeError } from '../../errors.ts';
import { FetchFailure } from '../errors.ts';
import { compareKeys, objectUri, parseObjectUri } from '../object-address.ts';
import type { TransferOptions } from '../object-options.ts';
import type { ObjectInfo } from '../storage.ts';
import { type ListingPage, parseListing } from './listing-document.ts';
import { s3Sdk } from './packages.ts';
import { retry } from './retry.ts';
import type { S3Caller } from './s3-caller.ts';
import { plainEtag } from './stat.ts';

/**
 * Lists the objects whose keys start with that of `prefix`, in byte order. See ObjectSource.list.
 */
export async function* listS3(
  caller: S3Caller,
  prefix: string,
  options: TransferOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<ObjectInfo, void, undefined> {
  const { bucket } = parseObjectUri(prefix);
  const objects = inListedOrder(caller, prefix, options, signal);
  if (isDirectoryBucket(bucket)) yield* await sorted(objects);
  else yield* checkedOrder(objects, prefix);
}

/** Yields the pages of a listing. Requests each page while the caller consumes the previous one. */
async function* inListedOrder(
  caller: S3Caller,
  prefix: string,
  options: TransferOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<ObjectInfo, void, undefined> {
  const { bucket, key } = parseObjectUri(prefix);
  // Ends the request for the next page when the iteration ends.
  const controller = new AbortController();
  const either = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]);
  const request = { uri: prefix, options, signal: either };
  const load = (token: string | undefined): Promise<Page> => {
    const page = retry(request, () => loadPage(caller, bucket, key, token, either));
    page.catch(() => {}); // Thrown when it is awaited.
    return page;
  };
  const guard = new ListingGuard(prefix, options);
  try {
    for (let page: Promise<Page> | undefined = load(undefined); page !== undefined; ) {
      const { objects, next }: Page = await page;
      if (next !== undefined) guard.check(next, objects.length);
      page = next === undefined ? undefined : load(next);
      yield* objects;
    }
  } finally {
    controller.abort();
  }
}

/**
 * Maximum number of consecutive pages without an object. Services send such pages for many deleted
 * versions.
 */
const MAX_EMPTY_PAGES = 1000;

/** Detects an endless listing in constant memory. */
class ListingGuard {
  readonly #uri: string;
  readonly #retryTimeoutMs: number;
  #pages = 0;
  /**
   * Token of the last page whose number is a power of two. Comparing tokens with it detects any
   * cycle (Brent's algorithm).
   */
  #saved: string | undefined;
  #emptyPages = 0;
  #emptySince = 0;

  constructor(uri: string, { retryTimeoutMs }: TransferOptions) {
    this.#uri = uri;
    this.#retryTimeoutMs = retryTimeoutMs;
  }

  /**
   * Checks the token of a page.
   * @throws RecordpipeError `io-failure` if the listing is endless
   */
  check(token: string, objects: number): void {
    if (token === this.#saved) throw this.#endless('sent the same continuation token twice');
    this.#pages += 1;
    if ((this.#pages & (this.#pages - 1)) === 0) this.#saved = token;
    if (objects > 0) {
      this.#emptyPages = 0;
      return;
    }
    if (this.#emptyPages++ === 0) this.#emptySince = performance.now();
    const waitedMs = performance.now() - this.#emptySince;
    if (this.#emptyPages < MAX_EMPTY_PAGES && waitedMs <= this.#retryTimeoutMs) return;
    throw this.#endless(
      `sent ${this.#emptyPages} pages without objects in ${(waitedMs / 1000).toFixed(1)} s`,
    );
  }

  #endless(what: string): RecordpipeError {
    const text = `the listing does not end: the service ${what}; check the endpoint, or pass the object addresses`;
    return new RecordpipeError('io-failure', text, { uri: this.#uri });
  }
}

interface Page {
  readonly objects: readonly ObjectInfo[];
  readonly next: string | undefined;
}

async function loadPage(
  caller: S3Caller,
  bucket: string,
  prefix: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<Page> {
  const query = {
    'list-type': '2',
    // Keys may contain characters that XML does not allow.
    'encoding-type': 'url',
    ...(prefix !== '' && { prefix }),
    ...(token !== undefined && { 'continuation-token': token }),
  };
  const document = await caller.document(bucket, query, signal);
  const response =
    document === undefined
      ? await pageFromSdk(caller, bucket, prefix, token, signal)
      : parseListing(new TextDecoder().decode(document));
  const { Contents: contents = [], EncodingType: encoding, IsTruncated: truncated } = response;
  const next = response.NextContinuationToken || undefined;
  // The SDK parses an empty body, a login page and similar responses as a response without fields.
  if (typeof truncated !== 'boolean') throw malformed('IsTruncated is missing');
  if (truncated && next === undefined)
    throw malformed('it is truncated (IsTruncated) but has no continuation token');
  const objects = contents.map((entry) => objectOf(entry, bucket, prefix, encoding === 'url'));
  return { objects, next: truncated ? next : undefined };
}

async function pageFromSdk(
  caller: S3Caller,
  bucket: string,
  prefix: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<ListingPage> {
  const { ListObjectsV2Command } = await s3Sdk();
  return caller.call(bucket, signal, (client, options) =>
    client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix === '' ? undefined : prefix,
        ContinuationToken: token,
        EncodingType: 'url',
        ...caller.payer,
      }),
      options,
    ),
  );
}

/** Converts a listing entry. @throws FetchFailure for an invalid key or size */
function objectOf(
  { Key: given = '', Size: size, ETag: etag, LastModified: modified }: ListedObject,
  bucket: string,
  prefix: string,
  encoded: boolean,
): ObjectInfo {
  const key = encoded ? decodedKey(given) : given;
  if (key === '') throw malformed('an object has no key');
  if (!key.startsWith(prefix))
    throw malformed(`${JSON.stringify(key)} does not start with ${JSON.stringify(prefix)}`);
  if (size === undefined || !Number.isSafeInteger(size) || size < 0)
    throw malformed(`the size of ${JSON.stringify(key)} is ${size ?? 'missing'}`);
  return { uri: objectUri(bucket, key), size, etag: plainEtag(etag), modified };
}

/** Decodes a key from a listing, in which `+` represents a space. */
function decodedKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    throw malformed(`the key ${JSON.stringify(key)} is not valid URL encoding`);
  }
}

function malformed(what: string): FetchFailure {
  const text = `the listing is invalid: ${what}; check that the endpoint is an S3 service`;
  return new FetchFailure('fatal', text);
}

/**
 * Reports whether the bucket is a directory bucket (S3 Express), which lists in no particular
 * order.
 */
function isDirectoryBucket(bucket: string): boolean {
  return bucket.endsWith('--x-s3');
}

async function sorted(objects: AsyncIterable<ObjectInfo>): Promise<ObjectInfo[]> {
  const all: ObjectInfo[] = [];
  for await (const object of objects) all.push(object);
  return all.sort((a, b) => compareKeys(a.uri, b.uri));
}

async function* checkedOrder(
  objects: AsyncIterable<ObjectInfo>,
  prefix: string,
): AsyncGenerator<ObjectInfo, void, undefined> {
  let last: string | undefined;
  for await (const object of objects) {
    if (last !== undefined && compareKeys(last, object.uri) >= 0)
      throw new RecordpipeError(
        'io-failure',
        `the service lists ${object.uri} after ${last}, so the listing is not in byte order; pass the object addresses`,
        { uri: prefix },
      );
    last = object.uri;
    yield object;
  }
}
