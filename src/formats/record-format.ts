import {
  DATA_ERROR_CODES,
  type ErrorPlace,
  isRecordpipeError,
  RecordpipeError,
  UsageError,
} from '../errors.ts';
import type { DetectCompression, RecordSource } from '../records/record-source.ts';
import type { RecordBatch } from './batch.ts';
import type { ReadStats } from './corruption.ts';
import { FORMAT_NAMES, type FormatName } from './format-name.ts';
import type { ReadOptions } from './read-options.ts';

export { FORMAT_NAMES, type FormatName };

/** What a scan counted on the way. */
export interface ScanCounts {
  readonly records: number;
  readonly payloadBytes: number;
  readonly trailingBytes: number;
  /** Oddities that were accepted and cost no byte of a record: see `ReadStats`. */
  readonly warnings?: number;
}

/** Told now and then how many stored bytes have been read. */
export type OnProgress = ((bytes: number) => void) | undefined;

/** A scanner with a memory of its own, and buffers in that memory, which it scans in place. */
export interface OwnScanning<O extends ReadOptions> {
  /** The next of the buffers, in turn. */
  nextBuffer(): Uint8Array;
  decoder(options: O, source: DecoderSource, stats: ReadStats): RecordDecoder;
  /** Strict: checks all records without ever holding one, in constant memory. What is wrong goes into `findings`, what keeps bytes from being read is thrown. */
  walk(opened: RecordSource, options: O, findings: Findings, onProgress: OnProgress): Promise<ScanCounts>;
}

/** All that the generic machinery (readers, scans, streams, detection) has to know of a format. */
export interface RecordFormat<O extends ReadOptions = ReadOptions> {
  readonly name: FormatName;
  /**
   * The complete options, checked.
   * @throws UsageError for a value that no option has
   */
  readOptions(given: Partial<O> | undefined): O;
  /** What scans, which are to find all that is odd, have by default in place of the readers' defaults. */
  readonly scanDefaults?: Partial<O>;
  /** Used where the compression is to be found out. */
  readonly detectCompression: DetectCompression;
  /** Whether a scan with these options needs the decoder, which holds one record at a time, because `walk` is strict. */
  lenient(options: O): boolean;
  /** A decoder over the scanner that this process shares. */
  decoder(options: O, source: DecoderSource, stats: ReadStats): RecordDecoder;
  /** A scanner of one's own with `buffers` buffers of `bufferBytes` bytes. */
  own(bufferBytes: number, buffers: number): OwnScanning<O>;
}

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

/** Errors found: the first `max` are kept, all are counted. */
export class Findings {
  readonly first: RecordpipeError[] = [];
  count = 0;
  readonly #max: number;
  readonly #onFinding: ((error: RecordpipeError) => void) | undefined;

  /** @param onFinding called with each error that is kept */
  constructor(max: number, onFinding?: (error: RecordpipeError) => void) {
    this.#max = max;
    this.#onFinding = onFinding;
  }

  add(error: RecordpipeError): void {
    this.count++;
    if (this.first.length >= this.#max) return;
    this.first.push(error);
    this.#onFinding?.(error);
  }

  /** Damage is a finding; what kept the bytes from being read is thrown. */
  addOrThrow(error: unknown): void {
    if (!isRecordpipeError(error) || !DATA_ERROR_CODES.has(error.code)) throw error;
    this.add(error);
  }
}

/**
 * Where reading begins. A {@link RecordpipeError} of an earlier reading is one: it knows the first record that was not delivered.
 */
export interface ReadStart {
  /** Position of the record's first byte, in the uncompressed bytes of the source. Default 0. */
  readonly offset?: number | undefined;
  /** Number of that record, from which records are counted. Default 0. */
  readonly record?: number | undefined;
}

/** @throws UsageError for positions that are not integers from 0 */
export function checkStart(start: ReadStart | undefined): void {
  if (start === undefined) return;
  if (typeof start !== 'object' || start === null)
    throw new UsageError(`start: expected an object { offset, record }, got ${String(start)}`);
  for (const name of ['offset', 'record'] as const) {
    const value = start[name] ?? 0;
    if (!(Number.isSafeInteger(value) && value >= 0))
      throw new UsageError(`start.${name}: expected an integer >= 0, got ${String(value)}`);
  }
}

/** The error for a source that ends before the position where reading is to begin. */
export function startBeyondEnd(offset: number, size: number, uri: string | undefined): RecordpipeError {
  const place: ErrorPlace = { uri };
  const text = `reading is to begin at byte ${offset}, the source ends at ${size}; it is not the source that was read before, or it shrank`;
  return new RecordpipeError('source-changed', text, place);
}

/** The chunks of a source from a position in it: what lies before is read and dropped. */
export function chunksFrom(
  chunks: AsyncIterable<Uint8Array>,
  offset: number,
  uri: string | undefined,
): AsyncIterable<Uint8Array> {
  if (offset === 0) return chunks;
  let iterator: AsyncIterator<Uint8Array> | undefined;
  let position = 0;
  const skipping: AsyncIterator<Uint8Array> = {
    async next() {
      iterator ??= chunks[Symbol.asyncIterator]();
      while (position < offset) {
        const step = await iterator.next();
        if (step.done) throw startBeyondEnd(offset, position, uri);
        const from = offset - position;
        position += step.value.length;
        if (position > offset) return { done: false, value: step.value.subarray(from) };
      }
      return iterator.next();
    },
    async return() {
      iterator ??= chunks[Symbol.asyncIterator]();
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => skipping };
}
