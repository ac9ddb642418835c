import type { ErrorPlace } from '../errors.ts';
import type { RecordBatch } from './batch.ts';
import type { ReadStats } from './corruption.ts';
import type { ReadStart } from './start.ts';

/** What a decoder knows of where the bytes come from. */
export interface DecoderSource {
  readonly uri?: string | undefined;
  readonly compressed?: boolean | undefined;
  /** How many bytes the stream has in all. Asked when a record seems to reach beyond what is at hand: a length is not believed before. */
  readonly size?: (() => number) | undefined;
  /** Position and number of the first record that will be pushed; default: the beginning of the stream. */
  readonly start?: ReadStart | undefined;
}

/**
 * Cuts a stream of uncompressed chunks of one format into batches of records: push a chunk, take batches until there is none, push the
 * next; `end()` after the last, and take batches again. Knows nothing of files or promises.
 */
export interface RecordDecoder {
  /** What has been read so far. */
  readonly stats: ReadStats;
  /** Whether nothing more will be delivered, whatever is pushed. */
  readonly ended: boolean;
  /** Where the next record begins. */
  readonly place: ErrorPlace;
  /** Takes the next chunk; the records of later batches are views into it. Only after `next()` returned null. */
  push(chunk: Uint8Array): void;
  /** Says that no more chunks come. */
  end(): void;
  /**
   * The next batch; null when more bytes are wanted or, after `end()`, when all is delivered.
   * @throws RecordpipeError at the first bad place that the options do not pass over; nothing is delivered after it
   */
  next(): RecordBatch | null;
}
