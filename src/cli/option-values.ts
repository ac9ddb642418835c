import { InvalidArgumentError } from 'commander';
import { parseDuration } from './durations.ts';
import { parseEscapes } from './escapes.ts';
import { parseSize } from './sizes.ts';

// What option arguments stand for.

/** A whole number from `least` on. */
export function atLeast(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} on.`);
  };
}

/** More threads only take memory: each costs about 10 MB. */
const MAX_JOBS = 256;

/** How many files are processed in parallel. */
export function jobsOption(text: string): number {
  const jobs = atLeast(1)(text);
  if (jobs <= MAX_JOBS) return jobs;
  throw new InvalidArgumentError(`Expected an integer from 1 to ${MAX_JOBS}.`);
}

/** Text with escapes, as the bytes that end a line. */
export function delimiterOption(text: string): Uint8Array {
  const bytes = parseEscapes(text);
  if (bytes !== undefined && bytes.length > 0) return bytes;
  throw new InvalidArgumentError(
    'Expected text with no other escapes than \\n \\r \\t \\0 \\\\ \\xHH \\uHHHH.',
  );
}

/** A size like 8MiB, in bytes. */
export function sizeOption(text: string): number {
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes;
  throw new InvalidArgumentError('Expected a size like 8MiB, 64K, 1GB or 4096.');
}

/** A time like 30s, in milliseconds. */
export function durationOption(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  throw new InvalidArgumentError('Expected a time like 500ms, 30s, 5m or 1h.');
}
