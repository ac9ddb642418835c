const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `812 B`, `1.5 KiB`, `3.21 GiB`: three significant digits. */
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

/** `2.31 GiB/s`; undefined for short spans, which start-up time dominates. */
export function formatRate(bytes: number, seconds: number): string | undefined {
  return seconds >= 0.1 && bytes > 0 ? `${formatBytes(Math.round(bytes / seconds))}/s` : undefined;
}

function threeDigits(value: number): string {
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

/** ` (2024-05-01T12:00:00.000Z)`; empty if the seconds are not a date. */
export function timeText(seconds: number): string {
  const date = new Date(1000 * seconds);
  return Number.isNaN(date.getTime()) ? '' : ` (${date.toISOString()})`;
}
