import type { RecordpipeError } from '../errors.ts';

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
