import { isatty } from 'node:tty';
import type { ChannelMetrics, StreamEvent } from 'recordpipe/pipemode/streamer';
import { formatBytes, formatClock, formatNumberOf, formatRate, formatSeconds } from './text/sizes.ts';

/** Shows on standard error how far channels are. */
export interface StreamProgress {
  start(metrics: () => readonly ChannelMetrics[]): void;
  /** Counts for the summary. */
  note(event: StreamEvent): void;
  /** Removes the live line. Call it before any other output. */
  clear(): void;
  /** Removes the live line and prints the summary. */
  end(): void;
}

const STDERR = 2;
const LIVE_MS = 100;
const BESIDE_MS = 30_000;
const DEFAULT_COLUMNS = 80;
/** An ETA computed earlier is dominated by start-up time. */
const ETA_AFTER_MS = 1000;
/** Whoever the other waited for during less than this share of the time is no bottleneck. */
const MIN_SHARE = 0.05;
const NONE: StreamProgress = { start: () => {}, note: () => {}, clear: () => {}, end: () => {} };

/**
 * On a terminal one live line, ten times a second. Beside a program, which writes to the same terminal whenever it
 * likes, a line of its own every 30 seconds. Elsewhere no line. At the end a summary of each channel.
 */
export function streamProgress(wanted: boolean, beside: boolean): StreamProgress {
  if (!wanted) return NONE;
  process.stderr.on('error', () => {});
  const terminal = isatty(STDERR) && process.env['TERM'] !== 'dumb';
  const live = terminal && !beside;
  const totals = new Map<string, ChannelTotal>();
  let shown = false;
  let timer: ReturnType<typeof setInterval> | undefined;
  const columns = (): number => process.stderr.columns || DEFAULT_COLUMNS;
  const clear = (): void => {
    if (shown) process.stderr.write('\r\x1b[K');
    shown = false;
  };
  return {
    start: (metrics) => {
      if (!terminal) return;
      const show = (): void => {
        const line = progressLine(metrics(), columns() - 1);
        process.stderr.write(live ? `\r${line}\x1b[K` : `${freshLine(columns())}${line}\n`);
        shown = live;
      };
      timer = setInterval(show, live ? LIVE_MS : BESIDE_MS);
      timer.unref();
    },
    note: (event) => count(totals, event),
    clear,
    end: () => {
      clearInterval(timer);
      clear();
      const lines = [...totals].map(([channel, total]) => `recordpipe: ${summaryLine(channel, total)}\n`);
      if (lines.length > 0)
        process.stderr.write((terminal && beside ? freshLine(columns()) : '') + lines.join(''));
    },
  };
}

/** What the epochs of a channel come to. */
export interface ChannelTotal {
  epochs: number;
  /** Epochs whose reader left before the end. */
  early: number;
  bytes: number;
  seconds: number;
  readerWaitMs: number;
  sourceWaitMs: number;
  source: string;
}

function count(totals: Map<string, ChannelTotal>, event: StreamEvent): void {
  if (event.event !== 'epoch-end') return;
  const { channel, bytes, seconds, complete, readerWaitMs, sourceWaitMs, source } = event;
  const before = totals.get(channel);
  totals.set(channel, {
    epochs: (before?.epochs ?? 0) + 1,
    early: (before?.early ?? 0) + (complete ? 0 : 1),
    bytes: (before?.bytes ?? 0) + bytes,
    seconds: (before?.seconds ?? 0) + seconds,
    readerWaitMs: (before?.readerWaitMs ?? 0) + readerWaitMs,
    sourceWaitMs: (before?.sourceWaitMs ?? 0) + sourceWaitMs,
    source,
  });
}

