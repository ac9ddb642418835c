import { isatty } from 'node:tty';
import type { FilesProgress } from 'recordpipe/check';
import type { UploadProgress } from 'recordpipe/upload';
import { formatBytes, formatClock, formatNumberOf, formatRate, visible } from './text/format.ts';
import { textWidth } from './text/terminal.ts';

/**
 * One item of a progress line. If a line is too long for the terminal, the items with the lowest
 * priority are dropped first.
 */
export interface StatusItem {
  readonly text: string;
  readonly priority: number;
}

/**
 * A status line on standard error. On a terminal, one line is rewritten in place; otherwise, a new
 * line is printed every ten seconds.
 */
export interface StatusLine {
  /** Shows text unless the last update was less than 100 ms ago (10 s if not on a terminal). */
  update(text: (columns: number) => string): void;
  /** Removes the live line. Must be called before any other output and when the work is done. */
  clear(): void;
}

/** Reports the progress of a command on standard error. */
export interface Progress<P> {
  /**
   * Updates the progress; undefined if progress is hidden, so that the library does not compute it.
   */
  readonly update: ((progress: P) => void) | undefined;
  /** Removes the live line. Must be called before any other output and when the work is done. */
  clear(): void;
}

/** Interval between updates of a live line, in milliseconds. */
export const LIVE_MS = 100;
const PLAIN_MS = 10_000;
const STDERR = 2;
const DEFAULT_COLUMNS = 80;
/** Minimum elapsed time for showing an ETA. Earlier estimates are dominated by startup time. */
const ETA_AFTER_SECONDS = 1;

const PRIORITY = { subject: 100, percent: 90, eta: 80, rate: 70, bad: 60, bytes: 40, retries: 30 } as const;

/** Returns the progress of a command that processes files. */
export function progressOf(verb: string, enabled: boolean): Progress<FilesProgress> {
  return progressWith((progress, seconds) => progressItems(verb, progress, seconds), enabled);
}

/** Returns the progress of a command that computes its items on each update. */
export function progressWith<P>(
  items: (progress: P, seconds: number) => readonly StatusItem[],
  enabled: boolean,
): Progress<P> {
  if (!enabled) return { update: undefined, clear: () => {} };
  const line = statusLine();
  const start = performance.now();
  return {
    update: (progress) =>
      line.update((columns) => statusText(items(progress, (performance.now() - start) / 1000), columns)),
    clear: line.clear,
  };
}

/**
 * Reports whether standard error is a terminal but standard output is not, so that progress cannot
 * corrupt a document.
 */
export function isLiveApart(): boolean {
  return isatty(STDERR) && !isatty(1);
}

/** Reports whether a line on standard error can be rewritten in place. */
export function isLive(): boolean {
  return isatty(STDERR) && process.env['TERM'] !== 'dumb';
}

/** Returns the width of the terminal on standard error. */
export function terminalColumns(): number {
  // Some terminals report 0.
  return process.stderr.columns || DEFAULT_COLUMNS;
}

let liveLine: StatusLine | undefined;

/** Removes the live line, if one is shown. The next update shows it again. */
export function clearLiveLine(): void {
  liveLine?.clear();
}

/** Creates a status line on standard error. */
export function statusLine(): StatusLine {
  if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => {});
  const live = isLive();
  // Do not show progress for a short command.
  let last = performance.now() + (live ? LIVE_MS : 0);
  let shown = false;
  const line: StatusLine = {
    update: (text) => {
      const now = performance.now();
      if (now - last < (live ? LIVE_MS : PLAIN_MS)) return;
      last = now;
      if (live) process.stderr.write(`\r${text(terminalColumns() - 1)}\x1b[K`);
      else process.stderr.write(`${text(Number.POSITIVE_INFINITY)}\n`);
      shown = live;
      liveLine = line;
    },
    clear: () => {
      if (shown) process.stderr.write('\r\x1b[K');
      shown = false;
    },
  };
  return line;
}

/** Joins the items into one line of at most `columns` columns. */
export function statusText(items: readonly StatusItem[], columns: number = Number.POSITIVE_INFINITY): string {
  return firstFitting(shorterAndShorter(items), columns);
}

