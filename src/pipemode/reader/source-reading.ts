import { abortable } from '../../bytes/abortable.ts';
import { type ErrorPlace, isRecordpipeError, RecordpipeError, sentenceOf, UsageError } from '../../errors.ts';
import type { RecordBatch } from '../../formats/batch.ts';
import type { RecordDecoder } from '../../formats/record-format.ts';
import { openRecordSource } from '../../records/record-source.ts';
import type { ChannelConfig } from '../job/environment.ts';
import type { EpochProgress } from './epoch-progress.ts';
import type { EpochSource } from './epoch-source.ts';
import type { ChannelDecoding, RecordFormatName } from './pipe-mode-options.ts';

/** What looks wrong about a channel's `RecordWrapperType` and how it is read; undefined if nothing does. */
export function wrapperMistake(
  { RecordWrapperType = 'None' }: ChannelConfig,
  channel: string,
  recordFormat: RecordFormatName,
  hasAttributes: boolean,
): string | undefined {
  const wrapped = RecordWrapperType.toLowerCase() === 'recordio';
  if (wrapped && recordFormat !== 'RecordIO') {
    return `channel ${channel} has RecordWrapperType RecordIO, which puts each object into a record, but is read as ${recordFormat}; drop one of the two`;
  }
  if (!wrapped && hasAttributes) {
    return `channel ${channel} has RecordWrapperType ${RecordWrapperType}: attributes of an augmented manifest then follow each other without borders; start the job with RecordWrapperType RecordIO`;
  }
  return undefined;
}

/**
 * Reads one open source: `fill`, then `next` until null, as long as `fill` says that there is more. Counts and times in `progress`. No generator: each one
 * that a batch passes through costs about a microsecond, and a pipe gives one batch for each of its 64 KiB.
 */
export class SourceReading {
  readonly #progress: EpochProgress;
  readonly #decoder: RecordDecoder;
  readonly #open: () => Promise<AsyncIterator<Uint8Array>>;
  readonly #raw: AsyncIterator<Uint8Array>;
  #chunks: AsyncIterator<Uint8Array> | undefined;
  #ended = false;

  constructor(
    source: EpochSource,
    decoding: ChannelDecoding,
    idleTimeoutMs: number,
    progress: EpochProgress,
    signal: AbortSignal,
  ) {
    const { options, nextBuffer } = decoding;
    const { chunkBytes, compression } = options;
    const chunks = abortable(source.chunks({ chunkBytes, nextBuffer }, idleTimeoutMs), signal);
    const compressed = compression !== 'none';
    const size = compressed ? undefined : source.size;
    this.#progress = progress;
    this.#raw = chunks[Symbol.asyncIterator]();
    this.#open = async () => {
      if (!compressed) return this.#raw;
      const named = { ...options, uri: source.path };
      const inflated = await openRecordSource(chunks, named, decoding.detectCompression);
      return inflated.chunks[Symbol.asyncIterator]();
    };
    this.#decoder = decoding.decoder({ uri: source.path, size, compressed }, progress.stats);
    progress.opened();
  }

  /** Waits for bytes, or the end; false when all has been delivered. */
  async fill(): Promise<boolean> {
    if (this.#ended || this.#decoder.ended) return false;
    const asked = performance.now();
    try {
      this.#chunks ??= await this.#open();
      const { done, value } = await this.#chunks.next();
      if (done) {
        this.#ended = true;
        this.#decoder.end();
      } else {
        this.#decoder.push(value);
      }
    } catch (error) {
      throw withPlace(error, this.#decoder.place);
    } finally {
      const waited = performance.now() - asked;
      this.#progress.waitMs += waited;
      this.#progress.readMs += waited;
    }
    return true;
  }

  /** The next batch of what has come. */
  next(): RecordBatch | null {
    const began = performance.now();
    try {
      const batch = this.#decoder.next();
      if (batch !== null) this.#progress.began(batch, this.#decoder.place.offset as number);
      return batch;
    } finally {
      this.#progress.readMs += performance.now() - began;
    }
  }

  /** Closes the source, at any moment. */
  async close(): Promise<void> {
    await this.#chunks?.return?.();
    await this.#raw.return?.();
  }
}

/** Failures of the pipe do not know which record was being read. */
function withPlace(error: unknown, place: ErrorPlace): unknown {
  if (!isRecordpipeError(error) || error instanceof UsageError || error.record !== undefined) return error;
  return new RecordpipeError(
    error.code,
    sentenceOf(error),
    { ...place, uri: error.uri ?? place.uri },
    error.cause,
  );
}
