import type { ErrorPlace, RecordpipeError } from '../../errors.ts';
import { RecordBatch } from '../batch.ts';
import { extended } from '../codec-options.ts';
import { CorruptionBudget, newReadStats, type ReadStats } from '../corruption.ts';
import { allZero, RecordCursor } from '../cursor.ts';
import type { DecoderSource, FormatReading, RecordCodec, RecordDecoder } from '../record-format.ts';
import { PART_HEADER_BYTES, partLength } from './layout.ts';
import { type RecordIOOptions, recordIOReading } from './options.ts';
import { PARTS_WANTED, PartJoiner, RecordParts } from './parts.ts';
import { RecordIORecovery } from './recovery.ts';
import {
  BAD_MAGIC,
  NEED_MORE,
  ownRecordIOScanner,
  type RecordIOScanner,
  sharedRecordIOScanner,
} from './scanner.ts';
import { walkRecordIO } from './walk.ts';

export const recordIOCodec: RecordCodec<RecordIOOptions> = /* @__PURE__ */ extended<
  RecordCodec<RecordIOOptions>,
  FormatReading<RecordIOOptions>
>(recordIOReading, {
  lenient: ({ recover, trailing }) => recover !== 'none' || trailing !== 'error',
  decoder: (options, source, stats) => new RecordIODecoder(options, source, stats),
  walk: (opened, options, findings, onProgress) =>
    walkRecordIO(opened, options, sharedRecordIOScanner(), findings, onProgress),
  own(bufferBytes, buffers) {
    const { scanner, nextBuffer } = ownRecordIOScanner(bufferBytes, buffers);
    return {
      nextBuffer,
      decoder: (options, source, stats) => new RecordIODecoder(options, source, stats, scanner),
      walk: (opened, options, findings, onProgress) =>
        walkRecordIO(opened, options, scanner, findings, onProgress),
    };
  },
});

/**
 * Maximum size of a batch, unless a single record is larger. It keeps indexes small, and lets
 * positions fit into 32 bits.
 */
const BATCH_BYTES = 1024 * 1024;

type State = 'records' | 'in-parts' | 'searching' | 'zero-tail' | 'ended';
/** Result of a step: a batch; `again` to continue; `wait` to wait for the next chunk. */
type Outcome = RecordBatch | 'again' | 'wait';

/**
 * Decodes RecordIO. Single-part records are views. A multipart record is joined in new memory and
 * forms its own batch.
 */
export class RecordIODecoder implements RecordDecoder {
  readonly stats: ReadStats;
  readonly #options: RecordIOOptions;
  readonly #scanner: RecordIOScanner;
  readonly #budget: CorruptionBudget;
  readonly #cursor: RecordCursor;
  readonly #joiner: PartJoiner;
  /** Follows the current record if it has several parts or is invalid. */
  readonly #parts: RecordParts;
  readonly #recovery: RecordIORecovery | undefined;
  #state: State = 'records';
  /** Position of the record whose parts are being joined. */
  #start = 0;
  /** Error of the first zero byte, kept while only zeros follow. */
  #tailError: RecordpipeError | undefined;

