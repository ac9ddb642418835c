import {
  countVarints,
  int32sInto,
  LITTLE_ENDIAN,
  unsignedNumbersInPlace,
  varintsInto,
} from '../../bytes/wire/varints.ts';
import { FIXED32, FIXED64, VARINT, WireFault, WireReader } from '../../bytes/wire/wire-reader.ts';
import { UsageError } from '../../errors.ts';
import { type MessageBody, TENSOR } from './decode-record.ts';
import type { Uint64Input } from './encode-record.ts';
import type { Uint64Mode, Uint64Values } from './record.ts';

/** Complains of keys and a shape that do not fit so many values. Both are integers already. */
export function checkPlaces(what: string, values: number, keys: Uint64Input, shape: Uint64Input): void {
  if (shape.length === 0) {
    if (keys.length > 0) throw new UsageError(`${what}: expected a shape beside keys, got none`);
    return;
  }
  if (keys.length > 0 && keys.length !== values)
    throw new UsageError(`${what}: expected as many keys as values (${values}), got ${keys.length}`);
  // A sparse tensor may be without values.
  if (values === 0) return;
  const elements = elementsOf(shape);
  if (keys.length === 0) {
    if (elements !== BigInt(values))
      throw new UsageError(`${what}: expected ${elements} values, as the shape says, or keys, got ${values}`);
    return;
  }
  for (let i = 0; i < keys.length; i++) {
    if (keys[i] >= elements)
      throw new UsageError(`${what}: expected keys below ${elements}, as the shape says, got ${keys[i]}`);
  }
}

function elementsOf(shape: Uint64Input): bigint {
  let elements = 1n;
  for (const size of shape) elements *= BigInt(size);
  return elements;
}

/** A number before its tag: what is left of a tag without its type. */
const FIELD = 0xf8;

/**
 * Reads the lists of one tensor. Nearly all are one packed run; any mixture of runs and single values is read as well. Arrays are made only after the
 * values in the message have been counted.
 */
export class TensorReader extends WireReader {
  #start = 0;
  #end = 0;
  /** Where the run, or single value, lies that `#next` has found. */
  #runStart = 0;
  #runEnd = 0;

  constructor() {
    super(new Uint8Array(0));
  }

  open({ bytes, start, end }: MessageBody): void {
    this.bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  /** 32-bit floats: a view where they lie at a multiple of 4 bytes, else a copy. */
  float32s(): Float32Array {
    const bytes = this.#fixed(FIXED32, 4);
    if (!LITTLE_ENDIAN) return Float32Array.from(words(bytes, 4), (at) => viewOf(bytes).getFloat32(at, true));
    const { buffer, byteOffset } = aligned(bytes, 4);
    return new Float32Array(buffer, byteOffset, bytes.length / 4);
  }

  /** 64-bit floats: a view where they lie at a multiple of 8 bytes, else a copy. */
  float64s(): Float64Array {
    const bytes = this.#fixed(FIXED64, 8);
    if (!LITTLE_ENDIAN) return Float64Array.from(words(bytes, 8), (at) => viewOf(bytes).getFloat64(at, true));
    const { buffer, byteOffset } = aligned(bytes, 8);
    return new Float64Array(buffer, byteOffset, bytes.length / 8);
  }

  /** 32-bit integers. */
  int32s(): Int32Array {
    const values = new Int32Array(this.#count(TENSOR.values));
    let to = 0;
    this.at = this.#start;
    while (this.#next(TENSOR.values, VARINT))
      to = int32sInto(this.bytes, this.#runStart, this.#runEnd, values, to);
    return values;
  }

  /** Keys or shape. */
  uint64s<M extends Uint64Mode>(list: 'keys' | 'shape', mode: M): Uint64Values<M>;
  uint64s(list: 'keys' | 'shape', mode: Uint64Mode): Float64Array | BigUint64Array {
    const tag = TENSOR[list];
    const halves = new Int32Array(2 * this.#count(tag));
    let to = 0;
    this.at = this.#start;
    while (this.#next(tag, VARINT)) to = varintsInto(this.bytes, this.#runStart, this.#runEnd, halves, to);
    if (mode === 'bigint') return new BigUint64Array(halves.buffer);
    const numbers = new Float64Array(halves.buffer);
    const beyond = unsignedNumbersInPlace(halves, numbers);
    if (beyond < 0) return numbers;
    const found = new BigUint64Array(halves.buffer)[beyond];
    throw new WireFault(
      this.#start,
      `wanted ${list} of at most 2^53 - 1 as numbers, found that value ${beyond} is ${found}; uint64: 'bigint' takes it`,
    );
  }

  /** The values of fixed size as bytes: those of the message where they are one run. */
  #fixed(single: number, size: number): Uint8Array {
    let runs = 0;
    let total = 0;
    let start = this.#start;
    this.at = this.#start;
    while (this.#next(TENSOR.values, single)) {
      const length = this.#runEnd - this.#runStart;
      if (length % size !== 0)
        throw new WireFault(this.#runStart, `wanted packed floats of ${size} bytes, found ${length} bytes`);
      if (length === 0) continue;
      runs++;
      total += length;
      start = this.#runStart;
    }
    const { bytes } = this;
    if (total === 0) return new Uint8Array(0);
    if (runs === 1) return new Uint8Array(bytes.buffer, bytes.byteOffset + start, total);
    const joined = new Uint8Array(total);
    let filled = 0;
    this.at = this.#start;
    while (this.#next(TENSOR.values, single)) {
      joined.set(bytes.subarray(this.#runStart, this.#runEnd), filled);
      filled += this.#runEnd - this.#runStart;
    }
    return joined;
  }

  #count(tag: number): number {
    let count = 0;
    this.at = this.#start;
    while (this.#next(tag, VARINT)) count += countVarints(this.bytes, this.#runStart, this.#runEnd);
    return count;
  }

  /** The next run, or single value of the wire type, of a list. */
  #next(tag: number, single: number): boolean {
    const end = this.#end;
    const singleTag = (tag & FIELD) | single;
    while (this.at < end) {
      const found = this.tag(end);
      if (found === tag) {
        this.#runEnd = this.fieldEnd(end);
        this.#runStart = this.at;
        this.at = this.#runEnd;
        return true;
      }
      const { at } = this;
      this.skip(found, end);
      if (found !== singleTag) continue;
      this.#runStart = at;
      this.#runEnd = this.at;
      return true;
    }
    return false;
  }
}

function aligned(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.byteOffset % size === 0 ? bytes : bytes.slice();
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Where each value begins. */
function words({ length }: Uint8Array, size: number): number[] {
  return Array.from({ length: length / size }, (_, i) => i * size);
}
