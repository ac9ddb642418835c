import { readU32 } from './little-endian.ts';

interface Signature {
  readonly name: string;
  readonly at?: number;
  readonly text: string;
}

/** Well-known beginnings of files that are passed off as record files. */
const SIGNATURES: readonly Signature[] = [
  { name: 'a Git LFS pointer (run `git lfs pull`)', text: 'version https://git-lfs' },
  { name: 'an HTML page (a failed download?)', text: '<!doctype html' },
  { name: 'an HTML page (a failed download?)', text: '<html' },
  { name: 'an XML document (an error message of an object store?)', text: '<?xml' },
  { name: 'a gzip stream', text: '\x1f\x8b' },
  { name: 'a RecordIO file', text: '\x0a\x23\xd7\xce' },
  { name: 'a byte-swapped RecordIO file', text: '\xce\xd7\x23\x0a' },
  { name: 'a Parquet file', text: 'PAR1' },
  { name: 'a NumPy .npy array', text: '\x93NUMPY' },
  { name: 'a zip archive (or .npz)', text: 'PK\x03\x04' },
  { name: 'a zstd stream', text: '\x28\xb5\x2f\xfd' },
  { name: 'an xz stream', text: '\xfd7zXZ' },
  { name: 'a bzip2 stream', text: 'BZh' },
  { name: 'a snappy framed stream', text: '\xff\x06\x00\x00sNaPpY' },
  { name: 'an Avro file', text: 'Obj\x01' },
  { name: 'an HDF5 file', text: '\x89HDF' },
  { name: 'a PNG image', text: '\x89PNG' },
  { name: 'a JPEG image', text: '\xff\xd8\xff' },
  { name: 'a tar archive', at: 257, text: 'ustar' },
];

/**
 * What a file seems to be that is no TFRecord file, judged by its first bytes (262 tell all there is to tell), as a noun with
 * its article; `undefined` when nothing known fits.
 */
export function describeForeignFile(head: Uint8Array): string | undefined {
  for (const { name, at = 0, text } of SIGNATURES) {
    if (startsWith(head, at, text)) return name;
  }
  if (looksLikeZlib(head)) return 'a zlib stream';
  const shown = head.subarray(0, 64);
  if (shown.length > 0 && shown.every((byte) => byte === 0)) return 'nothing but zero bytes';
  if (shown.length >= 12 && shown.every(isText)) return 'a text file';
  return undefined;
}

/** Whether the first two bytes are the header of a zlib stream (RFC 1950, no preset dictionary). */
export function looksLikeZlib(head: Uint8Array): boolean {
  if (head.length < 2) return false;
  const [method, flags] = head;
  return (
    (method & 15) === 8 && method >> 4 <= 7 && ((method << 8) | flags) % 31 === 0 && (flags & 0x20) === 0
  );
}

/** Whether the first three bytes are the header of a gzip stream with deflate (RFC 1952). */
export function looksLikeGzip(head: Uint8Array): boolean {
  return head.length >= 3 && (readU32(head, 0) & 0xffffff) === 0x088b1f;
}

function startsWith(head: Uint8Array, at: number, text: string): boolean {
  if (head.length < at + text.length) return false;
  for (let i = 0; i < text.length; i++) {
    const byte = head[at + i];
    const lower = byte >= 0x41 && byte <= 0x5a && text.charCodeAt(0) === 0x3c ? byte | 0x20 : byte;
    if (lower !== text.charCodeAt(i)) return false;
  }
  return true;
}

function isText(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte >= 0xc2;
}
