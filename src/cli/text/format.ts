const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Formats a size with three significant digits: `812 B`, `1.5 KiB`, `3.21 GiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let power = 0;
  while (value >= 1023.5 && power < BINARY.length - 1) {
    value /= 1024;
    power++;
  }
  return `${power === 0 ? value : threeDigits(value)} ${BINARY[power]}`;
}

/** Formats a count with separators: `1,234,567`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Formats a count with its noun: `1 file`, `2 files`. */
export function formatNumberOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Formats a duration: `8 ms`, `1.52 s`, `83.1 s`, `12:07`, `3:02:07`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 0.0995) return `${Math.ceil(seconds * 1000)} ms`;
  return seconds < 100 ? `${threeDigits(seconds)} s` : formatClock(seconds);
}

/** Formats a duration as on a clock: `0:21`, `3:02:07`. */
export function formatClock(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/**
 * Formats a data rate: `2.31 GiB/s`. Returns undefined for short durations, which are dominated by
 * startup time.
 */
export function formatRate(bytes: number, seconds: number): string | undefined {
  return seconds >= 0.1 && bytes > 0 ? `${formatBytes(Math.round(bytes / seconds))}/s` : undefined;
}

function threeDigits(value: number): string {
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

/**
 * Formats a time in seconds since 1970: ` (2024-05-01T12:00:00.000Z)`. Returns an empty string if
 * the number is not a valid time.
 */
export function timeText(seconds: number): string {
  const date = new Date(1000 * seconds);
  return Number.isNaN(date.getTime()) ? '' : ` (${date.toISOString()})`;
}

const NAMED: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
/**
 * Matches characters that a terminal hides or interprets: control and format characters, such as
 * byte order marks and bidi overrides, and spaces other than U+0020 and U+3000.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]|(?![ \u3000])\p{Zs}/gu;

/**
 * Escapes invisible characters so that the text stays on one line and cannot control the terminal.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, (character) => NAMED[character] ?? escaped(character));
}

/** Quotes a string and escapes invisible characters. */
export function quoted(text: string): string {
  return visible(JSON.stringify(text));
}

/** Pattern of the layout characters in the program's own text: newlines, tabs and colors. */
const LAYOUT = '\\n|\\t|\\x1b\\[\\d{1,2}m';
const LAYOUT_OR_UNSEEN = new RegExp(`(${LAYOUT})|${UNSEEN.source}`, 'gu');

/**
 * Escapes invisible characters in a complete text, except newlines, tabs and colors. This is the
 * last safeguard before output reaches a terminal. JSON stays valid.
 */
export function visibleText(text: string): string {
  return text.replace(LAYOUT_OR_UNSEEN, (character, layout?: string) => layout ?? jsonEscaped(character));
}

function jsonEscaped(text: string): string {
  return Array.from(text.split(''), (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(
    '',
  );
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}
