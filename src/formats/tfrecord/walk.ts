import { readU32 } from '../../bytes/binary-data.ts';
import { maskCrc32c } from '../../crc32c/crc32c.ts';
import type { ErrorPlace } from '../../errors.ts';
import { type Findings, placed } from '../corruption.ts';
import { CHECK_DATA, DATA_CHECKSUM, type FrameScanner, NEED_MORE } from '../frame-scan.ts';
import type { OnProgress, RecordSource, WalkCounts } from '../record-format.ts';
import {
  FOOTER_BYTES,
  HEADER_BYTES,
  OVERHEAD_BYTES,
  scanError,
  truncatedHeader,
  truncatedRecord,
} from './layout.ts';
import type { TFRecordOptions } from './options.ts';
import { checksOf } from './scanner.ts';

/** Number of bytes of damaged data to inspect for a likely cause. */
const HEAD_BYTES = 512;

/**
 * An invalid frame. The scanner's result contains the reason; the checker's `offset` is the frame's
 * position.
 */
export interface BadFrame {
  /** The first available bytes of the frame. */
  readonly head: Uint8Array;
  /** Index of the next frame in the chunk, where checking can resume if the header is valid. */
  readonly next: number;
}

/**
 * Checks the frames of a stream of chunks without holding a record. One kernel call checks all
 * whole frames of a chunk; a frame that spans chunks is checked in pieces. Memory use is constant.
 */
export class FrameChecker {
  /** Number of valid frames so far. */
  records = 0;
  /** Total payload size of valid frames, in bytes. */
  payloadBytes = 0;
  /** Position of the next frame in the stream. */
  offset = 0;
  /**
   * Number of bytes read of the frame at `offset`. If it is not 0 at the end of the stream, the
   * last frame is truncated.
   */
  seen = 0;
  /** Payload size of the frame at `offset`, once its header has been read. */
  length = 0;
  readonly #scanner: FrameScanner;
  readonly #checks: number;
  readonly #maxRecordBytes: number;
  /** The header, and later the footer, of a frame that spans chunks. */
  readonly #piece = new Uint8Array(HEADER_BYTES);
  #crc = 0;
  #bad: BadFrame | undefined;

  constructor(scanner: FrameScanner, checks: number, maxRecordBytes: number) {
    this.#scanner = scanner;
    this.#checks = checks;
    this.#maxRecordBytes = maxRecordBytes;
  }

  /** Whether the header of the frame at `offset` has been read, but not the whole frame. */
  get insideFrame(): boolean {
    return this.seen >= HEADER_BYTES;
  }

  /**
   * Checks `chunk` from index `from`, up to its end or the first invalid frame, which it returns.
   */
  check(chunk: Uint8Array, from: number): BadFrame | undefined {
    this.#bad = undefined;
    let at = from;
    if (this.seen > 0) {
      at = this.#continue(chunk, at);
      if (this.#bad !== undefined || this.seen > 0) return this.#bad;
    }
    const { result } = this.#scanner;
    this.#scanner.scan(chunk, at, chunk.length, this.#checks, this.#maxRecordBytes, false);
    const { count, position } = result;
    this.records += count;
    this.payloadBytes += position - at - count * OVERHEAD_BYTES;
    this.offset += position - at;
    if (result.stop !== NEED_MORE) {
      this.length = result.stop === DATA_CHECKSUM ? result.lengthLow : 0;
      this.#bad = {
        head: chunk.subarray(position, position + HEAD_BYTES),
        next: position + this.length + OVERHEAD_BYTES,
      };
    } else if (position < chunk.length) {
      this.#crc = 0;
      this.#continue(chunk, position);
    }
    return this.#bad;
  }

  /** Skips the invalid frame. */
  skip(): void {
    this.offset += this.length + OVERHEAD_BYTES;
    this.seen = 0;
    this.#crc = 0;
  }

