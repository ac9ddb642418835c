import { readU32 } from '../../bytes/binary-data.ts';
import type { FrameSink, HeaderHop } from '../record-format.ts';
import {
  judgePart,
  PART_CONTINUES,
  PART_ENDS,
  PART_HEADER_BYTES,
  partBytes,
  partLength,
  RECORDIO_MAGIC,
} from './layout.ts';
import type { RecordIOOptions } from './options.ts';
import { IN_PARTS, NEED_MORE, ownRecordIOScanner, type RecordIOScanner } from './scanner.ts';

const BLOCK_BYTES = 128 * 1024;

/** Verifies magic numbers, lengths and the order of parts. */
export class RecordIOHop implements HeaderHop {
  readonly block: Uint8Array;
  records = 0;
  position = 0;
  frame = 0;
  readonly #scanner: RecordIOScanner;
  readonly #options: RecordIOOptions;
  readonly #sink: FrameSink | undefined;
  /** Payload bytes of the parts of the current record; -1 between records. */
  #length = -1;
  /** Bytes of its parts. */
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

  /** Payload bytes of the current record including the part at `position`. */
  #joinedLength(): number {
    const length = partLength(this.#word);
    if (this.#length < 0) return length;
    return this.#length + length + (this.#options.multipart === 'dmlc' ? 4 : 0);
  }
}
