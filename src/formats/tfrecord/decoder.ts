import { readU32 } from '../../bytes/little-endian.ts';
import { ByteWindow } from '../../bytes/window.ts';
import type { ErrorPlace, RecordpipeError } from '../../errors.ts';
import { RecordBatch } from '../batch.ts';
import { extended } from '../codec-options.ts';
import { CorruptionBudget, newReadStats, type ReadStats } from '../corruption.ts';
import {
  CHECK_DATA,
  CHECK_LENGTH,
  DATA_CHECKSUM,
  type FrameScanner,
  LENGTH_CHECKSUM,
  NEED_MORE,
} from '../frame-scan.ts';
import type { DecoderSource, FormatReading, RecordCodec, RecordDecoder } from '../record-format.ts';
import {
  HEADER_BYTES,
  OVERHEAD_BYTES,
  SMDEBUG_DATA_CRC,
  scanError,
  truncatedHeader,
  truncatedRecord,
} from './layout.ts';
import { type TFRecordOptions, tfrecordReading } from './options.ts';
import { ownTFRecordScanner, sharedTFRecordScanner } from './scanner.ts';
import { walkTFRecords } from './walk.ts';

export const tfrecordCodec: RecordCodec<TFRecordOptions> = /* @__PURE__ */ extended<
  RecordCodec<TFRecordOptions>,
  FormatReading<TFRecordOptions>
>(tfrecordReading, {
  lenient: ({ recover, trailing, payloadCrc }) =>
    recover !== 'none' || trailing !== 'error' || payloadCrc !== 'crc32c',
  decoder: (options, source, stats) => new TFRecordDecoder(options, source, stats),
  own(bufferBytes, buffers) {
    const { scanner, nextBuffer } = ownTFRecordScanner(bufferBytes, buffers);
    return {
      nextBuffer,
      decoder: (options, source, stats) => new TFRecordDecoder(options, source, stats, scanner),
      walk: (opened, options, findings, onProgress) =>
        walkTFRecords(opened, options, scanner, findings, onProgress),
    };
  },
});

/** The most bytes that one batch covers, unless a single record is larger: keeps indexes small and positions in 32 bits. */
const BATCH_BYTES = 1024 * 1024;
/** How much of a damaged place is looked at to guess at the reason. */
const HEAD_BYTES = 512;

type State = 'frames' | 'searching' | 'zero-tail' | 'ended';
/** What follows a bad frame: a batch, another look at the window, or waiting for more bytes. */
type Outcome = RecordBatch | 'again' | 'wait';

/**
 * Cuts a stream of uncompressed chunks into batches of verified records: push a chunk, take batches until there is none,
 * push the next; `end()` after the last, and take batches again. Knows nothing of files or promises.
 */
export class TFRecordDecoder implements RecordDecoder {
  readonly stats: ReadStats;
  readonly #options: TFRecordOptions;
  readonly #source: DecoderSource;
  readonly #scanner: FrameScanner;
  readonly #checks: number;
  readonly #budget: CorruptionBudget;
  readonly #window: ByteWindow;
  #state: State = 'frames';
  #final = false;
  /** Index of the next record. A corrupted place that is passed over counts as one record. */
  #record = 0;
  /** Why the bytes are no record, kept while they are only zeros. */
  #tailError: RecordpipeError | undefined;
  /** The frame that is cut short, kept while a record behind it is looked for: without one the stream itself is cut short. */
  #cutShort: RecordpipeError | undefined;

  constructor(
    options: TFRecordOptions,
    source: DecoderSource = {},
    stats: ReadStats = newReadStats(),
    scanner: FrameScanner = sharedTFRecordScanner(),
  ) {
    this.stats = stats;
    this.#options = options;
    this.#source = source;
    this.#scanner = scanner;
    this.#checks =
      options.checksum === 'full'
        ? CHECK_LENGTH | CHECK_DATA
        : options.checksum === 'length'
          ? CHECK_LENGTH
          : 0;
    this.#budget = new CorruptionBudget(options, this.stats);
    this.#window = new ByteWindow(options.reuse);
    this.#window.base = source.start?.offset ?? 0;
    this.#record = source.start?.record ?? 0;
  }

