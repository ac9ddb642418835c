import { readU32 } from '../../bytes/binary-data.ts';
import type { ErrorPlace, RecordpipeError } from '../../errors.ts';
import { RecordBatch } from '../batch.ts';
import { extended } from '../codec-options.ts';
import { CorruptionBudget, newReadStats, type ReadStats } from '../corruption.ts';
import { allZero, RecordCursor } from '../cursor.ts';
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
import { checksOf, ownTFRecordScanner, sharedTFRecordScanner } from './scanner.ts';
import { walkTFRecords } from './walk.ts';

export const tfrecordCodec: RecordCodec<TFRecordOptions> = /* @__PURE__ */ extended<
  RecordCodec<TFRecordOptions>,
  FormatReading<TFRecordOptions>
>(tfrecordReading, {
  lenient: ({ recover, trailing, payloadCrc }) =>
    recover !== 'none' || trailing !== 'error' || payloadCrc !== 'crc32c',
  decoder: (options, source, stats) => new TFRecordDecoder(options, source, stats),
  walk: (opened, options, findings, onProgress) =>
    walkTFRecords(opened, options, sharedTFRecordScanner(), findings, onProgress),
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

/**
 * Maximum size of a batch, unless a single record is larger. It keeps indexes small, and lets
 * positions fit into 32 bits.
 */
const BATCH_BYTES = 1024 * 1024;
/** Number of bytes of damaged data to inspect for a likely cause. */
const HEAD_BYTES = 512;

type State = 'frames' | 'searching' | 'zero-tail' | 'ended';
/** Result of a step: a batch; `again` to continue; `wait` to wait for the next chunk. */
type Outcome = RecordBatch | 'again' | 'wait';

/** Decodes and verifies TFRecords. */
export class TFRecordDecoder implements RecordDecoder {
  readonly stats: ReadStats;
  readonly #options: TFRecordOptions;
  readonly #scanner: FrameScanner;
  readonly #checks: number;
  readonly #budget: CorruptionBudget;
  readonly #cursor: RecordCursor;
  #state: State = 'frames';
  /** Error of the first zero byte, kept while only zeros follow. */
  #tailError: RecordpipeError | undefined;
  /**
   * Error of a truncated frame, kept during the search for a later record. If there is no such
   * record, the stream itself is truncated.
   */
  #truncated: RecordpipeError | undefined;

  constructor(
    options: TFRecordOptions,
    source: DecoderSource = {},
    stats: ReadStats = newReadStats(),
    scanner: FrameScanner = sharedTFRecordScanner(),
  ) {
    this.stats = stats;
    this.#options = options;
    this.#scanner = scanner;
    this.#checks = checksOf(options);
    this.#budget = new CorruptionBudget(options, stats);
    this.#cursor = new RecordCursor(source, stats, options.reuse);
  }

  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#cursor.window.push(chunk);
  }

  end(): void {
    this.#cursor.final = true;
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  get place(): ErrorPlace {
    return this.#cursor.place();
  }

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
      if (this.#state === 'zero-tail' && !this.#readZeros()) return null;
      if (this.#state === 'searching' && !this.#search()) return null;
      if (!this.#cursor.window.advance()) return null;
      const batch = this.#scan();
      if (batch !== null) return batch;
      const outcome = this.#scanner.result.stop === NEED_MORE ? this.#needMore() : this.#badFrame();
      if (outcome === 'wait') return null;
      if (outcome !== 'again') return outcome;
    }
  }

  /** Scans the window. Returns null if it does not begin with a whole valid record. */
  #scan(): RecordBatch | null {
    const { bytes, at, end } = this.#cursor.window;
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
    const { window, record } = this.#cursor;
    const batch = new RecordBatch(window.bytes, index, count, record, window.base, HEADER_BYTES);
    this.#cursor.count(count, position - window.at - count * OVERHEAD_BYTES);
    this.#budget.sawGood();
    window.at = position;
    return batch;
  }

  /** Handles a window that ends within the frame. */
  #needMore(): Outcome {
    const { wanted } = this.#scanner.result;
    const { window, final, streamHas } = this.#cursor;
    if (wanted > HEADER_BYTES && wanted > streamHas) return this.#truncatedFrame(wanted, streamHas);
    if (window.want(wanted)) return 'again';
    return final ? this.#endWithin(wanted) : 'wait';
  }

  /** Handles a frame of `needed` bytes when the stream has only `have` of them. */
  #truncatedFrame(needed: number, have: number): Outcome {
    const error = truncatedRecord(needed - OVERHEAD_BYTES, have, this.place);
    if (this.#options.recover === 'none') throw error;
    this.#truncated = error;
    return this.#startSearch();
  }

  /** Handles a stream that ends within a frame of `needed` bytes. */
  #endWithin(needed: number): Outcome {
    const { trailing, onTruncated } = this.#options;
    const { bytes, at, end, unread } = this.#cursor.window;
    if (needed > HEADER_BYTES) return this.#truncatedFrame(needed, unread);
    if (trailing === 'ignore' || (trailing === 'zeros-ok' && allZero(bytes, at, end)))
      this.stats.trailingBytes += unread;
    else if (onTruncated === 'error') throw truncatedHeader(unread, this.place);
    this.#state = 'ended';
    return 'wait';
  }

  /** Accepts or skips an invalid frame, or throws its error. */
  #badFrame(): Outcome {
    const { stop } = this.#scanner.result;
    const { trailing, recover } = this.#options;
    const { window, record } = this.#cursor;
    if (stop === DATA_CHECKSUM) return this.#badPayload();
    if (stop === LENGTH_CHECKSUM && trailing === 'zeros-ok') {
      if (allZero(window.bytes, window.at, window.at + HEADER_BYTES)) {
        this.#tailError = this.#scanError();
        this.#state = 'zero-tail';
        return 'again';
      }
    }
    if (stop === LENGTH_CHECKSUM && trailing === 'ignore' && record > 0) {
      this.stats.trailingBytes += window.unread;
      this.#state = 'ended';
      return 'wait';
    }
    const error = this.#scanError();
    if (recover === 'none') throw error;
    this.#budget.spend(error);
    return this.#startSearch();
  }

  /** Handles a frame with a valid header and a corrupt payload. */
  #badPayload(): Outcome {
    const { expected, lengthLow } = this.#scanner.result;
    const { window } = this.#cursor;
    const frame = lengthLow + OVERHEAD_BYTES;
    if (this.#options.payloadCrc === 'smdebug' && expected === SMDEBUG_DATA_CRC)
      return this.#deliver(Uint32Array.of(window.at + HEADER_BYTES, lengthLow), 1, window.at + frame);
    const error = this.#scanError();
    const follows = this.#options.recover !== 'scan' || this.#recordFollows(frame);
    if (follows === undefined) return 'wait';
    this.#budget.spend(error);
    if (!follows) return this.#startSearch();
    this.#cursor.skip(frame);
    this.#cursor.record++;
    return 'again';
  }

  /**
   * Reports whether a record, or the end of the stream, follows the frame. If neither does, bytes
   * were lost or added, and the length is valid only by chance. Returns undefined if more bytes are
   * needed.
   */
  #recordFollows(frame: number): boolean | undefined {
    const { window, final } = this.#cursor;
    if (!window.want(frame + HEADER_BYTES)) return final ? window.unread === frame : undefined;
    const next = window.at + frame;
    return (
      this.#scanner.findHeader(window.bytes, next, next + HEADER_BYTES, this.#options.maxRecordBytes) === next
    );
  }

  #startSearch(): Outcome {
    this.#cursor.record++;
    this.#cursor.skip(1);
    this.#state = 'searching';
    return 'again';
  }

  /**
   * Skips to the next frame with a valid header and payload. Returns false if more bytes are
   * needed.
   */
  #search(): boolean {
    const { window, final } = this.#cursor;
    const { maxRecordBytes, payloadCrc } = this.#options;
    window.advance();
    window.join();
    for (;;) {
      const { bytes, at, end } = window;
      const found = this.#scanner.findHeader(bytes, at, end, maxRecordBytes);
      if (found < 0) {
        this.#cursor.skip(final ? end - at : Math.max(0, end - at - HEADER_BYTES + 1));
        if (final) {
          if (this.#truncated !== undefined) throw this.#truncated;
          this.#state = 'ended';
        }
        return false;
      }
      this.#cursor.skip(found - at);
      const frame = readU32(bytes, found) + OVERHEAD_BYTES;
      if (frame > end - found) {
        if (!final && frame <= this.#cursor.streamHas) return false;
      } else {
        this.#scanner.scan(bytes, found, found + frame, CHECK_LENGTH | CHECK_DATA, maxRecordBytes, false);
        const { count, expected } = this.#scanner.result;
        if (count === 1 || (payloadCrc === 'smdebug' && expected === SMDEBUG_DATA_CRC)) {
          if (this.#truncated !== undefined) this.#budget.spend(this.#truncated);
          this.#truncated = undefined;
          this.#state = 'frames';
          return true;
        }
      }
      this.#cursor.skip(1);
    }
  }

  /**
   * Reads the zero bytes at the end. Returns true if something else follows, which starts a search
   * for a record.
   */
  #readZeros(): boolean {
    const search = this.#options.recover === 'scan';
    if (!this.#cursor.countTrailingZeros(search ? HEADER_BYTES - 1 : 0)) return false;
    const error = this.#tailError as RecordpipeError;
    if (!search) throw error;
    this.#cursor.skipTrailing();
    this.#budget.spend(error);
    this.#cursor.record++;
    this.#state = 'searching';
    return true;
  }

  #scanError(): RecordpipeError {
    const { bytes, at, end } = this.#cursor.window;
    const head = bytes.subarray(at, Math.min(end, at + HEAD_BYTES));
    return scanError(this.#scanner.result, this.#options.maxRecordBytes, head, this.place);
  }
}
