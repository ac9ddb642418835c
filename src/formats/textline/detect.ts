import { firstNonText, looksLikeGzip, looksLikeZlib } from '../../bytes/sniff.ts';
import type { Compression } from '../compression.ts';
import type { Detection } from '../record-format.ts';
import { findMalformedUtf8 } from '../utf8.ts';

/** How likely a file that begins with these bytes is text. Text is a weak sign. */
export function detect(head: Uint8Array): Detection {
  const at = firstNonText(head);
  if (head.length > 0 && at < 0) return { certainty: 'likely', reason: 'it is text' };
  const why =
    at < head.length
      ? `byte 0x${head[Math.max(at, 0)]?.toString(16).padStart(2, '0')} at ${at}`
      : 'mostly bytes beyond ASCII that are not UTF-8';
  return { certainty: 'no', reason: `not text (${why})` };
}

/** How many bytes are looked at: as few as readers are sure to have, so that chunks make no difference. */
const HEAD_BYTES = 12;
/** Control characters that text holds: BEL to CR, and ESC. */
const TEXT_CONTROLS = new Set([7, 8, 9, 10, 11, 12, 13, 27]);

/**
 * The compression of a stream of text by its first bytes. gzip's first three are no text in any encoding of ASCII's family but the rarest. zlib's two may
 * well be (`x^`, `HK`), so they count only where the first 12 bytes are no UTF-8 text; other text is then to be read with its compression named.
 */
export function detectCompression(head: Uint8Array): Compression {
  if (looksLikeGzip(head)) return 'gzip';
  return looksLikeZlib(head) && !looksLikeText(head.subarray(0, HEAD_BYTES)) ? 'zlib' : 'none';
}

/** Whether `head` is UTF-8, but for a last character that is cut off, without control characters that text does not hold. */
function looksLikeText(head: Uint8Array): boolean {
  const malformed = findMalformedUtf8(head, 0, head.length);
  const cutOff = malformed >= 0 && malformed > head.length - 4 && isBeginning(head, malformed);
  if (malformed >= 0 && !cutOff) return false;
  return head.every((byte) => byte >= 0x20 || TEXT_CONTROLS.has(byte));
}

/** Whether the rest of `head` is a character's first bytes. */
function isBeginning(head: Uint8Array, at: number): boolean {
  const lead = head[at];
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (lead < 0xc2 || lead > 0xf4 || at + length <= head.length) return false;
  return head.subarray(at + 1).every((byte) => (byte & 0xc0) === 0x80);
}
