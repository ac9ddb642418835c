import { readU32 } from './binary-data.ts';

/** Patterns of text that is not records, such as the response of a failed download. */
const FOREIGN: readonly (readonly [start: RegExp, name: string])[] = [
  [/^version https:\/\/git-lfs/, 'a Git LFS pointer (run `git lfs pull`)'],
  [/^\s*<(!doctype html|html)/i, 'an HTML page (a failed download?)'],
  [/^\s*<\?xml/, 'an XML document (an error message of an object store?)'],
  [/^\x89RPIX\r\n/, 'an index written by recordpipe'],
  [/^%PDF-/, 'a PDF document'],
  [/^(\xff\xfe([^\0]\0){3}|\xfe\xff(\0[^\0]){3})/, 'UTF-16 text (specify its encoding)'],
];
const START_BYTES = 64;

/**
 * Returns a description of text found in place of records, as a noun with its article, or undefined
 * if it is unknown.
 */
export function foreignText(head: Uint8Array): string | undefined {
  let start = '';
  for (const byte of head.subarray(0, START_BYTES)) start += String.fromCharCode(byte);
  const text = start.replace(/^\xef\xbb\xbf/, '');
  return FOREIGN.find(([pattern]) => pattern.test(text))?.[1];
}

/**
 * Returns the position of the first control character that does not occur in text; the length of
 * `head` if it is not UTF-8 and more than a quarter of it is not ASCII; or -1 for text.
 */
export function firstNonText(head: Uint8Array): number {
  let beyond = 0;
  for (let i = 0; i < head.length; i++) {
    const byte = head[i];
    if (byte >= 0x80) beyond++;
    else if (CONTROL[byte] === 1) return i;
  }
  return beyond > head.length / 4 && !isUtf8(head) ? head.length : -1;
}

/** Control characters except tab, line ends, page ends, escape, and the separators 0x1c to 0x1f. */
const CONTROL: Uint8Array = Uint8Array.from({ length: 0x80 }, (_, byte) =>
  byte === 0x7f || byte < 0x09 || (byte > 0x0d && byte < 0x1b) ? 1 : 0,
);

function isUtf8(head: Uint8Array): boolean {
  try {
    // Decodes `head` as a stream, so that a truncated character at its end is not an error.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}

interface Signature {
  readonly name: string;
  readonly at?: number;
  readonly text: string;
}

/** Well-known first bytes of files that are often mistaken for record files. */
const SIGNATURES: readonly Signature[] = [
  { name: 'a gzip stream', text: '\x1f\x8b' },
  { name: 'a RecordIO file', text: '\x0a\x23\xd7\xce' },
  { name: 'a byte-swapped RecordIO file (written on a big-endian machine)', text: '\xce\xd7\x23\x0a' },
  { name: 'a Parquet file', text: 'PAR1' },
  { name: 'an ORC file', text: 'ORC' },
  { name: 'an Arrow (Feather) file', text: 'ARROW1' },
  { name: 'an Avro file', text: 'Obj\x01' },
  { name: 'an ArrayRecord (Riegeli) file', text: '\x83\xaf\x70\xd1\x0d\x88\x4a\x3f' },
  { name: 'a NumPy .npy array', text: '\x93NUMPY' },
  { name: 'a Python pickle', text: '\x80\x04\x95' },
  { name: 'an HDF5 file', text: '\x89HDF' },
  { name: 'an SQLite database', text: 'SQLite format 3\x00' },
  { name: 'a zip archive (or .npz)', text: 'PK\x03\x04' },
  { name: 'a tar archive', at: 257, text: 'ustar' },
  { name: 'a 7z archive', text: '7z\xbc\xaf\x27\x1c' },
  { name: 'a zstd stream', text: '\x28\xb5\x2f\xfd' },
  { name: 'an lz4 stream', text: '\x04\x22\x4d\x18' },
  { name: 'an xz stream', text: '\xfd7zXZ' },
  { name: 'a bzip2 stream', text: 'BZh' },
  { name: 'a snappy framed stream', text: '\xff\x06\x00\x00sNaPpY' },
  { name: 'a PNG image', text: '\x89PNG' },
  { name: 'a JPEG image', text: '\xff\xd8\xff' },
  { name: 'a GIF image', text: 'GIF8' },
  { name: 'a RIFF file (WAV, WebP)', text: 'RIFF' },
  { name: 'an MP4 video', at: 4, text: 'ftyp' },
];

/** Number of bytes that suffice to recognize text. */
const TEXT_BYTES = 64;

/**
 * Returns the apparent kind of a file from its first bytes (262 suffice), as a noun with its
 * article, or `undefined` if it matches no known kind.
 */
export function describeForeignFile(head: Uint8Array): string | undefined {
  const page = foreignText(head);
  if (page !== undefined) return page;
  for (const { name, at = 0, text } of SIGNATURES) {
    if (startsWith(head, at, text)) return name;
  }
  if (looksLikeZlib(head)) return 'a zlib stream';
  const shown = head.subarray(0, TEXT_BYTES);
  if (shown.length > 0 && shown.every((byte) => byte === 0)) return 'only zero bytes';
  return shown.length >= 12 && firstNonText(shown) < 0 ? 'a text file' : undefined;
}

/**
 * Reports whether the first two bytes are the header of a zlib stream (RFC 1950, no preset
 * dictionary).
 */
export function looksLikeZlib(head: Uint8Array): boolean {
  if (head.length < 2) return false;
  const [method, flags] = head;
  return (
    (method & 15) === 8 && method >> 4 <= 7 && ((method << 8) | flags) % 31 === 0 && (flags & 0x20) === 0
  );
}

/**
 * Reports whether the first three bytes are the header of a gzip stream with deflate (RFC 1952).
 */
export function looksLikeGzip(head: Uint8Array): boolean {
  return head.length >= 3 && (readU32(head, 0) & 0xffffff) === 0x088b1f;
}

function startsWith(head: Uint8Array, at: number, text: string): boolean {
  if (head.length < at + text.length) return false;
  for (let i = 0; i < text.length; i++) if (head[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