  /** Takes the next chunk; the records of later batches are views into it. Only after `next()` returned null. */
  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#window.push(chunk);
  }

  /** Says that no more chunks come. */
  end(): void {
    this.#final = true;
  }

  /** Whether nothing more will be delivered, whatever is pushed. */
  get ended(): boolean {
    return this.#state === 'ended';
  }

  /** Where the next record begins. */
  get place(): ErrorPlace {
    const { uri, compressed } = this.#source;
    return { uri, compressed, record: this.#record, offset: this.#window.position };
  }

  /**
   * The next batch; null when more bytes are wanted or, after `end()`, when all is delivered.
   * @throws RecordpipeError at the first bad place that the options do not pass over; nothing is delivered after it
   */
  next(): RecordBatch | null {
    try {
      return this.#next();
    } catch (error) {
      this.#state = 'ended';
      throw error;
    }
  }

  #next(): RecordBatch | null {
    for (;;) {
      if (this.#state === 'ended') return null;
      if (this.#state === 'zero-tail' && !this.#passZeros()) return null;
      if (this.#state === 'searching' && !this.#search()) return null;
      if (!this.#window.advance()) return null;
      const batch = this.#scan();
      if (batch !== null) return batch;
      const outcome = this.#scanner.result.stop === NEED_MORE ? this.#wantMore() : this.#judge();
      if (outcome === 'wait') return null;
      if (outcome !== 'again') return outcome;
    }
  }

  /** Walks what is at hand; a batch when there are whole good records. */
  #scan(): RecordBatch | null {
    const { bytes, at, end } = this.#window;
    const { maxRecordBytes } = this.#options;
    const { result } = this.#scanner;
    const to = Math.min(end, at + BATCH_BYTES);
    this.#scanner.scan(bytes, at, to, this.#checks, maxRecordBytes, true);
    if (result.count === 0 && result.stop === NEED_MORE && to < end) {
      this.#scanner.scan(bytes, at, Math.min(end, at + result.wanted), this.#checks, maxRecordBytes, true);
    }
    if (result.count === 0) return null;
    const index = this.#options.reuse ? result.index : result.index.slice(0, 2 * result.count);
    return this.#deliver(index, result.count, result.position);
  }

  #deliver(index: Uint32Array, count: number, position: number): RecordBatch {
    const window = this.#window;
    const batch = new RecordBatch(window.bytes, index, count, this.#record, window.base, HEADER_BYTES);
    this.stats.records += count;
    this.stats.payloadBytes += position - window.at - count * OVERHEAD_BYTES;
    this.#record += count;
    this.#budget.sawGood();
    window.at = position;
    return batch;
  }

  /** The frame at hand is not whole: has the stream the rest of it? */
  #wantMore(): Outcome {
    const { wanted } = this.#scanner.result;
    const { size } = this.#source;
    if (wanted > HEADER_BYTES && size !== undefined && !this.#final) {
      const have = size() - this.#window.position;
      if (wanted > have) return this.#missRest(wanted, Math.max(have, this.#window.unread));
    }
    if (this.#window.want(wanted)) return 'again';
    return this.#final ? this.#finish(wanted) : 'wait';
  }

  /** The frame at hand reaches beyond the end of the stream. */
  #missRest(wanted: number, have: number): Outcome {
    const error = truncatedRecord(wanted - OVERHEAD_BYTES, have, this.place);
    if (this.#options.recover === 'none') throw error;
    this.#cutShort = error;
    return this.#startSearch();
  }

  /** The stream ends inside a frame. */
  #finish(wanted: number): Outcome {
    const { trailing, onTruncated } = this.#options;
    const have = this.#window.unread;
    if (wanted > HEADER_BYTES) return this.#missRest(wanted, have);
    const { bytes, at, end } = this.#window;
    if (trailing === 'ignore' || (trailing === 'zeros-ok' && allZero(bytes, at, end)))
      this.stats.trailingBytes += have;
    else if (onTruncated === 'error') throw truncatedHeader(have, this.place);
    this.#state = 'ended';
    return 'wait';
  }

  /** A bad frame: accepts it, passes over it, or throws. */
  #judge(): Outcome {
    const { stop } = this.#scanner.result;
    const { trailing, recover } = this.#options;
    if (stop === DATA_CHECKSUM) return this.#judgePayload();
    if (stop === LENGTH_CHECKSUM && trailing === 'zeros-ok') {
      const { bytes, at } = this.#window;
      if (allZero(bytes, at, at + HEADER_BYTES)) {
        this.#tailError = this.#scanError();
        this.#state = 'zero-tail';
        return 'again';
      }
    }
    if (stop === LENGTH_CHECKSUM && trailing === 'ignore' && this.#record > 0) {
      this.stats.trailingBytes += this.#window.unread;
      this.#state = 'ended';
      return 'wait';
    }
    const error = this.#scanError();
    if (recover === 'none') throw error;
    this.#budget.spend(error);
    return this.#startSearch();
  }

  /** A frame with a good header whose payload is not what was written. */
  #judgePayload(): Outcome {
    const { expected, lengthLow } = this.#scanner.result;
    const window = this.#window;
    const end = window.at + lengthLow + OVERHEAD_BYTES;
    if (this.#options.payloadCrc === 'smdebug' && expected === SMDEBUG_DATA_CRC) {
      return this.#deliver(Uint32Array.of(window.at + HEADER_BYTES, lengthLow), 1, end);
    }
    const error = this.#scanError();
    if (this.#options.recover === 'scan') {
      const follows = this.#recordFollows(end - window.at);
      if (follows === undefined) return 'wait';
      this.#budget.spend(error);
      if (!follows) return this.#startSearch();
      window.at += lengthLow + OVERHEAD_BYTES;
    } else {
      this.#budget.spend(error);
      window.at = end;
    }
    this.stats.skippedBytes += lengthLow + OVERHEAD_BYTES;
    this.#record++;
    return 'again';
  }

  /** Whether a record, or the end, follows `frame` bytes on: if not, the length was right by accident and bytes were lost or added. */
  #recordFollows(frame: number): boolean | undefined {
    const window = this.#window;
    const wanted = frame + HEADER_BYTES;
    if (!window.want(wanted)) return this.#final ? window.unread === frame : undefined;
    const next = window.at + frame;
    return (
      this.#scanner.findHeader(window.bytes, next, next + HEADER_BYTES, this.#options.maxRecordBytes) === next
    );
  }

  #startSearch(): Outcome {
    this.#record++;
    this.#skip(1);
    this.#state = 'searching';
    return 'again';
  }

  /** Slides on to the next frame whose header and payload are both good; false when more bytes are wanted. */
  #search(): boolean {
    const window = this.#window;
    const { maxRecordBytes, payloadCrc } = this.#options;
    window.advance();
    window.join();
    for (;;) {
      const { bytes, at, end } = window;
      const found = this.#scanner.findHeader(bytes, at, end, maxRecordBytes);
      if (found < 0) {
        this.#skip(this.#final ? end - at : Math.max(0, end - at - HEADER_BYTES + 1));
        if (this.#final) {
          if (this.#cutShort !== undefined) throw this.#cutShort;
          this.#state = 'ended';
        }
        return false;
      }
      this.#skip(found - at);
      const frame = readU32(bytes, found) + OVERHEAD_BYTES;
      if (frame > end - found) {
        if (!this.#final && !this.#beyondSource(frame)) return false;
      } else {
        this.#scanner.scan(bytes, found, found + frame, CHECK_LENGTH | CHECK_DATA, maxRecordBytes, false);
        const { count, expected } = this.#scanner.result;
        if (count === 1 || (payloadCrc === 'smdebug' && expected === SMDEBUG_DATA_CRC)) {
          if (this.#cutShort !== undefined) this.#budget.spend(this.#cutShort);
          this.#cutShort = undefined;
          this.#state = 'frames';
          return true;
        }
      }
      this.#skip(1);
    }
  }

  #beyondSource(frame: number): boolean {
    const { size } = this.#source;
    return size !== undefined && this.#window.position + frame > size();
  }

  #skip(bytes: number): void {
    this.#window.at += bytes;
    this.stats.skippedBytes += bytes;
  }

  /** Passes over zeros; whether something else follows, before which a record is to be looked for. */
  #passZeros(): boolean {
    const window = this.#window;
    const { stats } = this;
    const search = this.#options.recover === 'scan';
    while (window.advance()) {
      if (search) window.join();
      if (!allZero(window.bytes, window.at, window.end)) {
        if (!search) throw this.#tailError;
        stats.skippedBytes += stats.trailingBytes;
        stats.trailingBytes = 0;
        this.#budget.spend(this.#tailError as RecordpipeError);
        this.#record++;
        this.#state = 'searching';
        return true;
      }
      // A header may begin with zeros, so the last ones stay where it is looked for.
      const kept = search && !this.#final ? Math.min(HEADER_BYTES - 1, window.end - window.at) : 0;
      stats.trailingBytes += window.end - kept - window.at;
      window.at = window.end - kept;
      if (kept > 0) return false;
    }
    return false;
  }

  #scanError(): RecordpipeError {
    const { bytes, at, end } = this.#window;
    const head = bytes.subarray(at, Math.min(end, at + HEAD_BYTES));
    return scanError(this.#scanner.result, this.#options.maxRecordBytes, head, this.place);
  }
}

function allZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
}
