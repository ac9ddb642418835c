import { readU32 } from '../../bytes/binary-data.ts';
import type { ErrorPlace, RecordpipeError } from '../../errors.ts';
import { type FramesKernel, sharedFramesKernel } from '../frames-kernel.ts';
import {
  ambiguousMultipart,
  badMagic,
  badPadding,
  FIRST,
  judgePart,
  missingPadding,
  PART_AMBIGUOUS,
  PART_ENDS,
  PART_HEADER_BYTES,
  PART_UNEXPECTED,
  type PartPlace,
  type PartRules,
  partFlag,
  partLength,
  RECORDIO_MAGIC,
  recordTooLarge,
  truncatedHeader,
  truncatedRecord,
  unexpectedPart,
} from './layout.ts';

const STAGE_BYTES = 32 * 1024;
/**
 * Minimum size of a payload for which copying it into kernel memory is faster: searching 1,000
 * bytes takes 70 ns there, and 260 ns in JavaScript.
 */
const LONG_BYTES = 256;

let staged: { readonly kernel: FramesKernel | undefined; readonly at: number } | undefined;

/** Returns the number of magic numbers at multiples of four in `payload`. */
export function countMagics(payload: Uint8Array): number {
  if (payload.length >= LONG_BYTES) {
    staged ??= newStage();
    if (staged.kernel !== undefined) return countStaged(payload, staged.kernel, staged.at);
  }
  let count = 0;
  for (let at = nextMagic(payload, 0); at >= 0; at = nextMagic(payload, at + 4)) count++;
  return count;
}

/**
 * Returns the index of the first magic number at or after `from`, in steps of four, or -1 if there
 * is none.
 */
export function nextMagic(payload: Uint8Array, from: number): number {
  const end = payload.length - 3;
  // Test first the byte of each word that is the rarest in text and images.
  for (let at = from; at < end; at += 4) {
    if (payload[at + 3] === 0xce && readU32(payload, at) === RECORDIO_MAGIC) return at;
  }
  return -1;
}

function newStage(): { kernel: FramesKernel | undefined; at: number } {
  const kernel = sharedFramesKernel();
  return { kernel, at: kernel?.allocate(STAGE_BYTES) ?? 0 };
}

function countStaged(payload: Uint8Array, kernel: FramesKernel, stage: number): number {
  const { length } = payload;
  const { exports } = kernel;
  let count = 0;
  for (let at = 0; at < length; at += STAGE_BYTES) {
    const size = Math.min(length - at, STAGE_BYTES);
    kernel.heap().set(length <= STAGE_BYTES ? payload : payload.subarray(at, at + size), stage);
    count += exports.countMagics(stage, stage + size);
  }
  return count;
}

/**
 * Returns the first index in `bytes[from, to)` at which the whole header of a first or only part
 * may begin, or -1 if there is none. Only `from`, `from + 4`, … are tested, because writers escape
 * magic numbers at multiples of four.
 */
export function findRecordHead(bytes: Uint8Array, from: number, to: number): number {
  const end = to - PART_HEADER_BYTES;
  for (let at = from; at <= end; at += 4) {
    if (
      bytes[at + 3] === 0xce &&
      readU32(bytes, at) === RECORDIO_MAGIC &&
      partFlag(readU32(bytes, at + 4)) <= FIRST
    ) {
      return at;
    }
  }
  return -1;
}

/**
 * Joins the parts of one record in a buffer. The buffer grows as bytes arrive, regardless of the
 * declared length.
 */
export class PartJoiner {
  #bytes: Uint8Array = new Uint8Array(0);
  #length = 0;
  readonly #reuse: boolean;

  /** @param reuse whether the next record may reuse the buffer */
  constructor(reuse: boolean) {
    this.#reuse = reuse;
  }

  /** Begins a record. */
  begin(): void {
    this.#length = 0;
  }

  /**
   * Appends `source[from, to)`.
   * @param max maximum size of the record, and therefore of the buffer
   */
  append(source: Uint8Array, from: number, to: number, max: number): void {
    const needed = this.#length + to - from;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, Math.min(max, 2 * this.#bytes.length)));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(from === 0 && to === source.length ? source : source.subarray(from, to), this.#length);
    this.#length = needed;
  }

