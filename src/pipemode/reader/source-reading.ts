import { abortable } from '../../bytes/abortable.ts';
import { FILE_BUFFERS } from '../../bytes/sources.ts';
import { type ErrorPlace, isRecordpipeError, RecordpipeError, sentenceOf, UsageError } from '../../errors.ts';
import type { RecordBatch } from '../../formats/batch.ts';
import type { ReadStart } from '../../formats/codec-options.ts';
import type { ReadStats } from '../../formats/corruption.ts';
import type {
  DecoderSource,
  DetectCompression,
  RecordCodec,
  RecordDecoder,
} from '../../formats/record-format.ts';
import { recordIOCodec } from '../../formats/recordio/decoder.ts';
import type { AnyOptions } from '../../formats/registry.ts';
import { textLineCodec } from '../../formats/textline/decoder.ts';
import { tfrecordCodec } from '../../formats/tfrecord/decoder.ts';
import { readOptions, type SourceOptions } from '../../records/read-options.ts';
import { openRecordSource } from '../../records/record-source.ts';
import type { EpochProgress } from './epoch-progress.ts';
import type { PipeModeOptions, RecordFormatName } from './pipe-mode-options.ts';
import { SageMakerRecordIODecoder, SageMakerTFRecordDecoder } from './sagemaker-decoders.ts';
import type { EpochSource } from './take-epoch.ts';

/** The means to decode one epoch of a channel: options, read buffers and decoders. */
export interface ChannelDecoding {
  readonly options: AnyOptions & SourceOptions;
  readonly detectCompression: DetectCompression;
  /** Returns the buffer for the next read, if buffers are reused. */
  readonly nextBuffer: (() => Uint8Array) | undefined;
  decoder(source: DecoderSource, stats: ReadStats): RecordDecoder;
}

/** Codecs by SageMaker's format names. A codec ignores the options of other codecs. */
const CODECS = {
  RecordIO: recordIOCodec,
  TFRecord: tfrecordCodec,
  TextLine: textLineCodec,
} as object as Readonly<Record<RecordFormatName, RecordCodec<AnyOptions>>>;

/**
 * Size of a buffer that is not reused. Such a buffer holds several reads of a 64 KiB pipe. It is
 * not larger, because records keep it alive.
 */
const FRESH_CHUNK_BYTES = 1024 * 1024;
/**
 * Size of each of the four rotating buffers. The CPU time per gigabyte is 179 ms for records of
 * 10 KB and 289 ms for records of 100 KB. With 256 KiB, which fits in the cache of one core, it is
 * 176 and 336 ms, because more records span two buffers. With 1 MiB, it is 196 and 258 ms.
 */
const REUSED_CHUNK_BYTES = 512 * 1024;

/**
 * Returns the {@link ChannelDecoding} for a channel.
 * @param reuse whether a batch is valid only until the next one is requested
 * @throws UsageError for an invalid option
 */
export function channelDecoding(pipe: PipeModeOptions, reuse: boolean): ChannelDecoding {
  const { recordFormat: name, compat, maxRecordBytes, maxCorruptedRecordsToSkip } = pipe;
  const { compression, onCorrupt } = pipe;
  const codec = CODECS[name];
  const options = readOptions(codec, {
    compression,
    maxRecordBytes,
    onCorrupt,
    maxCorruptedRecordsToSkip,
    multipart: 'concat',
    cr: 'keep',
    reuse,
    chunkBytes: reuse ? REUSED_CHUNK_BYTES : FRESH_CHUNK_BYTES,
  });
  const own = reuse ? codec.own(options.chunkBytes, FILE_BUFFERS) : undefined;
  return {
    options,
    detectCompression: codec.detectCompression,
    nextBuffer: own?.nextBuffer,
    decoder(source, stats) {
      if (compat !== undefined && name === 'RecordIO')
        return new SageMakerRecordIODecoder(maxRecordBytes, source, stats);
      const strict = (own ?? codec).decoder(options, source, stats);
      if (compat === undefined || name === 'TextLine') return strict;
      return new SageMakerTFRecordDecoder(strict, maxCorruptedRecordsToSkip);
    },
  };
}

/**
 * Reads one open source and updates `progress`. While `fill` returns true, call `next` until it
 * returns null. This is not a generator, because each generator costs about a microsecond per
 * batch, and a pipe yields one batch per 64 KiB.
 */
export class SourceReading {
  readonly #progress: EpochProgress;
  readonly #makeDecoder: () => RecordDecoder;
  /** Undefined until the first bytes or the end arrive. */
  #decoder: RecordDecoder | undefined;
  readonly #open: () => Promise<AsyncIterator<Uint8Array>>;
  readonly #raw: AsyncIterator<Uint8Array>;
  #chunks: AsyncIterator<Uint8Array> | undefined;
  readonly #beginning: ErrorPlace;
  #ended = false;

  constructor(
    source: EpochSource,
    decoding: ChannelDecoding,
    idleTimeoutMs: number,
    progress: EpochProgress,
    signal: AbortSignal,
    startOf: () => ReadStart | undefined = () => undefined,
  ) {
    const { options, nextBuffer } = decoding;
    const { chunkBytes, compression } = options;
    const chunks = abortable(source.chunks({ chunkBytes, nextBuffer }, idleTimeoutMs), signal);
    const compressed = compression !== 'none';
    const size = compressed ? undefined : source.size;
    this.#progress = progress;
    this.#beginning = { uri: source.path, compressed, record: 0, offset: 0 };
    this.#raw = chunks[Symbol.asyncIterator]();
    this.#open = async () => {
      if (!compressed) return this.#raw;
      const named = { ...options, uri: source.path };
      const inflated = await openRecordSource(chunks, named, decoding.detectCompression);
      return inflated.chunks[Symbol.asyncIterator]();
    };
    this.#makeDecoder = () =>
      decoding.decoder({ uri: source.path, size, compressed, start: startOf() }, progress.stats);
    progress.opened();
  }

  /** Waits for bytes or the end. @returns false once all bytes have been delivered */
  async fill(): Promise<boolean> {
    if (this.#ended || this.#decoder?.ended) return false;
    const requestedAt = performance.now();
    try {
      this.#chunks ??= await this.#open();
      const { done, value } = await this.#chunks.next();
      this.#decoder ??= this.#makeDecoder();
      if (done) {
        this.#ended = true;
        this.#decoder.end();
      } else {
        this.#decoder.push(value);
      }
    } catch (error) {
      throw withPlace(error, this.#decoder?.place ?? this.#beginning);
    } finally {
      const waited = performance.now() - requestedAt;
      this.#progress.waitMs += waited;
      this.#progress.readMs += waited;
    }
    return true;
  }

  /** Returns the next batch of the bytes received so far, or null if there is no problem. */
  next(): RecordBatch | null {
    const began = performance.now();
    try {
      const decoder = this.#decoder;
      const batch = decoder?.next() ?? null;
      if (batch !== null) this.#progress.began(batch, decoder?.place.offset as number);
      return batch;
    } finally {
      this.#progress.readMs += performance.now() - began;
    }
  }

  /** Closes the source. May be called at any time. */
  async close(): Promise<void> {
    await this.#chunks?.return?.();
    await this.#raw.return?.();
  }
}

/** Returns a pipe failure with the position of the current record added. */
function withPlace(error: unknown, place: ErrorPlace): unknown {
  if (!isRecordpipeError(error) || error instanceof UsageError || error.record !== undefined) return error;
  const uri = error.uri ?? place.uri;
  return new RecordpipeError(error.code, sentenceOf(error), { ...place, uri }, error.cause);
}
