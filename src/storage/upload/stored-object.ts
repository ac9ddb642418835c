import { createHash } from 'node:crypto';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import type { ObjectOptions } from '../object-options.ts';
import type { ObjectChecksum, ObjectStat } from '../storage.ts';
import { crcText, type SentPart, type UploadRequests } from './upload-requests.ts';

/** An object that has been written. */
export interface WrittenObject extends ObjectStat {
  /** CRC-32C of all bytes that were sent. */
  readonly crc32c: number;
  /** Requests that carried bytes: 1, or the parts of a larger object. */
  readonly parts: number;
  /**
   * How sure it is that the service has just these bytes; each part's checksum went with it in any case, for services that check it. `checksum`: the service named the checksum
   * of the whole object, and it is the right one; `size`: size and ETag are right; `sent`: the service does not let us look (no permission to read).
   */
  readonly verified: 'checksum' | 'size' | 'sent';
}

/** What was sent. */
export interface Sent {
  readonly size: number;
  readonly crc: number;
  readonly parts: readonly SentPart[];
  /** Of a body sent at once. */
  readonly body: Uint8Array | undefined;
}

/** What the answer to the last request said. */
export interface StoringAnswer {
  readonly ETag?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly ChecksumCRC32C?: string | undefined;
  readonly ChecksumType?: string | undefined;
}

/**
 * Looks at the object that has just been written, and compares it with what was sent.
 * @throws RecordpipeError `object-checksum` where it is another one, `object-changed` where somebody else has written it since, `object-missing`
 */
export async function checkStored(
  requests: UploadRequests,
  sent: Sent,
  answer: StoringAnswer,
): Promise<WrittenObject> {
  const { uri } = requests.address;
  const own = crcText(sent.crc);
  // A checksum of checksums ends with the number of parts.
  const named = answer.ChecksumCRC32C !== undefined && !answer.ChecksumCRC32C.includes('-');
  const known = named && (sent.body !== undefined || answer.ChecksumType === 'FULL_OBJECT');
  if (known && answer.ChecksumCRC32C !== own) throw otherChecksum(uri, own, answer.ChecksumCRC32C!);
  const etag = answer.ETag === '' ? undefined : answer.ETag;
  const written = {
    uri,
    size: sent.size,
    etag,
    versionId: answer.VersionId,
    modified: undefined,
    checksums: [],
    metadata: {},
    crc32c: sent.crc,
    parts: Math.max(sent.parts.length, 1),
    verified: known ? ('checksum' as const) : ('sent' as const),
  };
  let head: Awaited<ReturnType<UploadRequests['head']>>;
  try {
    head = await requests.head();
  } catch (error) {
    if (isRecordpipeError(error, 'access-denied')) return written;
    throw error;
  }
  if (head === undefined) {
    const text = 'the object was written, but is not there; has somebody removed it?';
    throw new RecordpipeError('object-missing', text, { uri });
  }
  if (etag !== undefined && head.ETag !== undefined && head.ETag !== etag)
    throw new RecordpipeError('object-changed', 'somebody else has written the object meanwhile', { uri });
  if (head.ContentLength !== sent.size) {
    const text = `${sent.size} bytes were sent, but the service reports ${head.ContentLength ?? 'no size'}; write the object again, and check that the endpoint is an S3 service`;
    throw new RecordpipeError('object-checksum', text, { uri });
  }
  // A service that did not name the checksum when it stored the object has not kept it, whatever it makes up now.
  if (known && head.ChecksumCRC32C !== undefined && head.ChecksumCRC32C !== own)
    throw otherChecksum(uri, own, head.ChecksumCRC32C);
  return {
    ...written,
    etag: head.ETag ?? etag,
    versionId: head.VersionId ?? answer.VersionId,
    modified: head.LastModified,
    checksums: checksumsOf(known ? own : undefined),
    metadata: head.Metadata ?? {},
    verified: known ? 'checksum' : 'size',
  };
}

/** Whether the object that is there is the one that was sent: the answer that would have said so was lost. */
export async function isStored(requests: UploadRequests, { size, crc, parts, body }: Sent): Promise<boolean> {
  const head = await requests.head();
  if (head?.ContentLength !== size) return false;
  const etag = body !== undefined ? `"${md5(body).toString('hex')}"` : etagOfParts(parts);
  return head.ChecksumCRC32C === crcText(crc) || head.ETag === etag;
}

/** Of parts, services give the MD5 of their MD5s. */
function etagOfParts(parts: readonly SentPart[]): string {
  const digests = parts.map(({ etag }) => Buffer.from(etag.replaceAll('"', ''), 'hex'));
  return `"${md5(Buffer.concat(digests)).toString('hex')}-${parts.length}"`;
}

function md5(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}

function checksumsOf(value: string | undefined): readonly ObjectChecksum[] {
  return value === undefined ? [] : [{ algorithm: 'crc32c', value, kind: 'whole' }];
}

function otherChecksum(uri: string, own: string, stored: string): RecordpipeError {
  const text = `CRC-32C of the sent bytes: ${own}; the service reports ${stored}; write the object again`;
  return new RecordpipeError('object-checksum', text, { uri });
}

/** What the service knows of an object; undefined where there is none. @throws RecordpipeError as `ObjectSource.stat`, but for `object-missing` */
export async function statIfThere(
  uri: string,
  options: ObjectOptions,
  signal: AbortSignal | undefined,
): Promise<ObjectStat | undefined> {
  const { s3SourceOf } = await import('../s3/s3-source.ts');
  try {
    return await (await s3SourceOf(options)).stat({ uri }, signal);
  } catch (error) {
    if (isRecordpipeError(error, 'object-missing')) return undefined;
    throw error;
  }
}
