import type { ChannelMetrics, StreamEvent } from 'recordpipe/pipemode/streamer';
import {
  etaText,
  firstFitting,
  isLive,
  LIVE_MS,
  percentOf,
  retriesText,
  statusLine,
  terminalColumns,
} from './progress.ts';
import { formatBytes, formatNumberOf, formatRate, formatSeconds } from './text/format.ts';

/** Reports the progress of channels on standard error. */
export interface StreamProgress {
  start(metrics: () => readonly ChannelMetrics[]): void;
  /** Updates the totals for the summary. */
  note(event: StreamEvent): void;
  /** Removes the live line. Must be called before any other output. */
  clear(): void;
  /** Removes the live line and prints the summary. */
  end(): void;
}

const PLAIN_MS = 30_000;
/**
 * Minimum share of the time that one side must spend waiting for the other to count as a
 * bottleneck.
 */
const MIN_SHARE = 0.05;

/**
 * Reports progress on standard error. On a terminal, progress is one live line; with a program,
 * which may write to the same terminal at any time, it is a new line every 30 seconds; otherwise,
 * there is none. Ends with a summary of each channel.
 */
export function streamProgress(enabled: boolean, hasProgram: boolean): StreamProgress {
  const terminal = isLive();
  // A program may have left a line unfinished.
  const clear = terminal && hasProgram ? () => void process.stderr.write(freshLine()) : () => {};
  if (!enabled) return { start: () => {}, note: () => {}, clear, end: () => {} };
  const status = statusLine();
  const totals = new Map<string, ChannelTotal>();
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    start: (metrics) => {
      if (!terminal) return;
      const show = (): void => {
        const text = (columns: number): string => progressLine(metrics(), columns);
        if (!hasProgram) status.update(text);
        else process.stderr.write(`${freshLine()}${text(terminalColumns() - 1)}\n`);
      };
      timer = setInterval(show, hasProgram ? PLAIN_MS : LIVE_MS);
      timer.unref();
    },
    note: (event) => count(totals, event),
    clear: hasProgram ? clear : status.clear,
    end: () => {
      clearInterval(timer);
      if (!hasProgram) status.clear();
      const lines = [...totals].map(([channel, total]) => `recordpipe: ${summaryLine(channel, total)}\n`);
      if (lines.length === 0) return;
      clear();
      process.stderr.write(lines.join(''));
    },
  };
}

/** Totals over the epochs of a channel. */
export interface ChannelTotal {
  epochs: number;
  /** Number of epochs whose reader closed the pipe before the end. */
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
  const none = { epochs: 0, early: 0, bytes: 0, seconds: 0, readerWaitMs: 0, sourceWaitMs: 0, source };
  const total = totals.get(channel) ?? none;
  total.epochs++;
  if (!complete) total.early++;
  total.bytes += bytes;
  total.seconds += seconds;
  total.readerWaitMs += readerWaitMs;
  total.sourceWaitMs += sourceWaitMs;
  total.source = source;
  totals.set(channel, total);
}

/**
 * Formats the summary of a channel: `train: 3 epochs (1 closed early), 9.60 GiB in 24.1 s, 408
 * MiB/s, waiting for reader 82 %`.
 */
export function summaryLine(channel: string, total: ChannelTotal): string {
  const { epochs, early, bytes, seconds } = total;
  const left = early === 0 ? '' : ` (${early} closed early)`;
  const parts = [
    `${channel}: ${formatNumberOf(epochs, 'epoch')}${left}`,
    `${formatBytes(bytes)} in ${formatSeconds(seconds)}`,
    formatRate(bytes, seconds),
    bottleneck({ ...total, epochMs: seconds * 1000 }),
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

/**
 * Returns text that moves the cursor to the start of a line without visible output. A full row of
 * blanks wraps to the next line unless the cursor is already at the start.
 */
function freshLine(): string {
  return `${' '.repeat(terminalColumns())}\r`;
}

/**
 * Formats all channels on one line of at most `columns` columns. If they do not fit, drops details
 * first, then channels.
 */
export function progressLine(metrics: readonly ChannelMetrics[], columns: number): string {
  return firstFitting(channelLines(metrics), columns);
}

function* channelLines(metrics: readonly ChannelMetrics[]): Generator<string> {
  for (const text of [longText, shortText, briefText]) yield metrics.map(text).join(' | ');
  const texts = metrics.map(briefText);
  for (let shown = texts.length - 1; shown > 0; shown--)
    yield `${texts.slice(0, shown).join(' | ')} | +${texts.length - shown} more`;
  yield texts[0] ?? '';
}

/**
 * Formats a channel: `train e0 3.20 GiB/12.0 GiB 410 MiB/s 1 retry ETA 0:21 waiting for reader 82
 * %`.
 */
function longText(metrics: ChannelMetrics): string {
  const { epochBytes, retries } = metrics;
  const total = totalOf(metrics);
  const size = formatBytes(epochBytes) + (total === undefined ? '' : `/${formatBytes(total)}`);
  return channelText(metrics, size, retriesText(retries), bottleneck(metrics));
}

/** Formats a channel with fewer details: `train e0 26 % 410 MiB/s ETA 0:21 reader 82 %`. */
function shortText(metrics: ChannelMetrics): string {
  return channelText(
    metrics,
    shareText(metrics),
    undefined,
    bottleneck(metrics)?.replace('waiting for ', ''),
  );
}

function channelText(
  metrics: ChannelMetrics,
  size: string,
  retries: string | undefined,
  waiting: string | undefined,
): string {
  const { channel, state, epoch, epochBytes, epochMs } = metrics;
  if (state !== 'streaming') return briefText(metrics);
  const rate = formatRate(epochBytes, epochMs / 1000);
  const eta = etaText(epochBytes, totalOf(metrics) ?? 0, epochMs / 1000);
  const parts = [channel, `e${epoch}`, size, rate, retries, eta, waiting];
  return parts.filter((part) => part !== undefined).join(' ');
}

/** Formats a channel without details: `train e0 26 %`. */
function briefText(metrics: ChannelMetrics): string {
  const { channel, state, epoch } = metrics;
  if (state === 'waiting') return `${channel} e${epoch} no reader yet`;
  if (state !== 'streaming') return `${channel} ${state}`;
  return `${channel} e${epoch} ${shareText(metrics)}`;
}

function shareText(metrics: ChannelMetrics): string {
  const total = totalOf(metrics);
  return total === undefined ? formatBytes(metrics.epochBytes) : percentOf(metrics.epochBytes, total);
}

function totalOf({ epochBytes, epochTotalBytes }: ChannelMetrics): number | undefined {
  return epochTotalBytes !== undefined && epochTotalBytes >= epochBytes ? epochTotalBytes : undefined;
}

/** Returns the bottleneck, which is the side that the other side waits for, and its share of the time. */
function bottleneck(
  times: Pick<ChannelMetrics, 'epochMs' | 'readerWaitMs' | 'sourceWaitMs'> & { readonly source: string },
): string | undefined {
  const { epochMs, readerWaitMs, sourceWaitMs } = times;
  const [who, ms]: [string, number] =
    readerWaitMs >= sourceWaitMs ? ['reader', readerWaitMs] : [times.source, sourceWaitMs];
  return epochMs > 0 && ms / epochMs >= MIN_SHARE
    ? `waiting for ${who} ${Math.min(100, Math.round((100 * ms) / epochMs))} %`
    : undefined;
}
