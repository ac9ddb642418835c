/** Kinds of images that recordpipe detects from the first bytes of a value. */
export type ImageKind = 'jpeg' | 'png' | 'gif' | 'webp' | 'bmp' | 'tiff';

export const IMAGE_KINDS: readonly ImageKind[] = ['jpeg', 'png', 'gif', 'webp', 'bmp', 'tiff'];

/** Kind and size of an image. */
export interface ImageHeader {
  /** Format of the image. */
  readonly kind: ImageKind;
  /** Width in pixels; 0 if the header is truncated or has no size. */
  readonly width: number;
  /** Height in pixels; 0 if the header is truncated or has no size. */
  readonly height: number;
}

/**
 * Detects the kind of an image and its size in pixels. Returns undefined for other bytes. Only the
 * header is read: the segments before the first scan of a JPEG are skipped, and no pixels are
 * decoded, so that a damaged image still has a header.
 *
 * Sources: ITU T.81 B.2 (JPEG), W3C PNG 11.2.1, GIF89a 18, RFC 9649 (WebP), Windows
 * BITMAPINFOHEADER (BMP), TIFF 6.0 section 2.
 *
 * @example
 * ```ts
 * import { imageHeader } from 'recordpipe/check';
 * const gif = new TextEncoder().encode('GIF89a\x10\x00\x08\x00');
 * console.log(imageHeader(gif)); // { kind: 'gif', width: 16, height: 8 }
 * ```
 */
export function imageHeader(bytes: Uint8Array): ImageHeader | undefined {
  return headerAt(bytes, 0, bytes.length);
}

/** Like {@link imageHeader}, but for the bytes [from, to). */
export function headerAt(bytes: Uint8Array, from: number, to: number): ImageHeader | undefined {
  if (to - from < 4) return undefined;
  switch (bytes[from]) {
    case 0xff:
      return bytes[from + 1] === 0xd8 && bytes[from + 2] === 0xff ? jpeg(bytes, from, to) : undefined;
    case 0x89:
      return matches(bytes, from, to, 'PNG\r\n\x1a\n', 1)
        ? header('png', from, to, 24, () => [be32(bytes, from + 16), be32(bytes, from + 20)])
        : undefined;
    case 0x47:
      return matches(bytes, from, to, 'GIF87a') || matches(bytes, from, to, 'GIF89a')
        ? header('gif', from, to, 10, () => [le16(bytes, from + 6), le16(bytes, from + 8)])
        : undefined;
    case 0x52:
      return matches(bytes, from, to, 'RIFF') && matches(bytes, from, to, 'WEBP', 8)
        ? header('webp', from, to, 30, () => webpSize(bytes, from))
        : undefined;
    case 0x42:
      return bytes[from + 1] === 0x4d && to - from >= 26 && le32(bytes, from + 14) <= 124
        ? header('bmp', from, to, 26, () => bmpSize(bytes, from))
        : undefined;
    case 0x49:
      return matches(bytes, from, to, 'II*\0') ? tiff(bytes, from, to, true) : undefined;
    case 0x4d:
      return matches(bytes, from, to, 'MM\0*') ? tiff(bytes, from, to, false) : undefined;
    default:
      return undefined;
  }
}

function header(
  kind: ImageKind,
  from: number,
  to: number,
  needed: number,
  size: () => readonly [width: number, height: number],
): ImageHeader {
  const [width, height] = to - from >= needed ? size() : [0, 0];
  return { kind, width, height };
}

/**
 * Reads the size of a JPEG. Skips segments up to the frame header (SOF0 to SOF15, except three
 * other markers).
 */
function jpeg(bytes: Uint8Array, from: number, to: number): ImageHeader {
  let at = from + 2;
  while (at + 4 <= to && bytes[at] === 0xff) {
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++; // Fill bytes may precede a marker.
      continue;
    }
    const frame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (frame && at + 9 <= to)
      return { kind: 'jpeg', width: be16(bytes, at + 7), height: be16(bytes, at + 5) };
    if (frame || marker === 0xda || marker === 0xd9) break;
    const alone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    at += alone ? 2 : 2 + be16(bytes, at + 2);
  }
  return { kind: 'jpeg', width: 0, height: 0 };
}

/** Returns the size of a WebP, whose first chunk is of one of three kinds. */
function webpSize(bytes: Uint8Array, from: number): [number, number] {
  const at = from + 20;
  switch (String.fromCharCode(...bytes.subarray(from + 12, from + 16))) {
    case 'VP8 ':
      return [le16(bytes, at + 6) & 0x3fff, le16(bytes, at + 8) & 0x3fff];
    case 'VP8L': {
      const bits = le32(bytes, at + 1);
      return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
    }
    case 'VP8X':
      return [1 + (le32(bytes, at + 4) & 0xffffff), 1 + ((le32(bytes, at + 7) >>> 0) & 0xffffff)];
    default:
      return [0, 0];
  }
}

/** Returns the size of a BMP. A negative height means that the rows start at the top. */
function bmpSize(bytes: Uint8Array, from: number): [number, number] {
  if (le32(bytes, from + 14) === 12) return [le16(bytes, from + 18), le16(bytes, from + 20)];
  return [le32(bytes, from + 18), Math.abs(le32(bytes, from + 22) | 0)];
}

const TIFF_WIDTH = 256;
const TIFF_HEIGHT = 257;
const MAX_TIFF_ENTRIES = 1024;

/**
 * Reads the size of a TIFF. Width and height are entries of the first directory, which may be
 * anywhere in the file.
 */
function tiff(bytes: Uint8Array, from: number, to: number, little: boolean): ImageHeader {
  const u16 = little ? le16 : be16;
  const u32 = little ? le32 : be32;
  let width = 0;
  let height = 0;
  const directory = to - from >= 8 ? from + u32(bytes, from + 4) : to;
  const entries = directory + 2 <= to ? Math.min(u16(bytes, directory), MAX_TIFF_ENTRIES) : 0;
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + 12 * i;
    if (at + 12 > to) break;
    const tag = u16(bytes, at);
    if (tag !== TIFF_WIDTH && tag !== TIFF_HEIGHT) continue;
    const value = u16(bytes, at + 2) === 3 ? u16(bytes, at + 8) : u32(bytes, at + 8);
    if (tag === TIFF_WIDTH) width = value;
    else height = value;
  }
  return { kind: 'tiff', width, height };
}

function matches(bytes: Uint8Array, from: number, to: number, text: string, skip = 0): boolean {
  if (to - from < skip + text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[from + skip + i] !== text.charCodeAt(i)) return false;
  return true;
}

function be16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

function le16(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8);
}

function be32(bytes: Uint8Array, at: number): number {
  return ((be16(bytes, at) << 16) | be16(bytes, at + 2)) >>> 0;
}

function le32(bytes: Uint8Array, at: number): number {
  return (le16(bytes, at) | (le16(bytes, at + 2) << 16)) >>> 0;
}
