import { readU32 } from '../../bytes/little-endian.ts';
import { isItemFailure } from '../../errors.ts';
import { decodeBytes } from '../../records/decode-bytes.ts';
import type { FrameReader } from '../../records/indexes/frame-reader.ts';
import { DAMAGED_OR_CHANGED, errorAt, indexMismatch } from '../../records/indexes/index-errors.ts';
import type { RecordIOLayout } from '../../records/indexes/layout-options.ts';
import { recordFormat } from '../registry.ts';
import {
  FIRST,
  PART_HEADER_BYTES,
  partBytes,
  partFlag,
  partLength,
  RECORDIO_MAGIC,
  WHOLE,
} from './layout.ts';

/** Frames of RecordIO: magic numbers and lengths are verified, parts put together. */
export class RecordIOFrames implements FrameReader {
  readonly before = 0;
  readonly headBytes: number = PART_HEADER_BYTES;
  readonly #uri: string;
  readonly #layout: RecordIOLayout;
  /** Of the last record, whose padding may be missing. */
  readonly #last: number;

  constructor(uri: string, layout: RecordIOLayout, count: number) {
    this.#uri = uri;
    this.#layout = layout;
    this.#last = count - 1;
  }

  headFits(bytes: Uint8Array, at: number, frameBytes: number, record: number): boolean {
    if (frameBytes < PART_HEADER_BYTES || readU32(bytes, at) !== RECORDIO_MAGIC) return false;
    const word = readU32(bytes, at + 4);
    if (partFlag(word) === WHOLE) return this.#isWhole(word, frameBytes, record);
    const { multipart, lenientFlags } = this.#layout;
    const mayBegin = partFlag(word) === FIRST || lenientFlags;
    return multipart !== 'error' && mayBegin && partBytes(partLength(word)) <= frameBytes;
  }

  payload(bytes: Uint8Array, at: number, frameBytes: number, record: number, offset: number): Uint8Array {
    if (!this.headFits(bytes, at, frameBytes, record)) {
      const place = { uri: this.#uri, record, offset };
      const what = `a record of ${frameBytes} bytes is to begin here, there is no such header`;
      throw indexMismatch(what, place, DAMAGED_OR_CHANGED);
    }
    const word = readU32(bytes, at + 4);
    const start = bytes.byteOffset + at;
    if (partFlag(word) === WHOLE)
      return new Uint8Array(bytes.buffer, start + PART_HEADER_BYTES, partLength(word));
    return this.#joined(new Uint8Array(bytes.buffer, start, frameBytes), record, offset);
  }

  #isWhole(word: number, frameBytes: number, record: number): boolean {
    const length = partLength(word);
    if (frameBytes === partBytes(length)) return true;
    return (
      record === this.#last && frameBytes >= PART_HEADER_BYTES + length && frameBytes < partBytes(length)
    );
  }

  /** A record of several parts. */
  #joined(frame: Uint8Array, record: number, offset: number): Uint8Array {
    const { multipart, lenientFlags } = this.#layout;
    const place = { uri: this.#uri, record, offset };
    const options = { compression: 'none', multipart, lenientFlags } as const;
    const batches = decodeBytes('decodeRecordIO', recordFormat('recordio'), frame, options);
    try {
      const first = batches.next().value;
      if (first?.length === 1 && batches.next().done) return first.record(0);
    } catch (error) {
      throw isItemFailure(error) ? errorAt(error, place) : error;
    }
    const what = `one record of ${frame.length} bytes is to lie here, there are several`;
    throw indexMismatch(what, place, DAMAGED_OR_CHANGED);
  }
}
