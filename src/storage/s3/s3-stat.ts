import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { FetchFailure } from '../errors.ts';
import { parseObjectUri } from '../object-address.ts';
import type { ObjectChecksum, ObjectRef, ObjectStat } from '../storage.ts';
import { s3Sdk } from './packages.ts';
import type { S3Caller } from './s3-caller.ts';

/** One HEAD: see ObjectSource.stat. An answer to HEAD has no document with the reason of a refusal; one to GET has. */
export async function statOnce(
  caller: S3Caller,
  ref: ObjectRef,
  signal: AbortSignal | undefined,
): Promise<ObjectStat> {
  try {
    return await headOnce(caller, ref, signal);
  } catch (failure) {
    if (!(failure instanceof FetchFailure) || failure.status !== 403) throw failure;
    throw (await whyRefused(caller, ref, signal)) ?? failure;
  }
}

async function whyRefused(
  caller: S3Caller,
  { uri, versionId }: ObjectRef,
  signal: AbortSignal | undefined,
): Promise<FetchFailure | undefined> {
  const { bucket: Bucket, key: Key } = parseObjectUri(uri);
  const { GetObjectCommand } = await s3Sdk();
  const input = { Bucket, Key, VersionId: versionId, Range: 'bytes=0-0', ...caller.payer };
  try {
    const { Body } = await caller.call(Bucket, signal, (client, options) =>
      client.send(new GetObjectCommand(input), options),
    );
    (Body as { destroy?(): void } | undefined)?.destroy?.();
    return undefined;
  } catch (failure) {
    return failure instanceof FetchFailure && failure.kind === 'denied' ? failure : undefined;
  }
}

async function headOnce(
  caller: S3Caller,
  { uri, versionId }: ObjectRef,
  signal: AbortSignal | undefined,
): Promise<ObjectStat> {
  const { bucket, key } = parseObjectUri(uri);
  const { HeadObjectCommand } = await s3Sdk();
  const head = await caller.call(bucket, signal, (client, options) =>
    client.send(
      new HeadObjectCommand({
        Bucket: bucket,
        Key: key,
        VersionId: versionId,
        ChecksumMode: 'ENABLED',
        ...caller.payer,
      }),
      options,
    ),
  );
  const size = head.ContentLength;
  // A size of 0 in its place would make an object empty that is not.
  if (size === undefined || !Number.isSafeInteger(size) || size < 0)
    throw new FetchFailure(
      'fatal',
      `the endpoint does not say how long the object is (Content-Length: ${size ?? 'none'}); check that it is an S3 service`,
      { requestId: head.$metadata.requestId },
    );
  return {
    uri,
    size,
    etag: plainEtag(head.ETag),
    versionId: head.VersionId,
    modified: head.LastModified,
    checksums: checksumsOf(head),
    metadata: head.Metadata ?? {},
  };
}

const ALGORITHMS = [
  ['crc32c', 'ChecksumCRC32C'],
  ['crc32', 'ChecksumCRC32'],
  ['crc64nvme', 'ChecksumCRC64NVME'],
  ['sha1', 'ChecksumSHA1'],
  ['sha256', 'ChecksumSHA256'],
] as const;

type Head = Pick<HeadObjectCommandOutput, (typeof ALGORITHMS)[number][1] | 'ChecksumType' | 'ETag'>;

/** The checksums in an answer to HEAD. */
export function checksumsOf(head: Head): ObjectChecksum[] {
  const found: ObjectChecksum[] = [];
  for (const [algorithm, field] of ALGORITHMS) {
    const value = head[field];
    if (value === undefined || value === '') continue;
    found.push({
      algorithm,
      value: value.replace(PARTS, ''),
      kind: isOfParts(value, head) ? 'parts' : 'whole',
    });
  }
  return found;
}

const PARTS = /-\d+$/;

/** Services that do not tell the type: an object uploaded in parts may have either, so it is taken for the one that nothing is compared with. */
function isOfParts(value: string, { ChecksumType: type, ETag: etag }: Head): boolean {
  if (type !== undefined) return type !== 'FULL_OBJECT';
  return PARTS.test(value) || PARTS.test(plainEtag(etag) ?? '');
}

/** An ETag without its quotes, as it is kept and compared; undefined for an empty one, which some services send. */
export function plainEtag(etag: string | undefined): string | undefined {
  const plain = etag === undefined ? '' : (/^"(.*)"$/.exec(etag)?.[1] ?? etag);
  return plain === '' ? undefined : plain;
}

/** An ETag as it stands in If-Match. */
export function quotedEtag(etag: string): string {
  return etag.startsWith('W/') ? etag : `"${etag}"`;
}
