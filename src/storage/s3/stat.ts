import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { FetchFailure } from '../errors.ts';
import { parseObjectUri } from '../object-address.ts';
import type { ObjectChecksum, ObjectRef, ObjectStat } from '../storage.ts';
import { s3Sdk } from './packages.ts';
import type { S3Caller } from './s3-caller.ts';

/**
 * Sends one HEAD request. If access is denied, also sends a GET, because only a response to GET can
 * contain the reason. See ObjectSource.stat.
 */
export async function statOnce(
  caller: S3Caller,
  ref: ObjectRef,
  signal: AbortSignal | undefined,
): Promise<ObjectStat> {
  try {
    return await headOnce(caller, ref, signal);
  } catch (failure) {
    if (!(failure instanceof FetchFailure) || failure.status !== 403) throw failure;
    throw (await denialOf(caller, ref, signal)) ?? failure;
  }
}

async function denialOf(
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
  if (size === undefined || !Number.isSafeInteger(size) || size < 0)
    throw new FetchFailure(
      'fatal',
      `the response has no valid Content-Length (${size ?? 'none'}); check that the endpoint is an S3 service`,
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

/** Returns the checksums from a response to a HEAD request. */
export function checksumsOf(head: Head): ObjectChecksum[] {
  const found: ObjectChecksum[] = [];
  for (const [algorithm, field] of ALGORITHMS) {
    const value = head[field];
    if (value === undefined || value === '') continue;
    found.push({
      algorithm,
      value: value.replace(PARTS, ''),
      kind: isComposite(value, head) ? 'parts' : 'whole',
    });
  }
  return found;
}

const PARTS = /-\d+$/;

/**
 * Reports whether a checksum is computed from the checksums of the parts. If the service does not
 * state the type, returns true for every multipart object; such a checksum is never compared.
 */
function isComposite(value: string, { ChecksumType: type, ETag: etag }: Head): boolean {
  if (type !== undefined) return type !== 'FULL_OBJECT';
  return PARTS.test(value) || PARTS.test(plainEtag(etag) ?? '');
}

/**
 * Returns an ETag without its quotes. Returns undefined for an empty one, which some services send.
 */
export function plainEtag(etag: string | undefined): string | undefined {
  const plain = etag === undefined ? '' : (/^"(.*)"$/.exec(etag)?.[1] ?? etag);
  return plain === '' ? undefined : plain;
}
