import type { _Object as ListedObject } from '@aws-sdk/client-s3';
import { RecordpipeError } from '../../errors.ts';
import { FetchFailure } from '../errors.ts';
import { compareKeys, objectUri, parseObjectUri } from '../object-address.ts';
import type { TransferOptions } from '../object-options.ts';
import type { ObjectInfo } from '../storage.ts';
import { s3Sdk } from './packages.ts';
import type { S3Caller } from './s3-caller.ts';
import { attempted } from './s3-caller.ts';
import { plainEtag } from './s3-stat.ts';

/** All objects whose keys begin with that of `prefix`, in the order of the bytes of their keys: see ObjectSource.list. */
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

async function* inListedOrder(
  caller: S3Caller,
  prefix: string,
  options: TransferOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<ObjectInfo, void, undefined> {
  const { bucket, key } = parseObjectUri(prefix);
  // Ends the request for the next page when the iteration ends.
  const own = new AbortController();
  const either = signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]);
  const ask = (token: string | undefined): Promise<Page> => {
    const page = attempted(() => pageOf(caller, bucket, key, token, either), prefix, options, either);
    page.catch(() => {}); // thrown where it is awaited
    return page;
  };
  const loop = new TokenLoop(options);
  try {
    for (let page: Promise<Page> | undefined = ask(undefined); page !== undefined; ) {
      const { objects, next }: Page = await page;
      if (next !== undefined) loop.check(next, objects.length, prefix);
      page = next === undefined ? undefined : ask(next);
      yield* objects;
    }
  } finally {
    own.abort();
  }
}

/** Pages in a row without an object, as services send them that pass over many deleted versions. */
const MAX_EMPTY_PAGES = 1000;

/** Notices a listing that does not end, in constant memory. */
class TokenLoop {
  readonly #retryTimeoutMs: number;
  #pages = 0;
  /** Compared with all later tokens; replaced at powers of two (Brent's algorithm), so that a cycle of any length is found. */
  #saved: string | undefined;
  #emptyPages = 0;
  #emptySince = 0;

  constructor({ retryTimeoutMs }: TransferOptions) {
    this.#retryTimeoutMs = retryTimeoutMs;
  }

  /** @throws RecordpipeError `io-failure` */
  check(token: string, objects: number, uri: string): void {
    if (token === this.#saved)
      throw new RecordpipeError(
        'io-failure',
        'the service sends the same continuation token twice, so that its listing would never end; check the endpoint, or name the objects',
        { uri },
      );
    this.#pages += 1;
    if ((this.#pages & (this.#pages - 1)) === 0) this.#saved = token;
    if (objects > 0) {
      this.#emptyPages = 0;
      return;
    }
    if (this.#emptyPages++ === 0) this.#emptySince = performance.now();
    const waited = performance.now() - this.#emptySince;
    if (this.#emptyPages < MAX_EMPTY_PAGES && waited <= this.#retryTimeoutMs) return;
    throw new RecordpipeError(
      'io-failure',
      `the service sent ${this.#emptyPages} pages without an object in ${(waited / 1000).toFixed(1)} s and says that more follow; check the endpoint, or name the objects`,
      { uri },
    );
  }
}

interface Page {
  readonly objects: readonly ObjectInfo[];
  readonly next: string | undefined;
}

async function pageOf(
  caller: S3Caller,
  bucket: string,
  prefix: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<Page> {
  const { ListObjectsV2Command } = await s3Sdk();
  const answer = await caller.call(bucket, signal, (client, options) =>
    client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix === '' ? undefined : prefix,
        ContinuationToken: token,
        // Keys may hold characters that XML does not.
        EncodingType: 'url',
        ...caller.payer,
      }),
      options,
    ),
  );
  const { Contents: contents = [], EncodingType: encoding, IsTruncated: truncated } = answer;
  const next = answer.NextContinuationToken || undefined;
  // An empty body, a login page and other documents are read as answers without any field.
  if (typeof truncated !== 'boolean')
    throw malformed('it does not say whether it is whole (IsTruncated), so that it may be no listing at all');
  if (truncated && next === undefined)
    throw malformed(
      'it is truncated (IsTruncated) and has no continuation token, so that the rest is unknown',
    );
  const objects = contents.map((entry) => objectOf(entry, bucket, prefix, encoding === 'url'));
  return { objects, next: truncated ? next : undefined };
}

/** @throws FetchFailure for an entry whose key or size is missing or impossible */
function objectOf(
  { Key: given = '', Size: size, ETag: etag, LastModified: modified }: ListedObject,
  bucket: string,
  prefix: string,
  encoded: boolean,
): ObjectInfo {
  const key = encoded ? decodedKey(given) : given;
  if (key === '') throw malformed('it has an object without a key');
  if (!key.startsWith(prefix))
    throw malformed(`it has ${JSON.stringify(key)}, which does not begin with ${JSON.stringify(prefix)}`);
  if (size === undefined || !Number.isSafeInteger(size) || size < 0)
    throw malformed(`the size of ${JSON.stringify(key)} is ${size ?? 'missing'}`);
  return { uri: objectUri(bucket, key), size, etag: plainEtag(etag), modified };
}

/** A space is written as a plus sign, a plus sign as its escape. */
function decodedKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    throw malformed(`the key ${JSON.stringify(key)} is not valid in URL encoding`);
  }
}

/** Another attempt would not help: the answer came whole. */
function malformed(what: string): FetchFailure {
  const text = `the listing of the service is wrong: ${what}; check that the endpoint is an S3 service`;
  return new FetchFailure('fatal', text);
}

/** Buckets of S3 Express, which list in no order. */
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
        `the service lists ${object.uri} after ${last}, which is not the order of their bytes; name the objects`,
        { uri: prefix },
      );
    last = object.uri;
    yield object;
  }
}
