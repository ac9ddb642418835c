const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const POWERS: Record<string, number> = { '': 0, k: 1, m: 2, g: 3, t: 4 };

/** Bytes of `8MiB`, `8M` (the same), `8MB` (decimal), `8192`; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([kmgt]?)(i?b)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, number, prefix, unit = ''] = match;
  if (prefix === '' && unit.length === 2) return undefined;
  const base = unit.toLowerCase() === 'b' ? 1000 : 1024;
  const bytes = Number(number) * base ** POWERS[prefix.toLowerCase()];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `812 B`, `1.5 KiB`, `3.21 GiB`: three digits that count. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let power = 0;
  while (value >= 1023.5 && power < BINARY.length - 1) {
    value /= 1024;
    power++;
  }
  return `${power === 0 ? value : threeDigits(value)} ${BINARY[power]}`;
}

/** `1,234,567`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 file`, `2 files`. */
export function formatNumberOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `8 ms`, `1.52 s`, `83.1 s`, `12:07`, `3:02:07`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 0.0995) return `${Math.ceil(seconds * 1000)} ms`;
  return seconds < 100 ? `${threeDigits(seconds)} s` : formatClock(seconds);
}

/** `0:21`, `3:02:07`. */
export function formatClock(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** `2.31 GiB/s`; undefined for spans too short to say: there, starting up is what takes the time. */
export function formatRate(bytes: number, seconds: number): string | undefined {
  return seconds >= 0.1 && bytes > 0 ? `${formatBytes(Math.round(bytes / seconds))}/s` : undefined;
}

function threeDigits(value: number): string {
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

const MILLISECONDS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };

/** Milliseconds of `500ms`, `30s`, `5m`, `5min`, `1.5h`; of a bare number, seconds. Undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?(ms|s|m|min|h)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, number, unit = 's'] = match;
  const milliseconds = Math.round(Number(number) * MILLISECONDS[unit.toLowerCase()]);
  return Number.isSafeInteger(milliseconds) ? milliseconds : undefined;
}

/** ` (2024-05-01T12:00:00.000Z)`, where the seconds are a date. */
export function timeText(seconds: number): string {
  const date = new Date(1000 * seconds);
  return Number.isNaN(date.getTime()) ? '' : ` (${date.toISOString()})`;
}
