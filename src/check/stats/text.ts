import { isUtf8 } from 'node:buffer';
import { findMalformedUtf8 } from '../../formats/utf8.ts';

/** Shorter values are checked here, which is faster than calling the host. */
const SHORT_BYTES = 48;
/** Where a value has control characters, they are near its beginning, as a rule. */
const CONTROL_BYTES = 64;

/** Whether the bytes [from, to) are UTF-8. */
export function isUtf8At(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from <= SHORT_BYTES) return findMalformedUtf8(bytes, from, to) < 0;
  // Most values that are not UTF-8 show it at once.
  const head = from + SHORT_BYTES;
  const at = findMalformedUtf8(bytes, from, head);
  if (at >= 0 && at <= head - 4) return false;
  return isUtf8(bytes.subarray(from, to));
}

/** Whether the bytes [from, to) are text: UTF-8, with no control character but tab and line ends in the first 64 bytes. */
export function isTextAt(bytes: Uint8Array, from: number, to: number): boolean {
  const end = Math.min(to, from + CONTROL_BYTES);
  let isAscii = true;
  for (let at = from; at < end; at++) {
    const byte = bytes[at];
    if (byte >= 0x80) {
      isAscii = false;
      // U+0080 to U+009F.
      if (byte === 0xc2 && at + 1 < to && bytes[at + 1] < 0xa0) return false;
    } else if (byte < 0x20 ? byte !== 0x0a && byte !== 0x0d && byte !== 0x09 : byte === 0x7f) return false;
  }
  if (!isAscii) return isUtf8At(bytes, from, to);
  return end === to || isUtf8(bytes.subarray(end, to));
}

/**
 * The text that bytes are, including a byte order mark; undefined if they are not text: UTF-8 without control characters
 * other than tab and line ends.
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

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `812 B`, `1.5 KiB`, `64 KiB`, `3.21 GiB`: three digits that count, no zeros behind them. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let power = 0;
  while (value >= 1023.5 && power < UNITS.length - 1) {
    value /= 1024;
    power++;
  }
  return `${power === 0 ? value : Number(value.toPrecision(value < 999.5 ? 3 : 4))} ${UNITS[power]}`;
}

/** `1,234,567`. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 file`, `2 files`. */
export function numberOf(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `100 %`, `99.9 %`, `< 0.1 %`: never 100 % or 0 % where it is not. */
export function shareText(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '0 %';
  if (part === whole) return '100 %';
  const percent = (100 * part) / whole;
  if (percent < 0.1) return '< 0.1 %';
  if (percent > 99.9) return '> 99.9 %';
  return `${percent < 10 || percent > 99 ? Number(percent.toFixed(1)) : Math.round(percent)} %`;
}

/** `12`, or `1 to 5`. */
export function rangeText(
  min: number | string,
  max: number | string,
  text: (value: number) => string = numberText,
): string {
  const [low, high] = [min, max].map((bound) => (typeof bound === 'number' ? text(bound) : bound));
  return low === high ? low : `${low} to ${high}`;
}

/** Numbers from 1,000 on as integers, others with up to four digits. */
export function numberText(value: number): string {
  if (Number.isInteger(value)) return Math.abs(value) < 1e15 ? countTextSigned(value) : String(value);
  if (Math.abs(value) >= 1000 && Math.abs(value) < 1e15) return countTextSigned(Math.round(value));
  const short = Number(value.toPrecision(4));
  return Math.abs(short) >= 1e-4 ? String(short) : short.toExponential();
}

/** A power of two: in full, or with two digits and an exponent of ten. */
export function powerText(exponent: number): string {
  const value = 2 ** exponent;
  if (exponent >= 0 && exponent < 17) return countText(value);
  const short = Number(value.toPrecision(2));
  return exponent > -10 && exponent < 0 ? String(short) : short.toExponential().replace('e+', 'e');
}

function countTextSigned(value: number): string {
  return value < 0 ? `-${countText(-value)}` : countText(value);
}

/**
 * Text of at most `characters` characters: the middle of a longer one gives way, because names often differ at their ends.
 *
 * @example
 * ```ts
 * import { elided } from 'recordpipe/check';
 * console.log(elided('training-data-00017-of-01024', 16)); // trainin…of-01024
 * ```
 */
export function elided(text: string, characters: number): string {
  const signs = [...text];
  if (signs.length <= characters) return text;
  const end = Math.ceil((characters - 1) / 2);
  return `${signs.slice(0, characters - 1 - end).join('')}…${signs.slice(signs.length - end).join('')}`;
}