/** `train: 3 epochs (1 left early), 9.60 GiB in 24.1 s, 408 MiB/s, waiting for reader 82 %`. */
export function summaryLine(channel: string, total: ChannelTotal): string {
  const { epochs, early, bytes, seconds } = total;
  const left = early === 0 ? '' : ` (${early} left early)`;
  const parts = [
    `${channel}: ${formatNumberOf(epochs, 'epoch')}${left}`,
    `${formatBytes(bytes)} in ${formatSeconds(seconds)}`,
    formatRate(bytes, seconds),
    bottleneck({ ...total, epochMs: seconds * 1000 }),
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

/**
 * Moves a terminal's cursor to the start of a line without output: as many blanks as the line is wide end on the next
 * line, unless the cursor is at the start already.
 */
function freshLine(columns: number): string {
  return `${' '.repeat(columns)}\r`;
}

/** All channels on one line of at most `columns` characters: with less detail where they are many, then fewer of them. */
export function progressLine(metrics: readonly ChannelMetrics[], columns: number): string {
  for (const text of DETAIL) {
    const line = metrics.map(text).join(' | ');
    if (line.length <= columns) return line;
  }
  const texts = metrics.map(DETAIL[DETAIL.length - 1]);
  for (let shown = texts.length - 1; shown > 0; shown--) {
    const line = `${texts.slice(0, shown).join(' | ')} | +${texts.length - shown} more`;
    if (line.length <= columns) return line;
  }
  return texts.length === 0 ? '' : texts[0].slice(0, columns);
}

const DETAIL = [
  (one: ChannelMetrics) => channelText(one, false),
  (one: ChannelMetrics) => channelText(one, true),
  briefText,
];

/** `train e0 3.20 GiB/12.0 GiB 410 MiB/s 1 retry ETA 0:21 waiting for reader 82 %`; `short`: `train e0 26 % 410 MiB/s ETA 0:21 reader 82 %`. */
function channelText(metrics: ChannelMetrics, short: boolean): string {
  const { channel, state, epoch, epochBytes, epochMs, retries } = metrics;
  if (state !== 'streaming') return briefText(metrics);
  const total = totalOf(metrics);
  const size = formatBytes(epochBytes) + (total === undefined ? '' : `/${formatBytes(total)}`);
  const hasEta = total !== undefined && epochBytes > 0 && epochBytes < total && epochMs >= ETA_AFTER_MS;
  const parts = [
    channel,
    `e${epoch}`,
    short && total !== undefined ? percent(epochBytes, total) : size,
    formatRate(epochBytes, epochMs / 1000),
    retries === 0 || short ? undefined : retries === 1 ? '1 retry' : `${retries} retries`,
    hasEta ? `ETA ${formatClock((((total - epochBytes) / epochBytes) * epochMs) / 1000)}` : undefined,
    short ? bottleneck(metrics)?.replace('waiting for ', '') : bottleneck(metrics),
  ];
  return parts.filter((part) => part !== undefined).join(' ');
}

/** `train e0 26 %`. */
function briefText(metrics: ChannelMetrics): string {
  const { channel, state, epoch, epochBytes } = metrics;
  if (state === 'waiting') return `${channel} e${epoch} no reader yet`;
  if (state !== 'streaming') return `${channel} ${state}`;
  const total = totalOf(metrics);
  return `${channel} e${epoch} ${total === undefined ? formatBytes(epochBytes) : percent(epochBytes, total)}`;
}

function totalOf({ epochBytes, epochTotalBytes }: ChannelMetrics): number | undefined {
  return epochTotalBytes !== undefined && epochTotalBytes >= epochBytes ? epochTotalBytes : undefined;
}

function percent(bytes: number, total: number): string {
  return `${total === 0 ? 100 : Math.floor((100 * bytes) / total)} %`;
}

/** Who the other has to wait for, and during which share of the time. */
function bottleneck(
  times: Pick<ChannelMetrics, 'epochMs' | 'readerWaitMs' | 'sourceWaitMs'> & { readonly source: string },
): string | undefined {
  const { epochMs, readerWaitMs, sourceWaitMs, source } = times;
  const [who, ms] = readerWaitMs >= sourceWaitMs ? ['reader', readerWaitMs] : [source, sourceWaitMs];
  return epochMs > 0 && (ms as number) / epochMs >= MIN_SHARE
    ? `waiting for ${who} ${Math.min(100, Math.round((100 * (ms as number)) / epochMs))} %`
    : undefined;
}