  /** Returns the record. */
  take(): Uint8Array {
    const record = this.#bytes.subarray(0, this.#length);
    if (!this.#reuse) this.#bytes = new Uint8Array(0);
    return record;
  }
}

/** States of a record while its parts are being scanned. */
export const PARTS_WANTED = 0;
export const PARTS_WHOLE = 1;
export const PARTS_BAD = 2;

/** Rules for the parts of a record. */
export interface RecordRules extends PartRules {
  readonly maxRecordBytes: number;
  readonly strictPadding: boolean;
}

const MAGIC_BYTES: Uint8Array = Uint8Array.of(0x0a, 0x23, 0xd7, 0xce);
/** Number of bytes of damaged data to inspect for a likely cause. */
const HEAD_BYTES = 512;

/**
 * Follows the parts of one record across chunks of any size. Holds none of the record's bytes
 * unless there is a joiner.
 */
export class RecordParts {
  status: typeof PARTS_WANTED | typeof PARTS_WHOLE | typeof PARTS_BAD = PARTS_WANTED;
  /** Number of bytes of the record read so far: headers, payloads and padding. */
  seen = 0;
  /**
   * Number of payload bytes of the record, including restored magic numbers, as declared by the
   * headers read so far.
   */
  length = 0;
  readonly #rules: RecordRules;
  readonly #joiner: PartJoiner | undefined;
  /** Index of the current part. */
  #part = 0;
  /** Position of the current part in the record. */
  #partAt = 0;
  #word = 0;
  #ends = false;
  /** Number of payload and padding bytes that the current part still needs. */
  #left = 0;
  #padding = 0;
  /** The header of the current part, if it spans chunks. */
  readonly #header = new Uint8Array(PART_HEADER_BYTES);
  #headerBytes = 0;
  #error: ((place: ErrorPlace) => RecordpipeError) | undefined;

  constructor(rules: RecordRules, joiner?: PartJoiner) {
    this.#rules = rules;
    this.#joiner = joiner;
  }

  /** Begins the next record. */
  begin(): void {
    this.status = PARTS_WANTED;
    this.seen = 0;
    this.length = 0;
    this.#part = 0;
    this.#partAt = 0;
    this.#left = 0;
    this.#padding = 0;
    this.#headerBytes = 0;
    this.#error = undefined;
    this.#joiner?.begin();
  }

  /** Number of parts read so far. */
  get count(): number {
    return this.#part + 1;
  }

  /** Whether more than one part has been read. */
  get joined(): boolean {
    return this.#part > 0;
  }

  /** Number of bytes needed to continue: the rest of a header or of a part. */
  get missing(): number {
    return this.#insidePart ? this.#left + this.#padding : PART_HEADER_BYTES - this.#headerBytes;
  }

  /**
   * Number of bytes that the stream must still contain for the record to be whole, not counting
   * padding.
   */
  get missingPayload(): number {
    return this.#insidePart ? this.#left : this.#part > 0 ? PART_HEADER_BYTES - this.#headerBytes : 0;
  }

  /** Whether only padding at the end is missing. */
  get lacksPadding(): boolean {
    return this.status === PARTS_WANTED && this.#insidePart && this.#ends && this.#left === 0;
  }

