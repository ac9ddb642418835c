import { isatty } from 'node:tty';
import type { ChannelMetrics } from 'recordpipe/streamer';
import { formatBytes, formatClock, formatRate } from './sizes.ts';

/** Tells on standard error how far channels are. */
export interface StreamProgress {
  start(metrics: () => readonly ChannelMetrics[]): void;
  /** Takes the live line away: before other output. */
  clear(): void;
  end(): void;
}

const STDERR = 2;
const LIVE_MS = 100;
const PLAIN_MS = 10_000;
/** Before that, starting up blurs the speed. */
const ETA_AFTER_MS = 1000;
/** Whoever made the other wait for less than this share of the time is not the bottleneck. */
const LEAST_SHARE = 0.05;
const NONE: StreamProgress = { start: () => {}, clear: () => {}, end: () => {} };

/** One live line, ten times a second, on a terminal; elsewhere a plain line every ten seconds. */
export function streamProgress(wanted: boolean): StreamProgress {
  if (!wanted) return NONE;
  process.stderr.on('error', () => {});
  const live = isatty(STDERR) && process.env['TERM'] !== 'dumb';
  let shown = false;
  let timer: ReturnType<typeof setInterval> | undefined;
  const clear = (): void => {
    if (shown) process.stderr.write('\r\x1b[K');
    shown = false;
  };
  return {
    start: (metrics) => {
      timer = setInterval(
        () => {
          const line = metrics().map(channelText).join(' | ');
          if (!live) process.stderr.write(`${line}\n`);
          else process.stderr.write(`\r${line.slice(0, (process.stderr.columns || 80) - 1)}\x1b[K`);
          shown = live;
        },
        live ? LIVE_MS : PLAIN_MS,
      );
      timer.unref();
    },
    clear,
    end: () => {
      clearInterval(timer);
      clear();
    },
  };
}

/** `train e0 3.20 GiB/12.0 GiB 410 MiB/s 1 retry ETA 0:21 waiting for reader 82 %`. */
export function channelText(metrics: ChannelMetrics): string {
  const { channel, state, epoch, epochBytes, epochTotalBytes, epochMs, retries } = metrics;
  if (state !== 'streaming') return `${channel} ${state === 'waiting' ? `e${epoch} no reader yet` : state}`;
  const known = epochTotalBytes !== undefined && epochTotalBytes >= epochBytes ? epochTotalBytes : undefined;
  const parts = [
    channel,
    `e${epoch}`,
    formatBytes(epochBytes) + (known === undefined ? '' : `/${formatBytes(known)}`),
  ];
  const rate = formatRate(epochBytes, epochMs / 1000);
  if (rate !== undefined) parts.push(rate);
  if (retries > 0) parts.push(retries === 1 ? '1 retry' : `${retries} retries`);
  if (known !== undefined && epochBytes > 0 && epochBytes < known && epochMs >= ETA_AFTER_MS)
    parts.push(`ETA ${formatClock((((known - epochBytes) / epochBytes) * epochMs) / 1000)}`);
  const wait = bottleneck(metrics);
  if (wait !== undefined) parts.push(wait);
  return parts.join(' ');
}

/** Who the other has to wait for, and for which share of the epoch's time. */
function bottleneck({ epochMs, readerWaitMs, sourceWaitMs }: ChannelMetrics): string | undefined {
  const [who, ms] = readerWaitMs >= sourceWaitMs ? ['reader', readerWaitMs] : ['S3', sourceWaitMs];
  return epochMs > 0 && ms / epochMs >= LEAST_SHARE
    ? `waiting for ${who} ${Math.round((100 * (ms as number)) / epochMs)} %`
    : undefined;
}
