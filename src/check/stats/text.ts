import { isUtf8 } from 'node:buffer';
import { findMalformedUtf8 } from '../../formats/utf8.ts';

/** Maximum size of a value for which a check in JavaScript is faster than a call of Node. */
const SHORT_BYTES = 48;
/**
 * Number of bytes that are searched for control characters. Binary data nearly always has some near
 * its beginning.
 */
const CONTROL_BYTES = 64;

/** Reports whether the bytes [from, to) are UTF-8. */
export function isUtf8At(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from <= SHORT_BYTES) return findMalformedUtf8(bytes, from, to) < 0;
  // Most values that are not UTF-8 are malformed near their beginning.
  const head = from + SHORT_BYTES;
  const at = findMalformedUtf8(bytes, from, head);
  if (at >= 0 && at <= head - 4) return false;
  return isUtf8(bytes.subarray(from, to));
}

/**
 * Reports whether the bytes [from, to) are text: UTF-8, with no control characters except tabs and
 * line ends in the first 64 bytes.
 */
export function isTextAt(bytes: Uint8Array, from: number, to: number): boolean {
  const end = Math.min(to, from + CONTROL_BYTES);
  let isAscii = true;
  for (let at = from; at < end; at++) {
    const byte = bytes[at];
    if (byte >= 0x80) {
      isAscii = false;
      // U+0080 to U+009F are control characters.
      if (byte === 0xc2 && at + 1 < to && bytes[at + 1] < 0xa0) return false;
    } else if (byte < 0x20 ? byte !== 0x0a && byte !== 0x0d && byte !== 0x09 : byte === 0x7f) return false;
  }
  if (!isAscii) return isUtf8At(bytes, from, to);
  return end === to || isUtf8(bytes.subarray(end, to));
}

/**
 * Decodes bytes that are text, including a byte order mark. Returns undefined for bytes that are
 * not UTF-8, or that have control characters other than tabs and line ends.
 *
 * @example
 * ```ts
 * import { textOf } from 'recordpipe/check';
 * console.log(textOf(new TextEncoder().encode('cat')), textOf(Uint8Array.of(1, 0, 0, 0))); // cat undefined
 * ```
 */
export function textOf(bytes: Uint8Array): string | undefined {
  return isTextAt(bytes, 0, bytes.length) ? UTF8.decode(bytes) : undefined;
}

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });
