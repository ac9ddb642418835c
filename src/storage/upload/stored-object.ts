import { createHash } from 'node:crypto';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import type { ObjectStat } from '../storage.ts';
import type { ObjectHead, SentPart, StoredResponse, UploadRequests } from './upload-requests.ts';
import { crcText } from './write-options.ts';

/** An object that has been written. */
export interface WrittenObject extends ObjectStat {
  /** CRC-32C of all sent bytes. */
  readonly crc32c: number;
  /** Number of requests that carried bytes: 1, or the number of parts. */
  readonly parts: number;
  /**
   * How the object was verified after the upload. `checksum`: by the service's checksum of the
   * whole object. `size`: by its size and ETag. `sent`: not at all, because reading is not
   * permitted. In all cases, each part was sent with its checksum, for services that verify it.
   */
  readonly verified: 'checksum' | 'size' | 'sent';
}

/** Size and checksums of the sent object. */
export interface Sent {
  readonly size: number;
  readonly crc: number;
  readonly parts: readonly SentPart[];
  /** Body of the object. Undefined for a multipart object. */
  readonly body: Uint8Array | undefined;
}

/**
 * Compares the object in the bucket with the sent bytes.
 *
 * @param response the response that completed the object
 * @throws RecordpipeError `object-checksum` if they differ, `object-changed` if another client has
 *   since overwritten the object, `object-missing`
 */
export async function checkStored(
  requests: UploadRequests,
  sent: Sent,
  response: StoredResponse,
): Promise<WrittenObject> {
  const { uri } = requests.address;
  const crc = crcText(sent.crc);
  // A checksum of checksums ends with the number of parts.
  const stored = response.ChecksumCRC32C?.includes('-') ? undefined : response.ChecksumCRC32C;
  const verifiable =
    stored !== undefined && (sent.body !== undefined || response.ChecksumType === 'FULL_OBJECT');
  if (verifiable && stored !== crc) throw otherChecksum(uri, crc, stored);
  const etag = response.ETag === '' ? undefined : response.ETag;
  const written: WrittenObject = {
    uri,
    size: sent.size,
    etag,
    versionId: response.VersionId,
    modified: undefined,
    checksums: [],
    metadata: {},
    crc32c: sent.crc,
    parts: Math.max(sent.parts.length, 1),
    verified: verifiable ? 'checksum' : 'sent',
  };
  let head: ObjectHead | undefined;
  try {
    head = await requests.head();
  } catch (error) {
    if (isRecordpipeError(error, 'access-denied')) return written;
    throw error;
  }
  if (head === undefined)
    throw new RecordpipeError('object-missing', 'the object was written but then removed', {
      uri,
    });
  if (etag !== undefined && head.ETag !== undefined && head.ETag !== etag)
    throw new RecordpipeError('object-changed', 'another client then wrote the object', { uri });
  if (head.ContentLength !== sent.size) {
    const text = `${sent.size} bytes were sent, but the service reports ${head.ContentLength ?? 'no size'}; write the object again, and check that the endpoint is an S3 service`;
    throw new RecordpipeError('object-checksum', text, { uri });
  }
  // If the service reported no checksum when it stored the object, it has computed this one since.
  if (verifiable && head.ChecksumCRC32C !== undefined && head.ChecksumCRC32C !== crc)
    throw otherChecksum(uri, crc, head.ChecksumCRC32C);
  return {
    ...written,
    etag: head.ETag ?? etag,
    versionId: head.VersionId ?? response.VersionId,
    modified: head.LastModified,
    checksums: verifiable ? [{ algorithm: 'crc32c', value: crc, kind: 'whole' }] : [],
    metadata: head.Metadata ?? {},
    verified: verifiable ? 'checksum' : 'size',
  };
}

/** Reports whether the object in the bucket equals the sent one, for use after a lost response. */
export async function isStored(requests: UploadRequests, { size, crc, parts, body }: Sent): Promise<boolean> {
  const head = await requests.head();
  if (head?.ContentLength !== size) return false;
  const etag = body === undefined ? etagOfParts(parts) : `"${md5(body).toString('hex')}"`;
  return head.ChecksumCRC32C === crcText(crc) || head.ETag === etag;
}

/** Computes the ETag of a multipart object: the MD5 of the MD5s of its parts. */
function etagOfParts(parts: readonly SentPart[]): string {
  const digests = parts.map(({ etag }) => Buffer.from(etag.replaceAll('"', ''), 'hex'));
  return `"${md5(Buffer.concat(digests)).toString('hex')}-${parts.length}"`;
}

export function md5(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}

function otherChecksum(uri: string, sent: string, stored: string): RecordpipeError {
  const text = `CRC-32C of the sent bytes: ${sent}; the service reports ${stored}; write the object again`;
  return new RecordpipeError('object-checksum', text, { uri });
}
