import {
  countVarints,
  findUnsafeUnsigned,
  int32sInto,
  LITTLE_ENDIAN,
  varintsInto,
  wordsToNumbers,
} from '../../bytes/wire/varints.ts';
import { FIXED32, FIXED64, VARINT, WireFault, WireReader } from '../../bytes/wire/wire-reader.ts';
import { TENSOR, type Uint64Mode, type Uint64Values } from './record.ts';

/** Body of a message: part of the record, or a copy if protobuf joins separate parts. */
export interface MessageBody {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/**
 * Returns the joined bodies of all fields with `tag` from `from` to the end of a message, or
 * undefined if there are none. Protobuf merges messages by joining their bodies.
 */
export function fieldBody(
  reader: WireReader,
  { bytes, end }: MessageBody,
  from: number,
  tag: number,
): MessageBody | undefined {
  let body: MessageBody | undefined;
  let size = 0;
  let parts = 0;
  for (reader.reset(bytes, from); reader.nextField(end); ) {
    if (reader.tag !== tag) continue;
    body = { bytes, start: reader.start, end: reader.end };
    size += reader.end - reader.start;
    parts++;
  }
  if (parts < 2) return body;
  const joined = new Uint8Array(size);
  let filled = 0;
  for (reader.reset(bytes, from); reader.nextField(end); ) {
    if (reader.tag !== tag) continue;
    joined.set(bytes.subarray(reader.start, reader.end), filled);
    filled += reader.end - reader.start;
  }
  return { bytes: joined, start: 0, end: size };
}

/** Mask of the bits of a tag that contain the field number. */
const FIELD = 0xf8;

/**
 * Reads the lists of one tensor. Nearly all lists are one packed run, but any mixture of runs and
 * single values is supported. Values are counted before memory is allocated.
 */
export class TensorReader extends WireReader {
  #start = 0;
  #end = 0;

  open({ bytes, start, end }: MessageBody): void {
    this.openAt(bytes, start, end);
  }

  openAt(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.fault = undefined;
  }

  /** Returns the whole message as a view. */
  whole(): Uint8Array {
    return this.bytes.subarray(this.#start, this.#end);
  }

  /** Index after the last byte. */
  get limit(): number {
    return this.#end;
  }

  /** Returns the 32-bit floats as a view of the record if they are aligned, otherwise as a copy. */
  float32s(): Float32Array {
    const bytes = this.#fixed(FIXED32, 4);
    if (!LITTLE_ENDIAN)
      return Float32Array.from(offsets(bytes, 4), (at) => viewOf(bytes).getFloat32(at, true));
    const { buffer, byteOffset } = aligned(bytes, 4);
    return new Float32Array(buffer, byteOffset, bytes.length / 4);
  }

  /** Returns the 64-bit floats as a view of the record if they are aligned, otherwise as a copy. */
  float64s(): Float64Array {
    const bytes = this.#fixed(FIXED64, 8);
    if (!LITTLE_ENDIAN)
      return Float64Array.from(offsets(bytes, 8), (at) => viewOf(bytes).getFloat64(at, true));
    const { buffer, byteOffset } = aligned(bytes, 8);
    return new Float64Array(buffer, byteOffset, bytes.length / 8);
  }

  /** Returns the 32-bit integers. */
  int32s(): Int32Array {
    const values = new Int32Array(this.#count(TENSOR.values));
    let to = 0;
    for (this.begin(); this.nextRun(TENSOR.values, VARINT); )
      to = int32sInto(this.bytes, this.start, this.end, values, to);
    return values;
  }

  /** Returns the keys or the shape. @throws WireFault for an integer that does not fit the mode */
  uint64s<M extends Uint64Mode>(list: 'keys' | 'shape', mode: M): Uint64Values<M>;
  uint64s(list: 'keys' | 'shape', mode: Uint64Mode): Float64Array | BigUint64Array {
    const tag = TENSOR[list];
    const words = new Int32Array(2 * this.#count(tag));
    let to = 0;
    for (this.begin(); this.nextRun(tag, VARINT); )
      to = varintsInto(this.bytes, this.start, this.end, words, to);
    const integers = new BigUint64Array(words.buffer);
    if (mode === 'bigint') return integers;
    const unsafe = findUnsafeUnsigned(words);
    if (unsafe >= 0)
      throw new WireFault(
        this.#start,
        `expected ${list} of at most 2^53 - 1 as numbers, got ${integers[unsafe]} as value ${unsafe}; uint64: 'bigint' accepts it`,
      );
    const numbers = new Float64Array(words.buffer);
    wordsToNumbers(words, numbers, numbers.length);
    return numbers;
  }

  /** Returns the values of fixed size as bytes: as a view of the record if they are one run. */
  #fixed(single: number, size: number): Uint8Array {
    const { bytes } = this;
    let runs = 0;
    let total = 0;
    let last = 0;
    for (this.begin(); this.nextRun(TENSOR.values, single); ) {
      const length = this.end - this.start;
      if (length % size !== 0)
        throw new WireFault(this.start, `expected packed floats of ${size} bytes, got ${length} bytes`);
      if (length === 0) continue;
      runs++;
      total += length;
      last = this.start;
    }
    if (runs === 1) return new Uint8Array(bytes.buffer, bytes.byteOffset + last, total);
    const joined = new Uint8Array(total);
    let filled = 0;
    for (this.begin(); this.nextRun(TENSOR.values, single); ) {
      joined.set(bytes.subarray(this.start, this.end), filled);
      filled += this.end - this.start;
    }
    return joined;
  }

  #count(tag: number): number {
    let count = 0;
    for (this.begin(); this.nextRun(tag, VARINT); ) count += countVarints(this.bytes, this.start, this.end);
    return count;
  }

  /** Moves to the start of the tensor. */
  begin(): void {
    this.at = this.#start;
  }

  /** Moves to the next packed run of a list, or to its next single value of the wire type. */
  nextRun(tag: number, single: number): boolean {
    const singleTag = (tag & FIELD) | single;
    while (this.nextField(this.#end)) if (this.tag === tag || this.tag === singleTag) return true;
    return false;
  }
}

function aligned(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.byteOffset % size === 0 ? bytes : bytes.slice();
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Returns the offset of each value. */
function offsets({ length }: Uint8Array, size: number): number[] {
  return Array.from({ length: length / size }, (_, i) => i * size);
}
