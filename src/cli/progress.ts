import { isatty } from 'node:tty';
import type { FilesProgress } from 'recordpipe/report';
import { formatBytes, formatClock, formatNumberOf, formatRate } from './sizes.ts';

/** Tells on standard error how far a run is. */
export interface Progress {
  readonly update: ((progress: FilesProgress) => void) | undefined;
  /** Takes the live line away: before other output, and at the end. */
  clear(): void;
}

const LIVE_MS = 100;
const PLAIN_MS = 10_000;
const STDERR = 2;
/** Before that, starting up blurs the speed. */
const ETA_AFTER_SECONDS = 1;
const NONE: Progress = { update: undefined, clear: () => {} };

/** One live line, at most ten times a second, on a terminal; elsewhere a plain line every ten seconds. */
export function progressOn(verb: string, wanted: boolean): Progress {
  if (!wanted) return NONE;
  process.stderr.on('error', () => {});
  const live = isatty(STDERR) && process.env['TERM'] !== 'dumb';
  const start = performance.now();
  let last = live ? start + LIVE_MS : start; // what ends at once shows nothing
  let shown = false;
  return {
    update: (progress) => {
      const now = performance.now();
      if (now - last < (live ? LIVE_MS : PLAIN_MS)) return;
      last = now;
      const line = progressText(verb, progress, (now - start) / 1000);
      if (!live) process.stderr.write(`${line}\n`);
      else process.stderr.write(`\r${line.slice(0, (process.stderr.columns || 80) - 1)}\x1b[K`);
      shown = live;
    },
    clear: () => {
      if (shown) process.stderr.write('\r\x1b[K');
      shown = false;
    },
  };
}

/** `validate 3/12 files  1.20 GiB/3.40 GiB (35 %)  2.10 GiB/s  ETA 0:01  1 bad`. */
export function progressText(verb: string, progress: FilesProgress, seconds: number): string {
  const { files, filesDone, bad, bytes, totalBytes, retries } = progress;
  const parts = [files === 1 ? verb : `${verb} ${filesDone}/${formatNumberOf(files, 'file')}`];
  const rate = formatRate(bytes, seconds);
  if (totalBytes === undefined || totalBytes === 0) {
    parts.push(formatBytes(bytes));
  } else {
    const done = Math.min(1, bytes / totalBytes);
    parts.push(`${formatBytes(bytes)}/${formatBytes(totalBytes)} (${Math.floor(done * 100)} %)`);
  }
  if (rate !== undefined) parts.push(rate);
  if (totalBytes !== undefined && bytes > 0 && bytes < totalBytes && seconds >= ETA_AFTER_SECONDS)
    parts.push(`ETA ${formatClock(((totalBytes - bytes) / bytes) * seconds)}`);
  if (bad > 0) parts.push(`${bad} bad`);
  if (retries !== undefined) parts.push(retries === 1 ? '1 retry' : `${retries} retries`);
  return parts.join('  ');
}
