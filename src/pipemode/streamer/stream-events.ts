import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { removeLeftTemporaries, replaceFileSync } from '../../storage/local/temporary-file.ts';
import { statOf } from './fifo/open-fifo.ts';

/** What happens while channels are streamed. More kinds and fields may be added. */
export type StreamEvent =
  | {
      readonly event: 'channel';
      readonly channel: string;
      readonly objects: number;
      readonly reused: readonly string[];
    }
  | {
      readonly event: 'epoch-start';
      readonly channel: string;
      readonly epoch: number;
      readonly objects: number;
    }
  | EpochEnd
  | { readonly event: 'warning'; readonly channel: string; readonly code: string; readonly message: string }
  | {
      readonly event: 'failure';
      readonly channel: string;
      readonly epoch: number | null;
      readonly error: RecordpipeError;
    };

/** An epoch that has been served. */
export interface EpochEnd {
  readonly event: 'epoch-end';
  readonly channel: string;
  readonly epoch: number;
  /** Bytes that the pipe took. */
  readonly bytes: number;
  readonly seconds: number;
  /** Whether everything was delivered; else the reader left before the end. */
  readonly complete: boolean;
  /** Milliseconds of the epoch during which bytes waited for the reader. */
  readonly readerWaitMs: number;
  /** Milliseconds of the epoch during which the reader waited for bytes. */
  readonly sourceWaitMs: number;
  readonly source: StreamSource;
}

/** Where the bytes of a channel come from; `objects`: from wherever an augmented manifest names them. */
export type StreamSource = 'S3' | 'disk' | 'objects';

/** Told of events as they happen. */
export type OnStreamEvent = (event: StreamEvent) => void;

/** How far a channel is. Times are in milliseconds, of this epoch. */
export interface ChannelMetrics {
  readonly channel: string;
  /** `listing`, then of each epoch `waiting` for its reader and `streaming`; at the end `done` or `failed`. */
  readonly state: 'listing' | 'waiting' | 'streaming' | 'done' | 'failed';
  readonly epoch: number;
  /** Bytes of this epoch that the pipe has taken. */
  readonly epochBytes: number;
  /** Bytes of this epoch before inflating and wrapping; undefined where that is not known. */
  readonly epochTotalBytes: number | undefined;
  /** Bytes of all epochs. */
  readonly bytes: number;
  /** Epochs that have been served, those that were left early included. */
  readonly epochs: number;
  readonly epochMs: number;
  /** How long bytes waited for the reader: then the reader is the bottleneck. */
  readonly readerWaitMs: number;
  /** How long the reader waited for bytes, with none left to write: then their source is the bottleneck. */
  readonly sourceWaitMs: number;
  readonly source: StreamSource;
  /** Requests that failed and were sent again. */
  readonly retries: number;
  readonly requests: number;
}

interface Row {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly value: (metrics: ChannelMetrics) => number;
}

const ROWS: readonly Row[] = [
  {
    name: 'bytes_total',
    kind: 'counter',
    help: 'Bytes that the pipes have taken.',
    value: ({ bytes }) => bytes,
  },
  {
    name: 'epochs_total',
    kind: 'counter',
    help: 'Epochs that have been served.',
    value: ({ epochs }) => epochs,
  },
  {
    name: 'requests_total',
    kind: 'counter',
    help: 'Requests for objects, further attempts included.',
    value: ({ requests }) => requests,
  },
  { name: 'retries_total', kind: 'counter', help: 'Further attempts.', value: ({ retries }) => retries },
  { name: 'epoch', kind: 'gauge', help: 'The epoch that is served.', value: ({ epoch }) => epoch },
  {
    name: 'epoch_bytes',
    kind: 'gauge',
    help: 'Bytes of this epoch that its pipe has taken.',
    value: ({ epochBytes }) => epochBytes,
  },
  {
    name: 'epoch_reader_wait_seconds',
    kind: 'gauge',
    help: 'Time of this epoch in which bytes waited for the reader.',
    value: ({ readerWaitMs }) => readerWaitMs / 1000,
  },
  {
    name: 'epoch_source_wait_seconds',
    kind: 'gauge',
    help: 'Time of this epoch in which the pipe waited for bytes.',
    value: ({ sourceWaitMs }) => sourceWaitMs / 1000,
  },
];

/**
 * Metrics of channels in the text format of Prometheus (version 0.0.4), names beginning with `recordpipe_stream_`.
 *
 * @example
 * ```ts
 * import { PipeModeStreamer, prometheusText } from 'recordpipe/pipemode/streamer';
 * const streamer = new PipeModeStreamer({ channels: [{ name: 'train', uri: 'data' }], pipeDir: 'pipes' });
 * console.log(prometheusText(streamer.metrics).split('\n')[2]); // recordpipe_stream_bytes_total{channel="train"} 0
 * ```
 */
export function prometheusText(metrics: readonly ChannelMetrics[]): string {
  return ROWS.map(({ name, kind, help, value }) => {
    const full = `recordpipe_stream_${name}`;
    const lines = metrics.map((one) => `${full}{channel="${labelValue(one.channel)}"} ${value(one)}`);
    return [`# HELP ${full} ${help}`, `# TYPE ${full} ${kind}`, ...lines, ''].join('\n');
  }).join('');
}

/** A label value as the text format quotes it. */
function labelValue(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

/** What `CHANNEL.status.json` beside the pipes says: a pipe cannot carry an error, and an end that comes too early looks like any other. */
export interface ChannelStatus {
  readonly channel: string;
  /** The epoch that is served, or was served last. */
  readonly epoch: number;
  readonly state: 'streaming' | 'done' | 'failed';
  /** Bytes of that epoch that its pipe took. */
  readonly bytes: number;
  /** Whether that epoch was delivered to its end. */
  readonly complete: boolean;
  readonly error: ReturnType<RecordpipeError['toJSON']> | null;
}

/** Where the status of a channel stands. */
export function statusPath(folder: string, channel: string): string {
  return join(folder, `${channel}.status.json`);
}

/** Replaces the status as a whole. @throws RecordpipeError `access-denied`, `io-failure` */
export function writeStatus(folder: string, status: ChannelStatus): void {
  const path = statusPath(folder, status.channel);
  try {
    replaceFileSync(path, `${JSON.stringify(status)}\n`);
  } catch (error) {
    throw fileError(error, path);
  }
}

/**
 * Removes what an earlier run said, and what it left of its status if it was killed. Only under the channel's lock.
 * @throws RecordpipeError `already-exists` if something other than a file has the name; `access-denied`, `io-failure`
 */
export function removeStatus(folder: string, channel: string): void {
  const path = statusPath(folder, channel);
  const found = statOf(path);
  if (found !== undefined && !found.isFile()) {
    const what =
      'a link, named pipe or folder has the name of the status file; remove it, or choose another folder';
    throw new RecordpipeError('already-exists', what, { uri: path });
  }
  try {
    removeLeftTemporaries(path);
    rmSync(path, { force: true });
  } catch (error) {
    throw fileError(error, path);
  }
}
