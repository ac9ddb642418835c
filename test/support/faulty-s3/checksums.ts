import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import crc32cTable from 'crc-32/crc32c.js';
import { S3Failure } from './failure.ts';

/** Checksums by the suffix of their header, as in `x-amz-checksum-crc32c`. */
export type Checksums = Readonly<Record<string, string>>;

const KINDS: Readonly<Record<string, (bytes: Uint8Array) => string>> = {
  crc32: (bytes) => word(crc32(bytes)),
  crc32c: (bytes) => word(crc32cTable.buf(bytes, 0)),
  sha1: (bytes) => createHash('sha1').update(bytes).digest('base64'),
  sha256: (bytes) => createHash('sha256').update(bytes).digest('base64'),
};

export function checksum(kind: string, bytes: Uint8Array): string {
  const made = KINDS[kind];
  if (made === undefined) throw new S3Failure(501, 'NotImplemented', `no checksum ${kind} here`);
  return made(bytes);
}

/** Returns the checksums in the headers of a request. */
export function givenChecksums(headers: NodeJS.Dict<string | string[]>): Checksums {
  const found: Record<string, string> = {};
  for (const kind of [...Object.keys(KINDS), 'crc64nvme']) {
    const value = headers[`x-amz-checksum-${kind}`];
    if (typeof value === 'string') found[kind] = value;
  }
  return found;
}

/**
 * Compares a body with all checksums of the request, as S3 does.
 * @throws S3Failure BadDigest
 */
export function verify(bytes: Uint8Array, headers: NodeJS.Dict<string | string[]>): Checksums {
  const given = givenChecksums(headers);
  for (const [kind, value] of Object.entries(given)) {
    if (kind in KINDS && checksum(kind, bytes) !== value)
      throw new S3Failure(400, 'BadDigest', `The ${kind.toUpperCase()} you specified did not match.`);
  }
  const md5 = headers['content-md5'];
  if (md5 !== undefined && createHash('md5').update(bytes).digest('base64') !== md5)
    throw new S3Failure(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
  const sha = headers['x-amz-content-sha256'];
  if (typeof sha === 'string' && /^[0-9a-f]{64}$/.test(sha)) {
    if (createHash('sha256').update(bytes).digest('hex') !== sha)
      throw new S3Failure(400, 'XAmzContentSHA256Mismatch');
  }
  return given;
}

export function checksumHeaders(
  checksums: Checksums,
  kind: 'FULL_OBJECT' | 'COMPOSITE' | undefined,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(checksums)) headers[`x-amz-checksum-${name}`] = value;
  if (kind !== undefined && Object.keys(checksums).length > 0) headers['x-amz-checksum-type'] = kind;
  return headers;
}

function word(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc >>> 0);
  return bytes.toString('base64');
}
