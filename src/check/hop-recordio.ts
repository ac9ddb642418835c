import { readU32 } from '../bytes/little-endian.ts';
import { DEFAULT_RECORDIO_READ_OPTIONS } from '../formats/recordio/decoder.ts';
import {
  judgePart,
  PART_CONTINUES,
  PART_ENDS,
  PART_HEADER_BYTES,
  type PartRules,
  partBytes,
  partLength,
  RECORDIO_MAGIC,
} from '../formats/recordio/layout.ts';
import {
  IN_PARTS,
  NEED_MORE,
  ownRecordIOScanner,
  type RecordIOScanner,
} from '../formats/recordio/scanner.ts';
import type { CheckedReading } from './files-options.ts';
import type { Hopper } from './header-hops.ts';

/** Verifies magic numbers, lengths and the order of parts. */
export class RecordIOHopper implements Hopper {
  records = 0;
  position = 0;
  frame = 0;
  readonly nextBuffer: () => Uint8Array;
  readonly #scanner: RecordIOScanner;
  readonly #rules: PartRules;
  readonly #maxRecordBytes: number;
  /** Payload bytes of the parts of the record at hand; -1 between records. */
  #length = -1;
  /** The header of the frame at `position`. */
  #word = 0;

  constructor(blockBytes: number, reading: Partial<CheckedReading>) {
    const { scanner, nextBuffer } = ownRecordIOScanner(blockBytes, 1);
    this.#scanner = scanner;
    this.nextBuffer = nextBuffer;
    const { multipart, lenientFlags, maxRecordBytes } = { ...DEFAULT_RECORDIO_READ_OPTIONS, ...reading };
    this.#rules = { multipart, lenientFlags };
    this.#maxRecordBytes = maxRecordBytes;
  }

  get mayEnd(): boolean {
    return this.#length < 0;
  }

  walk(block: Uint8Array, have: number): boolean {
    const { result } = this.#scanner;
    let at = 0;
    for (;;) {
      if (this.#length < 0) {
        this.#scanner.scan(block, at, have, this.#maxRecordBytes, false, false);
        this.records += result.count;
        at = result.position;
        if (result.stop !== NEED_MORE && result.stop !== IN_PARTS) return false;
      }
      this.position = at;
      this.frame = 0;
      if (have - at < PART_HEADER_BYTES) return true;
      if (readU32(block, at) !== RECORDIO_MAGIC) return false;
      this.#word = readU32(block, at + 4);
      const verdict = judgePart(this.#length >= 0, this.#word, this.#rules);
      if (verdict !== PART_ENDS && verdict !== PART_CONTINUES) return false;
      if (this.#joinedLength() > this.#maxRecordBytes) return false;
      this.frame = partBytes(partLength(this.#word));
      if (have - at < this.frame) return true;
      this.hop();
      at += this.frame;
    }
  }

  hop(): void {
    const ends = judgePart(this.#length >= 0, this.#word, this.#rules) === PART_ENDS;
    this.#length = ends ? -1 : this.#joinedLength();
    if (ends) this.records++;
  }

  /** Payload bytes of the record up to and with the part at hand. */
  #joinedLength(): number {
    const length = partLength(this.#word);
    if (this.#length < 0) return length;
    return this.#length + length + (this.#rules.multipart === 'dmlc' ? 4 : 0);
  }
}
