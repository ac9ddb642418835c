import { RecordpipeError } from '../../errors.ts';
import { compareKeys } from '../key-order.ts';
import { objectUri, parseObjectUri } from '../object-address.ts';
import type { TransferOptions } from '../object-options.ts';
import type { ObjectInfo } from '../object-source.ts';
import { attempted } from './attempts.ts';
import { plainEtag } from './etag.ts';
import type { S3Caller } from './s3-caller.ts';
import { s3Sdk } from './sdk.ts';

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
  // One fires for the page asked for ahead when nobody wants it any more.
  const own = new AbortController();
  const either = signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]);
  const ask = (token: string | undefined): Promise<Page> => {
    const page = attempted(() => pageOf(caller, bucket, key, token, either), prefix, options, either);
    page.catch(() => {}); // thrown where it is awaited
    return page;
  };
  try {
    for (let page: Promise<Page> | undefined = ask(undefined); page !== undefined; ) {
      const { objects, next }: Page = await page;
      page = next === undefined ? undefined : ask(next);
      yield* objects;
    }
  } finally {
    own.abort();
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
  const objects = contents.map(({ Key: key = '', Size: size = 0, ETag: etag, LastModified: modified }) => ({
    uri: objectUri(bucket, encoding === 'url' ? decodedKey(key) : key),
    size,
    etag: plainEtag(etag),
    modified,
  }));
  return { objects, next: truncated ? answer.NextContinuationToken : undefined };
}

/** A blank comes as a plus sign, a plus sign as its escape. */
function decodedKey(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '));
}

/** Buckets of S3 Express, which list in no order at all. */
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
        `the service lists ${object.uri} after ${last}, which is not the order of their bytes; name the objects one by one`,
        { uri: prefix },
      );
    last = object.uri;
    yield object;
  }
}
