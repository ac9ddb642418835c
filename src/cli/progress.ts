import { isatty } from 'node:tty';
import type { FilesProgress } from 'recordpipe/check';
import { formatBytes, formatClock, formatNumberOf, formatRate } from './text/sizes.ts';
import { textWidth } from './text/style.ts';
import { visible } from './text/visible.ts';

/** One item of a status line. A line that is too long for the terminal loses the items of lowest priority first. */
export interface StatusItem {
  readonly text: string;
  readonly priority: number;
}

/** A status on standard error: one line that is rewritten in place on a terminal, a new line every ten seconds elsewhere. */
export interface StatusLine {
  /** Whether the line is rewritten in place. */
  readonly live: boolean;
  /** Shows the items, unless the last update was less than 100 ms (elsewhere: 10 s) ago. `items` is called only when they are shown. */
  update(items: () => readonly StatusItem[]): void;
  /** Removes the live line. Call it before any other output and at the end. */
  clear(): void;
}

/** Reports the progress of a command on standard error. */
export interface Progress {
  /** Undefined if nothing is to be shown, so that the library computes no progress either. */
  readonly update: ((progress: FilesProgress) => void) | undefined;
  /** Removes the live line. Call it before any other output and at the end. */
  clear(): void;
}

const LIVE_MS = 100;
const PLAIN_MS = 10_000;
const STDERR = 2;
const DEFAULT_COLUMNS = 80;
/** An ETA computed earlier is dominated by start-up time. */
const ETA_AFTER_SECONDS = 1;
const NO_STATUS: StatusLine = { live: false, update: () => {}, clear: () => {} };

/** Priorities of the items that every command shows. */
export const PRIORITY = {
  subject: 100,
  percent: 90,
  eta: 80,
  rate: 70,
  bad: 60,
  bytes: 40,
  retries: 30,
} as const;

/** Whether standard error is a terminal and standard output is not: then progress does not disturb a document. */
export function isLiveApart(): boolean {
  return isatty(STDERR) && !isatty(1);
}

/** A status line on standard error; one that shows nothing if it is not `wanted`. */
export function statusLine(wanted: boolean): StatusLine {
  if (!wanted) return NO_STATUS;
  process.stderr.on('error', () => {});
  const live = isatty(STDERR) && process.env['TERM'] !== 'dumb';
  // A command that ends at once shows nothing.
  let last = performance.now() + (live ? LIVE_MS : 0);
  let shown = false;
  return {
    live,
    update: (items) => {
      const now = performance.now();
      if (now - last < (live ? LIVE_MS : PLAIN_MS)) return;
      last = now;
      if (!live) process.stderr.write(`${statusText(items())}\n`);
      else process.stderr.write(`\r${statusText(items(), columnsOf(process.stderr) - 1)}\x1b[K`);
      shown = live;
    },
    clear: () => {
      if (shown) process.stderr.write('\r\x1b[K');
      shown = false;
    },
  };
}

/** The items as one line of at most `columns` columns. */
export function statusText(items: readonly StatusItem[], columns: number = Number.POSITIVE_INFINITY): string {
  const kept = [...items];
  const text = (): string => kept.map((item) => visible(item.text)).join('  ');
  while (kept.length > 1 && textWidth(text()) > columns) {
    let least = 0;
    for (const [i, { priority }] of kept.entries()) if (priority <= kept[least].priority) least = i;
    kept.splice(least, 1);
  }
  return truncated(text(), columns);
}

/** The progress of a command, by bytes and files. */
export function progressOn(verb: string, wanted: boolean): Progress {
  const line = statusLine(wanted);
  const start = performance.now();
  return {
    update: wanted
      ? (progress) => line.update(() => progressItems(verb, progress, (performance.now() - start) / 1000))
      : undefined,
    clear: line.clear,
  };
}

/** `validate 3/12 files  35 %  1.20 GiB/3.40 GiB  2.10 GiB/s  ETA 0:01  1 bad`. */
export function progressItems(verb: string, progress: FilesProgress, seconds: number): StatusItem[] {
  const { files, filesDone, bad, bytes, totalBytes = 0, retries = 0 } = progress;
  const subject = files === 1 ? verb : `${verb} ${filesDone}/${formatNumberOf(files, 'file')}`;
  const rate = formatRate(bytes, seconds);
  const hasTotal = totalBytes > 0;
  const hasEta = bytes > 0 && bytes < totalBytes && seconds >= ETA_AFTER_SECONDS;
  const items = [
    [subject, PRIORITY.subject],
    [hasTotal && `${Math.floor(Math.min(1, bytes / totalBytes) * 100)} %`, PRIORITY.percent],
    [hasTotal ? `${formatBytes(bytes)}/${formatBytes(totalBytes)}` : formatBytes(bytes), PRIORITY.bytes],
    [rate, PRIORITY.rate],
    [hasEta && `ETA ${formatClock(((totalBytes - bytes) / bytes) * seconds)}`, PRIORITY.eta],
    [bad > 0 && `${bad} bad`, PRIORITY.bad],
    [retries > 0 && (retries === 1 ? '1 retry' : `${retries} retries`), PRIORITY.retries],
  ] as const;
  return items.flatMap(([text, priority]) => (text ? [{ text, priority }] : []));
}

/** Columns of a terminal; those that a broken terminal reports (0) do not count. */
function columnsOf(stream: { readonly columns?: number }): number {
  return stream.columns || DEFAULT_COLUMNS;
}

function truncated(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let kept = '';
  for (const character of text) {
    if (textWidth(kept + character) > columns - 1) break;
    kept += character;
  }
  return `${kept}…`.slice(0, Math.max(0, columns));
}
