import { readU32 } from '../../bytes/binary-data.ts';
import type { RecordpipeError } from '../../errors.ts';
import {
  CHECK_DATA,
  CHECK_LENGTH,
  DATA_CHECKSUM,
  type FrameScanner,
  LENGTH_CHECKSUM,
  NEED_MORE,
} from '../frame-scan.ts';
import { DAMAGED_OR_CHANGED, indexMismatch } from '../index-errors.ts';
import type { BoundaryFinder, FrameReader, FrameSink, HeaderHop } from '../record-format.ts';
import {
  HEADER_BYTES,
  hasHeader,
  MAX_RECORD_BYTES,
  OVERHEAD_BYTES,
  SMDEBUG_DATA_CRC,
  scanError,
} from './layout.ts';
import type { TFRecordOptions } from './options.ts';
import { ownTFRecordScanner, sharedTFRecordScanner } from './scanner.ts';

/** Reads TFRecord frames and verifies both checksums. */
export class TFRecordFrames implements FrameReader {
  readonly before = 0;
  readonly headBytes: number = HEADER_BYTES;
  readonly #uri: string;
  readonly #smdebug: boolean;
  readonly #scanner = sharedTFRecordScanner();

  constructor(uri: string, payloadCrc: 'crc32c' | 'smdebug') {
    this.#uri = uri;
    this.#smdebug = payloadCrc === 'smdebug';
  }

  headFits(bytes: Uint8Array, at: number, frameBytes: number): boolean {
    if (frameBytes < OVERHEAD_BYTES) return false;
    const { result } = this.#scanner;
    this.#scanner.scan(bytes, at, at + HEADER_BYTES, CHECK_LENGTH, MAX_RECORD_BYTES, false);
    return result.stop === NEED_MORE && readU32(bytes, at) + OVERHEAD_BYTES === frameBytes;
  }

  payload(bytes: Uint8Array, at: number, frameBytes: number, record: number, offset: number): Uint8Array {
    const { result } = this.#scanner;
    const end = at + frameBytes;
    this.#scanner.scan(bytes, at, end, CHECK_LENGTH | CHECK_DATA, MAX_RECORD_BYTES, false);
    if (result.count !== 1 || result.position !== end) {
      const { stop, expected, position } = result;
      const whole =
        stop === DATA_CHECKSUM && position === at && result.lengthLow === frameBytes - OVERHEAD_BYTES;
      if (!(whole && this.#smdebug && expected === SMDEBUG_DATA_CRC))
        throw this.#error(bytes, at, frameBytes, whole, record, offset);
    }
    return new Uint8Array(bytes.buffer, bytes.byteOffset + at + HEADER_BYTES, frameBytes - OVERHEAD_BYTES);
  }

  /**
   * Returns the error for an invalid frame.
   * @param whole whether the frame has the size that the index states
   */
  #error(
    bytes: Uint8Array,
    at: number,
    frameBytes: number,
    whole: boolean,
    record: number,
    offset: number,
  ): RecordpipeError {
    const { result } = this.#scanner;
    const place = { uri: this.#uri, record, offset };
    if (whole) return scanError(result, MAX_RECORD_BYTES, bytes.subarray(at, at + frameBytes), place);
    const found =
      result.position === at && result.stop === LENGTH_CHECKSUM
        ? 'but there is no valid header'
        : 'but the header there specifies a different length';
    return indexMismatch(
      `a record of ${frameBytes} bytes should begin here, ${found}`,
      place,
      DAMAGED_OR_CHANGED,
    );
  }
}

/** Size of a block. It walks 10 million records of 100 bytes in 186 ms; 64 KiB take 199 ms. */
const BLOCK_BYTES = 128 * 1024;

/** Walks TFRecord headers and verifies the checksums of their lengths. */
export class TFRecordHop implements HeaderHop {
  readonly block: Uint8Array;
  records = 0;
  position = 0;
  frame = 0;
  readonly mayEnd = true;
  readonly #scanner: FrameScanner;
  readonly #maxRecordBytes: number;
  readonly #sink: FrameSink | undefined;

  constructor({ maxRecordBytes }: TFRecordOptions, sink: FrameSink | undefined) {
    const { scanner, nextBuffer } = ownTFRecordScanner(BLOCK_BYTES, 1);
    this.block = nextBuffer();
    this.#scanner = scanner;
    this.#maxRecordBytes = maxRecordBytes;
    this.#sink = sink;
  }

  walk(have: number): boolean {
    const { result } = this.#scanner;
    this.#scanner.scan(this.block, 0, have, CHECK_LENGTH, this.#maxRecordBytes, this.#sink !== undefined);
    const { count, position, index } = result;
    if (count > 0) {
      this.#sink?.addSteps(index, count);
      this.#sink?.addFrame(position - (index[2 * count - 2] - HEADER_BYTES));
    }
    this.records += count;
    this.position = position;
    this.frame = have - position >= HEADER_BYTES ? result.wanted : 0;
    return result.stop === NEED_MORE;
  }

  hop(): void {
    this.records++;
    this.#sink?.addFrame(this.frame);
  }
}

/** Returns a finder of headers with valid checksums. */
export function tfrecordBoundaries(): BoundaryFinder {
  const scanner = sharedTFRecordScanner();
  return {
    headBytes: HEADER_BYTES,
    find: (bytes, from) => scanner.findHeader(bytes, from, bytes.length, MAX_RECORD_BYTES),
    frameBytes: (head) => (hasHeader(head) ? readU32(head, 0) + OVERHEAD_BYTES : 0),
  };
}
