import { readU32 } from '../../bytes/binary-data.ts';
import { isItemFailure } from '../../errors.ts';
import { DAMAGED_OR_CHANGED, errorAt, indexMismatch } from '../index-errors.ts';
import type { BoundaryFinder, FrameReader, FrameSink, HeaderHop } from '../record-format.ts';
import { RecordIODecoder } from './decoder.ts';
import {
  FIRST,
  hasMagic,
  judgePart,
  PART_CONTINUES,
  PART_ENDS,
  PART_HEADER_BYTES,
  partBytes,
  partFlag,
  partLength,
  RECORDIO_MAGIC,
  WHOLE,
} from './layout.ts';
import type { RecordIOOptions } from './options.ts';
import { findRecordHead } from './parts.ts';
import { IN_PARTS, NEED_MORE, ownRecordIOScanner, type RecordIOScanner } from './scanner.ts';

/** Reads RecordIO frames, verifies magic numbers and lengths, and joins parts. */
export class RecordIOFrames implements FrameReader {
  readonly before = 0;
  readonly headBytes: number = PART_HEADER_BYTES;
  readonly #uri: string;
  readonly #options: RecordIOOptions;
  /** Number of the last record, whose padding may be missing. */
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
      const what = `a record of ${frameBytes} bytes should begin here, but there is no matching header`;
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

  /** Joins the parts of a multipart record. */
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
    const what = `one record of ${frame.length} bytes should begin here, but there are several`;
    throw indexMismatch(what, place, DAMAGED_OR_CHANGED);
  }
}

const BLOCK_BYTES = 128 * 1024;

/** Walks RecordIO headers and verifies magic numbers, lengths and the order of parts. */
export class RecordIOHop implements HeaderHop {
  readonly block: Uint8Array;
  records = 0;
  position = 0;
  frame = 0;
  readonly #scanner: RecordIOScanner;
  readonly #options: RecordIOOptions;
  readonly #sink: FrameSink | undefined;
  /** Number of payload bytes in the parts of the current record; -1 between records. */
  #length = -1;
  /** Total size of the parts of the current record, in bytes. */
  #parts = 0;
  /** Flag and length of the part at `position`. */
  #word = 0;

  constructor(options: RecordIOOptions, sink: FrameSink | undefined) {
    const { scanner, nextBuffer } = ownRecordIOScanner(BLOCK_BYTES, 1);
    this.block = nextBuffer();
    this.#scanner = scanner;
    this.#options = options;
    this.#sink = sink;
  }

  get mayEnd(): boolean {
    return this.#length < 0;
  }

  walk(have: number): boolean {
    const { block } = this;
    const { result } = this.#scanner;
    let at = 0;
    for (;;) {
      if (this.#length < 0) {
        const { maxRecordBytes } = this.#options;
        this.#scanner.scan(block, at, have, maxRecordBytes, false, this.#sink !== undefined);
        this.#add(result.index, result.count, result.position);
        at = result.position;
        if (result.stop !== NEED_MORE && result.stop !== IN_PARTS) return false;
      }
      this.position = at;
      this.frame = 0;
      if (have - at < PART_HEADER_BYTES) return true;
      if (readU32(block, at) !== RECORDIO_MAGIC) return false;
      this.#word = readU32(block, at + 4);
      const verdict = judgePart(this.#length >= 0, this.#word, this.#options);
      if (verdict !== PART_ENDS && verdict !== PART_CONTINUES) return false;
      if (this.#joinedLength() > this.#options.maxRecordBytes) return false;
      this.frame = partBytes(partLength(this.#word));
      if (have - at < this.frame) return true;
      this.hop();
      at += this.frame;
    }
  }

  hop(): void {
    const ends = judgePart(this.#length >= 0, this.#word, this.#options) === PART_ENDS;
    this.#length = ends ? -1 : this.#joinedLength();
    this.#parts += this.frame;
    if (!ends) return;
    this.records++;
    this.#sink?.addFrame(this.#parts);
    this.#parts = 0;
  }

  #add(index: Uint32Array, count: number, end: number): void {
    this.records += count;
    if (count === 0 || this.#sink === undefined) return;
    this.#sink.addSteps(index, count);
    this.#sink.addFrame(end - (index[2 * count - 2] - PART_HEADER_BYTES));
  }

  /**
   * Returns the number of payload bytes of the current record, including the part at `position`.
   */
  #joinedLength(): number {
    const length = partLength(this.#word);
    if (this.#length < 0) return length;
    return this.#length + length + (this.#options.multipart === 'dmlc' ? 4 : 0);
  }
}

/** Finds first or only parts, whose headers lie at multiples of four. */
export const RECORDIO_BOUNDARIES: BoundaryFinder = {
  headBytes: PART_HEADER_BYTES,
  find: (bytes, from) => findRecordHead(bytes, from + (-from & 3), bytes.length),
  frameBytes: (head) => (hasMagic(head) ? partBytes(partLength(readU32(head, 4))) : 0),
};