  /** Continues the frame that spans chunks. Returns the index after its bytes. */
  #continue(chunk: Uint8Array, from: number): number {
    let at = from;
    if (this.seen < HEADER_BYTES) {
      at = this.#collect(chunk, at, this.seen, HEADER_BYTES);
      if (this.seen < HEADER_BYTES) return at;
      if (!this.#headerIsGood()) return at;
    }
    const payloadEnd = HEADER_BYTES + this.length;
    if (this.seen < payloadEnd) {
      const taken = Math.min(payloadEnd - this.seen, chunk.length - at);
      if ((this.#checks & CHECK_DATA) !== 0)
        this.#crc = this.#scanner.crc32c(chunk.subarray(at, at + taken), this.#crc);
      this.seen += taken;
      at += taken;
      if (this.seen < payloadEnd) return at;
    }
    at = this.#collect(chunk, at, this.seen - payloadEnd, FOOTER_BYTES);
    if (this.seen === payloadEnd + FOOTER_BYTES) this.#finish(at);
    return at;
  }

  /** Copies bytes of the chunk into the piece, which has `have` of its `needed` bytes. */
  #collect(chunk: Uint8Array, at: number, have: number, needed: number): number {
    const taken = Math.min(needed - have, chunk.length - at);
    for (let i = 0; i < taken; i++) this.#piece[have + i] = chunk[at + i];
    this.seen += taken;
    return at + taken;
  }

  #headerIsGood(): boolean {
    const { result } = this.#scanner;
    this.#scanner.scan(this.#piece, 0, HEADER_BYTES, this.#checks, this.#maxRecordBytes, false);
    if (result.stop !== NEED_MORE) {
      this.length = 0;
      this.#bad = { head: this.#piece.slice(), next: 0 };
      return false;
    }
    this.length = readU32(this.#piece, 0);
    return true;
  }

  #finish(next: number): void {
    const { result } = this.#scanner;
    const expected = readU32(this.#piece, 0);
    const actual = maskCrc32c(this.#crc);
    if ((this.#checks & CHECK_DATA) !== 0 && expected !== actual) {
      result.stop = DATA_CHECKSUM;
      result.expected = expected;
      result.actual = actual;
      result.lengthLow = this.length;
      result.lengthHigh = 0;
      this.#bad = { head: new Uint8Array(0), next };
      return;
    }
    this.records++;
    this.payloadBytes += this.length;
    this.skip();
  }
}

/** Scans strictly and in constant memory. Frames that span chunks are checked in pieces. */
export async function walkTFRecords(
  opened: RecordSource,
  options: TFRecordOptions,
  scanner: FrameScanner,
  findings: Findings,
  onProgress: OnProgress,
): Promise<WalkCounts> {
  const { maxRecordBytes } = options;
  const { result } = scanner;
  const checker = new FrameChecker(scanner, checksOf(options), maxRecordBytes);
  const { offset = 0, record = 0 } = opened.start ?? {};
  checker.offset = offset;
  let skipped = 0;
  const place = (): ErrorPlace => ({
    uri: opened.uri,
    compressed: opened.compression !== 'none',
    record: record + checker.records + skipped,
    offset: checker.offset,
  });

  try {
    for await (const chunk of opened.chunks) {
      onProgress?.(opened.stored.bytes);
      for (let bad = checker.check(chunk, 0); bad !== undefined; bad = checker.check(chunk, bad.next)) {
        const error = scanError(result, maxRecordBytes, bad.head, place());
        if (result.stop !== DATA_CHECKSUM) throw error;
        findings.add(error);
        skipped++;
        checker.skip();
      }
      if (checker.insideFrame && opened.size !== undefined) {
        const have = opened.size() - checker.offset;
        if (have < checker.length + OVERHEAD_BYTES) throw truncatedRecord(checker.length, have, place());
      }
    }
    if (checker.insideFrame) throw truncatedRecord(checker.length, checker.seen, place());
    if (checker.seen > 0 && options.onTruncated === 'error') throw truncatedHeader(checker.seen, place());
  } catch (error) {
    findings.addOrThrow(placed(error, place()));
  }
  const { records, payloadBytes } = checker;
  return { records, payloadBytes, trailingBytes: 0, next: place() };
}
