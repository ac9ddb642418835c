import { HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { parseObjectUri } from '../object-address.ts';
import type { ObjectChecksum, ObjectRef, ObjectStat } from '../object-source.ts';
import { plainEtag } from './etag.ts';
import type { S3Caller } from './s3-caller.ts';

/** One HEAD: see ObjectSource.stat. */
export async function statOnce(
  caller: S3Caller,
  { uri, versionId }: ObjectRef,
  signal: AbortSignal | undefined,
): Promise<ObjectStat> {
  const { bucket, key } = parseObjectUri(uri);
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
  return {
    uri,
    size: head.ContentLength ?? 0,
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