function* shorterAndShorter(items: readonly StatusItem[]): Generator<string> {
  const kept = [...items];
  for (;;) {
    yield kept.map(({ text }) => text).join('  ');
    if (kept.length <= 1) return;
    let lowest = 0;
    for (const [i, { priority }] of kept.entries()) if (priority <= kept[lowest].priority) lowest = i;
    kept.splice(lowest, 1);
  }
}

/**
 * Returns the first of several strings that fits; if none does, truncates the last one. The strings
 * are sorted from longest to shortest.
 */
export function firstFitting(texts: Iterable<string>, columns: number): string {
  let last = '';
  for (const text of texts) {
    last = visible(text);
    if (textWidth(last) <= columns) return last;
  }
  let kept = '';
  for (const character of last) {
    if (textWidth(kept + character) > columns - 1) break;
    kept += character;
  }
  return `${kept}…`.slice(0, Math.max(0, columns));
}

/**
 * Returns the items of a line such as `validate 3/12 files 35 % 1.20 GiB/3.40 GiB 2.10 GiB/s ETA
 * 0:01 1 invalid`.
 */
export function progressItems(verb: string, progress: FilesProgress, seconds: number): StatusItem[] {
  const { bytes, totalBytes = 0, retries = 0 } = progress;
  return shownItems(
    [subjectOf(verb, progress), PRIORITY.subject],
    [totalBytes > 0 && percentOf(bytes, totalBytes), PRIORITY.percent],
    [
      totalBytes > 0 ? `${formatBytes(bytes)}/${formatBytes(totalBytes)}` : formatBytes(bytes),
      PRIORITY.bytes,
    ],
    [formatRate(bytes, seconds), PRIORITY.rate],
    [etaText(bytes, totalBytes, seconds), PRIORITY.eta],
    [progress.bad > 0 && `${progress.bad} invalid`, PRIORITY.bad],
    [retriesText(retries), PRIORITY.retries],
  );
}

/**
 * Returns the items of a line such as `upload 3/12 files checked 60 % sent 35 % 1.20 GiB/3.40 GiB
 * 80 MiB/s ETA 0:21`.
 */
export function uploadItems(progress: UploadProgress, isChecked: boolean, seconds: number): StatusItem[] {
  const { bytes, totalBytes = 0, bytesSent, bytesToSend, bad } = progress;
  const sends = bytesToSend > 0;
  const checkedTotal = sends ? totalBytes / 2 : totalBytes;
  return shownItems(
    [subjectOf('upload', progress), PRIORITY.subject],
    [
      isChecked && checkedTotal > 0 && `checked ${percentOf(bytes - bytesSent, checkedTotal)}`,
      PRIORITY.bytes,
    ],
    [sends && `sent ${percentOf(bytesSent, bytesToSend)}`, PRIORITY.percent],
    [sends && `${formatBytes(bytesSent)}/${formatBytes(bytesToSend)}`, PRIORITY.bytes],
    [sends && formatRate(bytesSent, seconds), PRIORITY.rate],
    [etaText(bytes, totalBytes, seconds), PRIORITY.eta],
    [bad > 0 && `${bad} failed`, PRIORITY.bad],
  );
}

/** Formats the remaining time, such as `ETA 0:21`. Returns undefined if it is unknown. */
export function etaText(bytes: number, totalBytes: number, seconds: number): string | undefined {
  if (bytes <= 0 || bytes >= totalBytes || seconds < ETA_AFTER_SECONDS) return undefined;
  return `ETA ${formatClock(((totalBytes - bytes) / bytes) * seconds)}`;
}

/** Formats a number of retries: `1 retry`, `2 retries`. Returns undefined for zero. */
export function retriesText(retries: number): string | undefined {
  if (retries === 0) return undefined;
  return retries === 1 ? '1 retry' : `${retries} retries`;
}

/** Formats a fraction as a percentage: `26 %`. */
export function percentOf(bytes: number, totalBytes: number): string {
  return `${totalBytes === 0 ? 100 : Math.floor(Math.min(1, bytes / totalBytes) * 100)} %`;
}

function subjectOf(
  verb: string,
  { files, filesDone }: { readonly files: number; readonly filesDone: number },
): string {
  return files === 1 ? verb : `${verb} ${filesDone}/${formatNumberOf(files, 'file')}`;
}

function shownItems(...items: readonly (readonly [string | false | undefined, number])[]): StatusItem[] {
  return items.flatMap(([text, priority]) => (text ? [{ text, priority }] : []));
}
