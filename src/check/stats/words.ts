const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/**
 * Formats a size with three significant digits, without trailing zeros: `812 B`, `1.5 KiB`, `64
 * KiB`, `3.21 GiB`.
 */
export function bytesText(bytes: number): string {
  let value = bytes;
  let power = 0;
  while (value >= 1023.5 && power < UNITS.length - 1) {
    value /= 1024;
    power++;
  }
  return `${power === 0 ? value : Number(value.toPrecision(value < 999.5 ? 3 : 4))} ${UNITS[power]}`;
}

/** Formats a count with thousands separators: `1,234,567`. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Formats a count with a noun: `1 file`, `2 files`. */
export function numberOf(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Formats a share: `100 %`, `99.9 %`, `< 0.1 %`. Writes 100 % and 0 % only for exact values. */
export function shareText(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '0 %';
  if (part === whole) return '100 %';
  const percent = (100 * part) / whole;
  if (percent < 0.1) return '< 0.1 %';
  if (percent > 99.9) return '> 99.9 %';
  return `${percent < 10 || percent > 99 ? Number(percent.toFixed(1)) : Math.round(percent)} %`;
}

/** Formats a range: `12`, or `1 to 5`. */
export function rangeText(
  min: number | string,
  max: number | string,
  text: (value: number) => string = numberText,
): string {
  const [low, high] = [min, max].map((bound) => (typeof bound === 'number' ? text(bound) : bound));
  return low === high ? low : `${low} to ${high}`;
}

/** Formats numbers of 1,000 or more as integers, and others with up to four digits. */
export function numberText(value: number): string {
  if (Number.isInteger(value)) return Math.abs(value) < 1e15 ? countTextSigned(value) : String(value);
  if (Math.abs(value) >= 1000 && Math.abs(value) < 1e15) return countTextSigned(Math.round(value));
  const short = Number(value.toPrecision(4));
  return Math.abs(short) >= 1e-4 ? String(short) : short.toExponential();
}

/** Formats a power of two, in full or with two digits and an exponent of ten. */
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
 * Shortens a string to at most `characters` characters. The middle is replaced, because names often
 * differ at their ends.
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
