import { readU32 } from '../../bytes/binary-data.ts';
import { isItemFailure } from '../../errors.ts';
import { DAMAGED_OR_CHANGED, errorAt, indexMismatch } from '../index-errors.ts';
import type { FrameReader } from '../record-format.ts';
import { RecordIODecoder } from './decoder.ts';
import {
  FIRST,
  PART_HEADER_BYTES,
  partBytes,
  partFlag,
  partLength,
  RECORDIO_MAGIC,
  WHOLE,
} from './layout.ts';
import type { RecordIOOptions } from './options.ts';

/** Frames of RecordIO: magic numbers and lengths are verified, parts put together. */
export class RecordIOFrames implements FrameReader {
  readonly before = 0;
  readonly headBytes: number = PART_HEADER_BYTES;
  readonly #uri: string;
  readonly #options: RecordIOOptions;
  /** Of the last record, whose padding may be missing. */
  readonly #last: number;

  constructor(uri: string, options: RecordIOOptions, count: number) {
    this.#uri = uri;
    this.#options = options;
    this.#last = count - 1;
  }

  headFits(bytes: Uint8Array, at: number, frameBytes: number, record: number): boolean {
    if (frameBytes < PART_HEADER_BYTES || readU32(bytes, at) !== RECORDIO_MAGIC) return false;
    const word = readU32(bytes, at + 4);
    if (partFlag(word) === WHOLE) return this.#isWhole(word, frameBytes, record);
    const { multipart, lenientFlags } = this.#options;
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
    const place = { uri: this.#uri, record, offset };
    const decoder = new RecordIODecoder(this.#options, { size: () => frame.length });
    decoder.push(frame);
    try {
      const first = decoder.next();
      if (first === null) decoder.end();
      const only = first ?? decoder.next();
      if (only?.length === 1 && decoder.place.offset === frame.length) return only.record(0);
    } catch (error) {
      throw isItemFailure(error) ? errorAt(error, place) : error;
    }
    const what = `one record of ${frame.length} bytes is to lie here, there are several`;
    throw indexMismatch(what, place, DAMAGED_OR_CHANGED);
  }
}