  /** Reads the bytes of the record in `bytes[at, end)`. Returns the index after them. */
  feed(bytes: Uint8Array, at: number, end: number): number {
    let next = at;
    while (next < end && this.status === PARTS_WANTED) {
      if (this.#left > 0) next = this.#takePayload(bytes, next, end);
      else if (this.#padding > 0) next = this.#takePadding(bytes, next);
      else next = this.#takeHeader(bytes, next, end);
    }
    return next;
  }

  /**
   * Returns the error for an invalid header (`status` is `PARTS_BAD`) or invalid padding, or
   * undefined if the record is valid so far.
   */
  error(place: ErrorPlace): RecordpipeError | undefined {
    return this.#error?.(place);
  }

  /**
   * Returns the error for a stream that ends here. Returns undefined if only padding is missing and
   * the options accept that.
   * @param have number of bytes of the record that the stream has
   */
  endError(place: ErrorPlace, have: number = this.seen): RecordpipeError | undefined {
    if (this.#part === 0 && !this.#insidePart) return truncatedHeader(have, place);
    const length = partLength(this.#word);
    if (this.lacksPadding) {
      if (!this.#rules.strictPadding) return undefined;
      const padding = -length & 3;
      return missingPadding(padding - this.#padding, padding, place);
    }
    const need = PART_HEADER_BYTES + (this.#insidePart ? length : 0);
    return truncatedRecord(need, have - this.#partAt, this.#place(place));
  }

  get #insidePart(): boolean {
    return this.#left > 0 || this.#padding > 0;
  }

  #takeHeader(bytes: Uint8Array, at: number, end: number): number {
    const have = this.#headerBytes;
    if (have === 0 && end - at >= PART_HEADER_BYTES) {
      this.seen += PART_HEADER_BYTES;
      this.#judge(bytes, at, end);
      return at + PART_HEADER_BYTES;
    }
    const taken = Math.min(PART_HEADER_BYTES - have, end - at);
    for (let i = 0; i < taken; i++) this.#header[have + i] = bytes[at + i];
    this.seen += taken;
    this.#headerBytes = have + taken;
    if (this.#headerBytes === PART_HEADER_BYTES) {
      this.#headerBytes = 0;
      this.#judge(this.#header, 0, PART_HEADER_BYTES);
    }
    return at + taken;
  }

  /** Checks the whole header at `bytes[at]`. */
  #judge(bytes: Uint8Array, at: number, end: number): void {
    const { multipart, maxRecordBytes } = this.#rules;
    const inside = this.#part > 0;
    if (readU32(bytes, at) !== RECORDIO_MAGIC) {
      const head = bytes.slice(at, Math.min(end, at + HEAD_BYTES));
      this.#fail((place) => badMagic(head, this.#place(place)));
      return;
    }
    const word = readU32(bytes, at + 4);
    const length = partLength(word);
    const verdict = judgePart(inside, word, this.#rules);
    this.#word = word;
    if (verdict === PART_UNEXPECTED) {
      this.#fail((place) => unexpectedPart(partFlag(word), multipart, this.#place(place)));
      return;
    }
    if (verdict === PART_AMBIGUOUS) {
      this.#fail((place) => ambiguousMultipart(length, this.#place(place)));
      return;
    }
    const joins = inside && multipart === 'dmlc';
    this.length += length + (joins ? MAGIC_BYTES.length : 0);
    if (this.length > maxRecordBytes) {
      this.#fail((place) => recordTooLarge(this.length, maxRecordBytes, this.#place(place)));
      return;
    }
    if (joins) this.#joiner?.append(MAGIC_BYTES, 0, MAGIC_BYTES.length, maxRecordBytes);
    this.#left = length;
    this.#padding = -length & 3;
    this.#ends = verdict === PART_ENDS;
    if (length === 0) this.#endPart();
  }

  #takePayload(bytes: Uint8Array, at: number, end: number): number {
    const next = Math.min(end, at + this.#left);
    this.#joiner?.append(bytes, at, next, this.#ends ? this.length : this.#rules.maxRecordBytes);
    this.#left -= next - at;
    this.seen += next - at;
    if (!this.#insidePart) this.#endPart();
    return next;
  }

  #takePadding(bytes: Uint8Array, at: number): number {
    const byte = bytes[at];
    if (byte !== 0 && this.#rules.strictPadding && this.#error === undefined) {
      const part = { part: this.#part, partOffset: this.#partAt };
      this.#error = (place) => badPadding(byte, inFile(place, part));
    }
    this.#padding--;
    this.seen++;
    if (this.#padding === 0) this.#endPart();
    return at + 1;
  }

  #endPart(): void {
    if (this.#ends) {
      this.status = PARTS_WHOLE;
      return;
    }
    this.#part++;
    this.#partAt = this.seen;
  }

  #fail(error: (place: ErrorPlace) => RecordpipeError): void {
    this.status = PARTS_BAD;
    this.#error = error;
  }

  #place(place: ErrorPlace): PartPlace {
    return inFile(place, { part: this.#part, partOffset: this.#partAt });
  }
}

/** Converts the position of a part in its record to a position in the stream. */
function inFile(place: ErrorPlace, { part, partOffset }: Pick<PartPlace, 'part' | 'partOffset'>): PartPlace {
  return { ...place, part, partOffset: (place.offset ?? 0) + partOffset };
}
