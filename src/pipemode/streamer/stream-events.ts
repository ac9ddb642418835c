import { rmSync } from 'node:fs';
import { RecordpipeError } from '../../errors.ts';
import { removeLeftTemporaries, replaceFileSync } from '../../storage/local/temporary-file.ts';
import { type EpochStartStatus, statusPath } from '../job/channel-files.ts';
import { withFileErrors } from '../job/config-file.ts';
import { statOf } from './fifo.ts';
import type { EpochPosition } from './resume/epoch-position.ts';

/** An event of a streamer. More kinds and fields may be added. */
export type StreamEvent =
  | {
      /** Kind of the event. */
      readonly event: 'channel';
      /** Name of the channel. */
      readonly channel: string;
      /** Number of objects, or of lines of an augmented manifest. */
      readonly objects: number;
      /** Existing pipes that the channel uses. */
      readonly reused: readonly string[];
    }
  | {
      /** Kind of the event. */
      readonly event: 'epoch-start';
      /** Name of the channel. */
      readonly channel: string;
      /** Zero-based number of the epoch. */
      readonly epoch: number;
      /** Number of objects, or of lines of an augmented manifest. */
      readonly objects: number;
    }
  | EpochEnd
  | ResumedChannel
  | {
      /** Kind of the event. */
      readonly event: 'checkpoint';
      /** Path of the checkpoint file. */
      readonly path: string;
      /** Position of each channel. */
      readonly channels: Readonly<Record<string, Pick<EpochPosition, 'epoch' | 'records' | 'bytes'>>>;
    }
  | {
      /** Kind of the event. */
      readonly event: 'warning';
      /** Name of the channel. */
      readonly channel: string;
      /** Identifies the kind of warning. */
      readonly code: string;
      /** Human-readable description. */
      readonly message: string;
    }
  | {
      /** Kind of the event. */
      readonly event: 'failure';
      /** Name of the channel. */
      readonly channel: string;
      /** Zero-based number of the epoch; null if the failure is not related to an epoch. */
      readonly epoch: number | null;
      /** The error that ends the channel. */
      readonly error: RecordpipeError;
    };

/** A channel that resumes within an epoch, or in an epoch after the first. */
export interface ResumedChannel extends EpochPosition {
  /** Kind of the event. */
  readonly event: 'resumed';
  /** Name of the channel. */
  readonly channel: string;
  /**
   * Whether the position comes from a reader, so that no record is sent again. If false, the
   * position comes from the checkpoint of a streamer, and a reader may have already read records
   * after this position.
   */
  readonly exact: boolean;
}

/** The end of an epoch. */
export interface EpochEnd {
  /** Kind of the event. */
  readonly event: 'epoch-end';
  /** Name of the channel. */
  readonly channel: string;
  /** Zero-based number of the epoch. */
  readonly epoch: number;
  /** Number of bytes accepted by the pipe. */
  readonly bytes: number;
  /** Duration of the epoch, in seconds. */
  readonly seconds: number;
  /** Whether all bytes were delivered. If false, the reader closed the pipe early. */
  readonly complete: boolean;
  /** Time during which bytes waited for the reader, in milliseconds. */
  readonly readerWaitMs: number;
  /** Time during which the reader waited for bytes, in milliseconds. */
  readonly sourceWaitMs: number;
  /** Source of the bytes. */
  readonly source: StreamSource;
}

/** The source of a channel's bytes. `objects` means the objects named in an augmented manifest. */
export type StreamSource = 'S3' | 'disk' | 'objects';

/** A function that is called with each event. */
export type OnStreamEvent = (event: StreamEvent) => void;

/** The progress of a channel. Times are in milliseconds and cover the current epoch. */
export interface ChannelMetrics {
  /** Name of the channel. */
  readonly channel: string;
  /**
   * State of the channel: `listing` at first, then `waiting` for the reader and `streaming` in each
   * epoch, and finally `done` or `failed`.
   */
  readonly state: 'listing' | 'waiting' | 'streaming' | 'done' | 'failed';
  /** Zero-based number of the current epoch. */
  readonly epoch: number;
  /** Number of bytes of this epoch accepted by the pipe. */
  readonly epochBytes: number;
  /** Size of this epoch in bytes before decompression and wrapping; undefined if unknown. */
  readonly epochTotalBytes: number | undefined;
  /** Total number of bytes of all epochs. */
  readonly bytes: number;
  /** Number of epochs served, including those that the reader did not read to the end. */
  readonly epochs: number;
  /** Milliseconds since the epoch started. */
  readonly epochMs: number;
  /**
   * Time during which bytes waited for the reader. A high value means that the reader is the
   * bottleneck.
   */
  readonly readerWaitMs: number;
  /**
   * Time during which an empty pipe waited for bytes. A high value means that the source is the
   * bottleneck.
   */
  readonly sourceWaitMs: number;
  /** Source of the bytes. */
  readonly source: StreamSource;
  /** Number of requests that were retried after a failure. */
  readonly retries: number;
  /** Number of requests for objects, including retries. */
  readonly requests: number;
}

