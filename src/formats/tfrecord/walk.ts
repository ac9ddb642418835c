import { readU32 } from '../../bytes/binary-data.ts';
import { maskCrc32c } from '../../crc32c/crc32c.ts';
import type { ErrorPlace } from '../../errors.ts';
import { type Findings, placed } from '../corruption.ts';
import { CHECK_DATA, CHECK_LENGTH, DATA_CHECKSUM, type FrameScanner, NEED_MORE } from '../frame-scan.ts';
import type { OnProgress, RecordSource, ScanCounts } from '../record-format.ts';
import {
  FOOTER_BYTES,
  HEADER_BYTES,
  OVERHEAD_BYTES,
  scanError,
  truncatedHeader,
  truncatedRecord,
} from './layout.ts';
import type { TFRecordOptions } from './options.ts';

/** How much of a damaged place is shown to those who guess at the reason. */
const HEAD_BYTES = 512;

/** A frame that is not good; why, is in the scanner's result. Its position in the stream is the checker's `offset`. */
export interface BadFrame {
  /** Its first bytes, as many as are at hand. */
  readonly head: Uint8Array;
  /** Index in the chunk of the byte behind the frame, if its header is good: where checking may go on. */
  readonly next: number;
}

/**
 * Checks the frames of a stream of chunks without ever holding a record: whole frames of a chunk in one kernel call, the one
 * that straddles two chunks piece by piece. Memory is constant whatever the record size.
 */
export class FrameChecker {
  /** Good frames so far. */
  records = 0;
  /** Payload bytes of good frames. */
  payloadBytes = 0;
  /** Position in the stream of the next frame. */
  offset = 0;
  /** Bytes of the frame at `offset` seen so far: more than 0 at the end of the stream means it is cut short. */
  seen = 0;
  /** Length of the payload at `offset` once its header is known. */
  length = 0;
  readonly #scanner: FrameScanner;
  readonly #checks: number;
  readonly #maxRecordBytes: number;
  /** Header, later footer, of the straddling frame. */
  readonly #piece = new Uint8Array(HEADER_BYTES);
  #crc = 0;
  #bad: BadFrame | undefined;

  constructor(scanner: FrameScanner, checks: number, maxRecordBytes: number) {
    this.#scanner = scanner;
    this.#checks = checks;
    this.#maxRecordBytes = maxRecordBytes;
  }

  /** Whether the header of the frame at `offset` is known and its payload still comes. */
  get insideFrame(): boolean {
    return this.seen >= HEADER_BYTES;
  }

  /** Checks `chunk` from `from` on, up to its end or to the first bad frame, which is returned. */
  check(chunk: Uint8Array, from: number): BadFrame | undefined {
    this.#bad = undefined;
    let at = from;
    if (this.seen > 0) {
      at = this.#goOn(chunk, at);
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
      this.#goOn(chunk, position);
    }
    return this.#bad;
  }

  /** Leaves the bad frame, with its payload of `length` bytes, behind. */
  passOver(): void {
    this.offset += this.length + OVERHEAD_BYTES;
    this.seen = 0;
    this.#crc = 0;
  }

  /** One more piece of the frame that reaches beyond its chunk; the index behind what was used. */
  #goOn(chunk: Uint8Array, from: number): number {
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

  /** Copies bytes of the chunk into the piece, which has `have` of `wanted`. */
  #collect(chunk: Uint8Array, at: number, have: number, wanted: number): number {
    const taken = Math.min(wanted - have, chunk.length - at);
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
    this.passOver();
  }
}

/** Strict: walks from frame to frame, checking what is not whole in one chunk piece by piece. Memory is constant. */
export async function walkTFRecords(
  opened: RecordSource,
  options: TFRecordOptions,
  scanner: FrameScanner,
  findings: Findings,
  onProgress: OnProgress,
): Promise<ScanCounts> {
  const { checksum, maxRecordBytes } = options;
  const { result } = scanner;
  const checks = checksum === 'full' ? CHECK_LENGTH | CHECK_DATA : checksum === 'length' ? CHECK_LENGTH : 0;
  const checker = new FrameChecker(scanner, checks, maxRecordBytes);
  let passedOver = 0;
  const place = (): ErrorPlace => ({
    uri: opened.uri,
    compressed: opened.compression !== 'none',
    record: checker.records + passedOver,
    offset: checker.offset,
  });

  try {
    for await (const chunk of opened.chunks) {
      onProgress?.(opened.stored.bytes);
      for (let bad = checker.check(chunk, 0); bad !== undefined; bad = checker.check(chunk, bad.next)) {
        const error = scanError(result, maxRecordBytes, bad.head, place());
        if (result.stop !== DATA_CHECKSUM) throw error;
        findings.add(error);
        passedOver++;
        checker.passOver();
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
  return { records: checker.records, payloadBytes: checker.payloadBytes, trailingBytes: 0 };
}
