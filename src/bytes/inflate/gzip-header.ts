import { RecordpipeError } from '../../errors.ts';
import { readU32 } from '../binary-data.ts';

/** Options for reading a compressed stream. */
export interface InflateOptions {
  readonly kind: 'gzip' | 'zlib';
  /** Whether zlib streams after the first one are read. */
  readonly zlibConcat: boolean;
  /** Called when another zlib stream follows the first. */
  readonly onNextStream?: () => void;
  /**
   * How to treat a stream that ends early: as an error, as a regular end only if nothing but a gzip
   * trailer is incomplete, or always as a regular end.
   */
  readonly whenTruncated: 'throw' | 'stop-at-trailer' | 'stop';
}

const FIXED_BYTES = 10;
const HEADER_CRC = 2;
const EXTRA = 4;
const NAME = 8;
const COMMENT = 16;
const RESERVED = 0xe0;

/** Size of the checksum and the size field (modulo 2^32) that follow a member. */
export const GZIP_TRAILER_BYTES = 8;

/**
 * Returns the length of the gzip member header (RFC 1952) at the start of `bytes`, or 0 if more
 * bytes are needed to decide.
 * @param member index of the member in the stream, from 0
 * @throws RecordpipeError `corrupt-compressed-stream` if the first member has no valid header,
 *   `trailing-garbage` if a later one has none
 */
export function gzipHeaderLength(bytes: Uint8Array, member: number): number {
  if ((bytes.length > 0 && bytes[0] !== 0x1f) || (bytes.length > 1 && bytes[1] !== 0x8b)) {
    if (member === 0)
      throw corruptStream('gzip', 'it does not begin with the gzip magic number 1f 8b; is it compressed?');
    throw new RecordpipeError(
      'trailing-garbage',
      'gzip: bytes after the last member that are neither a member nor zero padding',
    );
  }
  if (bytes.length > 2 && bytes[2] !== 8)
    throw corruptStream('gzip', `unknown compression method ${bytes[2]}`);
  if (bytes.length < FIXED_BYTES) return 0;
  const flags = bytes[3];
  if ((flags & RESERVED) !== 0) throw corruptStream('gzip', 'reserved header flags are set');
  let at = FIXED_BYTES;
  if ((flags & EXTRA) !== 0) {
    if (bytes.length < at + 2) return 0;
    at += 2 + bytes[at] + bytes[at + 1] * 256;
  }
  if ((flags & NAME) !== 0) at = behindZero(bytes, at);
  if ((flags & COMMENT) !== 0) at = behindZero(bytes, at);
  if ((flags & HEADER_CRC) !== 0) at += 2;
  return at <= bytes.length ? at : 0;
}

/**
 * Verifies the trailer of a gzip member.
 * @throws RecordpipeError `corrupt-compressed-stream` if the trailer does not match the inflated
 *   bytes
 */
export function checkGzipTrailer(trailer: Uint8Array, crc: number, size: number): void {
  if (readU32(trailer, 0) !== crc)
    throw corruptStream('gzip', 'the checksum of a member does not match its data');
  if (readU32(trailer, 4) !== size >>> 0)
    throw corruptStream('gzip', 'the size of a member does not match its data');
}

/** Reports whether another zlib stream (RFC 1950) begins here. */
export function zlibFollows(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && (bytes[0] & 0x8f) === 8 && ((bytes[0] << 8) | bytes[1]) % 31 === 0;
}

function behindZero(bytes: Uint8Array, from: number): number {
  const zero = bytes.indexOf(0, from);
  return zero < 0 ? Number.POSITIVE_INFINITY : zero + 1;
}

// The error has no position, because the reader knows which record was being read.

export function truncatedStream(kind: string): RecordpipeError {
  const text = `${kind}: the compressed stream is truncated; copy the file again, or make sure that its writer was closed`;
  return new RecordpipeError('truncated-compressed-stream', text);
}

export function corruptStream(kind: string, reason: string, cause?: unknown): RecordpipeError {
  return new RecordpipeError(
    'corrupt-compressed-stream',
    `${kind}: the compressed stream is damaged: ${reason}`,
    {},
    cause,
  );
}