/** Name, type, help text and value of each metric. */
const METRICS: readonly [string, 'counter' | 'gauge', string, (channel: ChannelMetrics) => number][] = [
  ['bytes_total', 'counter', 'Bytes accepted by the pipes of all epochs.', ({ bytes }) => bytes],
  ['epochs_total', 'counter', 'Epochs served.', ({ epochs }) => epochs],
  ['requests_total', 'counter', 'Requests for objects, including retries.', ({ requests }) => requests],
  ['retries_total', 'counter', 'Requests retried after a failure.', ({ retries }) => retries],
  ['epoch', 'gauge', 'Index of the current epoch.', ({ epoch }) => epoch],
  [
    'epoch_bytes',
    'gauge',
    'Bytes accepted by the pipe of the current epoch.',
    ({ epochBytes }) => epochBytes,
  ],
  [
    'epoch_reader_wait_seconds',
    'gauge',
    'Time in the current epoch during which bytes waited for the reader.',
    ({ readerWaitMs }) => readerWaitMs / 1000,
  ],
  [
    'epoch_source_wait_seconds',
    'gauge',
    'Time in the current epoch during which the pipe waited for bytes.',
    ({ sourceWaitMs }) => sourceWaitMs / 1000,
  ],
];

/**
 * Returns the metrics of channels in the text format of Prometheus (version 0.0.4). The names of
 * the metrics start with `recordpipe_stream_`. Metrics with a `host` have a label for it.
 *
 * @example
 * ```ts
 * import { PipeModeStreamer, prometheusText } from 'recordpipe/pipemode/streamer';
 * const streamer = new PipeModeStreamer({ channels: [{ name: 'train', uri: 'data' }], pipeDir: 'pipes' });
 * console.log(prometheusText(streamer.metrics).split('\n')[2]); // recordpipe_stream_bytes_total{channel="train"} 0
 * ```
 */
export function prometheusText(metrics: readonly (ChannelMetrics & { readonly host?: string })[]): string {
  return METRICS.map(([name, kind, help, value]) => {
    const full = `recordpipe_stream_${name}`;
    const lines = metrics.map((one) => `${full}{${labels(one)}} ${value(one)}`);
    return [`# HELP ${full} ${help}`, `# TYPE ${full} ${kind}`, ...lines, ''].join('\n');
  }).join('');
}

function labels({ channel, host }: { readonly channel: string; readonly host?: string }): string {
  const ofHost = host === undefined ? '' : `,host="${labelValue(host)}"`;
  return `channel="${labelValue(channel)}"${ofHost}`;
}

/** Escapes a label value for Prometheus' text format. */
function labelValue(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

/**
 * The contents of `CHANNEL.status.json` next to the pipes. This file is necessary because a pipe
 * cannot carry an error, and a premature end of file is indistinguishable from a regular one.
 */
export interface ChannelStatus {
  /** Name of the channel. */
  readonly channel: string;
  /** Index of the current or last epoch. */
  readonly epoch: number;
  /** State of the channel. */
  readonly state: 'streaming' | 'done' | 'failed';
  /** Number of bytes of this epoch that the pipe accepted. */
  readonly bytes: number;
  /** Whether this epoch was delivered completely. */
  readonly complete: boolean;
  /** The error that ended the channel; null if no error occurred. */
  readonly error: ReturnType<RecordpipeError['toJSON']> | null;
  /** Inode of the pipe of this epoch, which identifies the streamer that created the pipe. */
  readonly pipe: string;
  /**
   * Whether the pipe accepted all bytes of this epoch. This field is written before the pipe is
   * closed.
   */
  readonly sent: boolean;
  /** Position at which the bytes of the first pipe start, if the run resumed within an epoch. */
  readonly start?: EpochStartStatus | undefined;
}

/** Replaces the status file. @throws RecordpipeError `access-denied`, `io-failure` */
export function writeStatus(folder: string, status: ChannelStatus): void {
  const path = statusPath(folder, status.channel);
  withFileErrors(path, () => replaceFileSync(path, `${JSON.stringify(status)}\n`));
}

/**
 * Removes the status file of an earlier run, and the temporary files of a killed run. Call only
 * while holding the channel's lock.
 * @throws RecordpipeError `already-exists` if the path is not a regular file; `access-denied`,
 *   `io-failure`
 */
export function removeStatus(folder: string, channel: string): void {
  const path = statusPath(folder, channel);
  const found = statOf(path);
  if (found !== undefined && !found.isFile()) {
    const what =
      'a link, named pipe or folder has the name of the status file; remove it, or choose another folder';
    throw new RecordpipeError('already-exists', what, { uri: path });
  }
  withFileErrors(path, () => {
    removeLeftTemporaries(path);
    rmSync(path, { force: true });
  });
}