  constructor(
    options: RecordIOOptions,
    source: DecoderSource = {},
    stats: ReadStats = newReadStats(),
    scanner: RecordIOScanner = sharedRecordIOScanner(),
  ) {
    this.stats = stats;
    this.#options = options;
    this.#scanner = scanner;
    this.#budget = new CorruptionBudget(options, stats);
    this.#cursor = new RecordCursor(source, stats);
    this.#joiner = new PartJoiner(options.reuse);
    this.#parts = new RecordParts(options, this.#joiner);
    if (options.recover === 'scan')
      this.#recovery = new RecordIORecovery(this.#cursor, options, this.#budget);
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
    return this.#state === 'in-parts' ? this.#cursor.place(this.#start) : this.#cursor.place();
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
      const outcome = this.#step();
      if (outcome === 'wait') return null;
      if (outcome !== 'again') return outcome;
    }
  }

  #step(): Outcome {
    switch (this.#state) {
      case 'records':
        return this.#cursor.window.advance() ? this.#walk() : 'wait';
      case 'in-parts':
        return this.#continue();
      case 'zero-tail':
        return this.#readZeros();
      case 'searching':
        return this.#search();
      default:
        return 'wait';
    }
  }

  #walk(): Outcome {
    const { window } = this.#cursor;
    const batch = this.#scan();
    if (batch !== null) return batch;
    const { count, stop } = this.#scanner.result;
    if (count === 0 && stop === BAD_MAGIC && this.#acceptTail()) return 'again';
    if (this.#recovery !== undefined) return this.#recoverOne(this.#recovery);
    if (stop === NEED_MORE) return this.#wantMore();
    this.#start = window.position;
    this.#parts.begin();
    this.#state = 'in-parts';
    return 'again';
  }

  /** Scans the window. Returns null if it does not begin with a whole record of one part. */
  #scan(): RecordBatch | null {
    const { bytes, at, end } = this.#cursor.window;
    const { maxRecordBytes, strictPadding } = this.#options;
    const { result } = this.#scanner;
    const to = Math.min(end, at + BATCH_BYTES);
    this.#scanner.scan(bytes, at, to, maxRecordBytes, strictPadding, true);
    if (result.count === 0 && result.stop === NEED_MORE && to < end) {
      this.#scanner.scan(bytes, at, Math.min(end, at + result.wanted), maxRecordBytes, strictPadding, true);
    }
    let { count, position, payloadBytes } = result;
    if (count > 0 && this.#recovery !== undefined && !this.#followed(position, to)) {
      // Leave this record to the recovery, which also inspects the bytes after it.
      count--;
      position = result.index[2 * count] - PART_HEADER_BYTES;
      payloadBytes -= result.index[2 * count + 1];
    }
    return count === 0 ? null : this.#deliver(result.index, count, position, payloadBytes);
  }

  /** Reports whether another record, or the end, is known to follow the last scanned record. */
  #followed(position: number, to: number): boolean {
    const { stop } = this.#scanner.result;
    if (stop !== NEED_MORE) return stop !== BAD_MAGIC;
    const { window, final } = this.#cursor;
    return to - position >= PART_HEADER_BYTES || (final && window.unread === position - window.at);
  }

  #deliver(places: Uint32Array, count: number, position: number, payloadBytes: number): RecordBatch {
    const { window, record } = this.#cursor;
    const index = this.#options.reuse ? places : places.slice(0, 2 * count);
    const batch = new RecordBatch(window.bytes, index, count, record, window.base, PART_HEADER_BYTES);
    window.at = position;
    this.#cursor.count(count, payloadBytes);
    this.#budget.sawGood();
    return batch;
  }

  #deliverJoined(start: number): RecordBatch {
    const bytes = this.#joiner.take();
    const index = Uint32Array.of(0, bytes.length);
    const batch = new RecordBatch(bytes, index, 1, this.#cursor.record, start, 0, this.#parts.count);
    this.#cursor.count(1, bytes.length);
    this.#budget.sawGood();
    return batch;
  }

  /** Delivers the first record of the window, which is whole but may lack padding. */
  #deliverHere(): RecordBatch {
    const { window } = this.#cursor;
    const { bytes, at, end } = window;
    const start = window.position;
    this.#parts.begin();
    const next = this.#parts.feed(bytes, at, end);
    const { joined, length } = this.#parts;
    if (!joined) return this.#deliver(Uint32Array.of(at + PART_HEADER_BYTES, length), 1, next, length);
    window.at = next;
    return this.#deliverJoined(start);
  }

  /** Handles a window that ends within a single-part record. */
  #wantMore(): Outcome {
    const { window, final } = this.#cursor;
    const { wanted, word } = this.#scanner.result;
    if (wanted > PART_HEADER_BYTES) {
      const have = this.#cursor.streamHas;
      if (PART_HEADER_BYTES + partLength(word) > have) throw this.#endError(have) as RecordpipeError;
    }
    if (window.want(wanted)) return 'again';
    return final ? this.#atEnd() : 'wait';
  }

  /** Joins the parts of the current record. */
  #continue(): Outcome {
    const { window, final } = this.#cursor;
    const parts = this.#parts;
    while (parts.status === PARTS_WANTED && window.advance()) {
      window.at = parts.feed(window.bytes, window.at, window.end);
    }
    if (parts.status !== PARTS_WANTED) {
      const error = parts.error(this.place);
      if (error !== undefined) throw error;
    } else if (!final) {
      const have = this.#cursor.streamHas;
      if (parts.missingPayload <= have) return 'wait';
      throw parts.endError(this.place, parts.seen + have) as RecordpipeError;
    } else {
      const cut = parts.endError(this.place);
      if (cut !== undefined) throw cut;
      this.stats.warnings++;
    }
    const batch = this.#deliverJoined(this.#start);
    this.#state = 'records';
    return batch;
  }

  /**
   * Returns the error for a stream that ends after `have` bytes of the current record. Returns
   * undefined if only padding is missing and the options accept that.
   */
  #endError(have: number): RecordpipeError | undefined {
    const { bytes, at, end } = this.#cursor.window;
    const parts = new RecordParts(this.#options);
    parts.feed(bytes, at, end);
    return parts.endError(this.place, have);
  }

  /** Handles a stream that ends within a record or within invalid bytes. */
  #atEnd(): Outcome {
    const { window } = this.#cursor;
    const have = window.unread;
    const error = this.#endError(have);
    if (error === undefined) {
      this.stats.warnings++;
      return this.#deliverHere();
    }
    if (error.code === 'truncated-header') return this.#endInHeader(have, error);
    if (this.#recovery === undefined) throw error;
    if (error.code === 'missing-padding') this.#recovery.skip(error);
    else this.#recovery.skipTruncated(error);
    this.#state = 'searching';
    return 'again';
  }

  #endInHeader(have: number, error: RecordpipeError): Outcome {
    const { bytes, at, end } = this.#cursor.window;
    const { trailing, onTruncated } = this.#options;
    if (trailing === 'ignore' || (trailing === 'zeros-ok' && allZero(bytes, at, end)))
      this.stats.trailingBytes += have;
    else if (onTruncated === 'error') throw error;
    this.#state = 'ended';
    return 'wait';
  }

  /**
   * Treats bytes that are not a record as the end of the stream if the options allow it. Returns
   * true if so.
   */
  #acceptTail(): boolean {
    const { window, record } = this.#cursor;
    const { bytes, at, end, unread } = window;
    const { trailing } = this.#options;
    if (trailing === 'zeros-ok' && allZero(bytes, at, at + PART_HEADER_BYTES)) {
      const parts = new RecordParts(this.#options);
      parts.feed(bytes, at, end);
      this.#tailError = parts.error(this.place);
      this.#state = 'zero-tail';
      return true;
    }
    if (trailing !== 'ignore' || record === 0) return false;
    this.stats.trailingBytes += unread;
    this.#state = 'ended';
    return true;
  }

  /**
   * Handles one record with `recover: 'scan'`. The record stays in the window until it is known to
   * be valid.
   */
  #recoverOne(recovery: RecordIORecovery): Outcome {
    const verdict = recovery.judge();
    if (verdict === 'whole') return this.#deliverHere();
    if (verdict === 'end') return this.#atEnd();
    if (verdict !== 'search') return verdict;
    this.#state = 'searching';
    return 'again';
  }

  #search(): Outcome {
    if (this.#recovery?.search() !== 'found') return 'wait';
    this.#state = 'records';
    return 'again';
  }

  /** Reads zero bytes at the end. Any other byte after them is corruption. */
  #readZeros(): Outcome {
    if (!this.#cursor.countTrailingZeros(0)) return 'wait';
    const error = this.#tailError as RecordpipeError;
    if (this.#recovery === undefined) throw error;
    this.#cursor.skipTrailing();
    this.#budget.spend(error);
    this.#cursor.record++;
    this.#state = 'searching';
    return 'again';
  }
}
