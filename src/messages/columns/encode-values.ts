import { MAX_MESSAGE_BYTES, putHead, sizeOfField } from '../../bytes/wire/lengths.ts';
import { HIGH_WORD, LITTLE_ENDIAN, LOW_WORD } from '../../bytes/wire/varints.ts';
import type { BytesVector, ColumnVector } from './column-batch.ts';
import type { NumberType } from './column-schema.ts';
import type { ListRanges } from './list-ranges.ts';

/** Returns the error for list `i`. */
export type ListError = (code: 'unrepresentable' | 'record-too-large', i: number, problem: string) => Error;

/** Writes lists of values as one repeated field of a message. */
export interface ValueEncoder {
  /** Size of the field of each measured list, tag included; 0 if it has no bytes. */
  readonly sizes: Int32Array;
  /** Starts a batch. `values` contains the items of all lists. */
  bind(values: ColumnVector): void;
  /** Measures lists. @throws the error for the first list that cannot be represented */
  measure(lists: ListRanges, error: ListError): void;
  /** Writes the first `count` measured lists, list `i` at `at[i]`, and advances the positions. */
  write(lists: ListRanges, bytes: Uint8Array, at: Int32Array, count: number): void;
}

/** How a message stores numbers. */
export type NumberEncoding = 'varint' | 'float' | 'float64';

const NO_WORDS = new Int32Array(0);
const NO_BYTES = new Uint8Array(0);

/** Writes integers as a packed run of varints. */
export class VarintEncoder implements ValueEncoder {
  sizes: Int32Array = NO_WORDS;
  readonly #tag: number;
  readonly #isSigned: boolean;
  /** Size of each run, without tag and length. */
  #runs: Int32Array = NO_WORDS;
  #words: Int32Array = NO_WORDS;
  #type: NumberType = 'int64';

  /** @param isSigned whether the field is signed, so that integers of 2^63 and more do not fit */
  constructor(tag: number, isSigned: boolean) {
    this.#tag = tag;
    this.#isSigned = isSigned;
  }

  bind(vector: ColumnVector): void {
    if (vector.type === 'int32') this.#words = widened(vector.values);
    else if (vector.type === 'int64' || vector.type === 'uint64') this.#words = wordsOf(vector.values);
    this.#type = vector.type as NumberType;
  }

  measure({ count, from, to }: ListRanges, error: ListError): void {
    const words = this.#words;
    this.sizes = roomFor(this.sizes, count);
    const { sizes } = this;
    this.#runs = roomFor(this.#runs, count);
    const runs = this.#runs;
    const isUnsigned = this.#isSigned && this.#type === 'uint64';
    for (let i = 0; i < count; i++) {
      let size = 0;
      for (let w = 2 * from[i]; w < 2 * to[i]; w += 2) {
        const high = words[w + HIGH_WORD];
        // A varint has one byte per started seven bits; n * 37 >> 8 is n / 7 for n up to 70.
        if (high === 0) size += ((38 - Math.clz32(words[w + LOW_WORD] | 1)) * 37) >> 8;
        else {
          if (isUnsigned && high < 0)
            throw error('unrepresentable', i, `expected integers below 2^63, got ${unsigned(words, w)}`);
          size += ((70 - Math.clz32(high)) * 37) >> 8;
        }
      }
      sizes[i] = fieldSize(size, i, error);
      runs[i] = size;
    }
  }

  write({ from, to }: ListRanges, bytes: Uint8Array, at: Int32Array, count: number): void {
    const words = this.#words;
    const runs = this.#runs;
    for (let i = 0; i < count; i++) {
      if (runs[i] === 0) continue;
      let next = putHead(bytes, at[i], this.#tag, runs[i]);
      for (let w = 2 * from[i]; w < 2 * to[i]; w += 2) {
        let low = words[w + LOW_WORD];
        let high = words[w + HIGH_WORD];
        while (high !== 0) {
          bytes[next++] = (low & 0x7f) | 0x80;
          low = (low >>> 7) | (high << 25);
          high >>>= 7;
        }
        // Two steps without a loop, because most integers are small.
        if (low >>> 0 >= 0x80) {
          bytes[next++] = (low & 0x7f) | 0x80;
          low >>>= 7;
          if (low >= 0x80) {
            bytes[next++] = (low & 0x7f) | 0x80;
            for (low >>>= 7; low >= 0x80; low >>>= 7) bytes[next++] = (low & 0x7f) | 0x80;
          }
        }
        bytes[next++] = low;
      }
      at[i] = next;
    }
  }
}

/** Writes floats of 32 or 64 bits as a packed run. Their bit patterns are kept. */
export class FloatEncoder implements ValueEncoder {
  sizes: Int32Array = NO_WORDS;
  readonly #tag: number;
  readonly #wide: boolean;
  #words: Int32Array = NO_WORDS;
  #raw: Uint8Array = NO_BYTES;
  #exact: Float64Array | undefined;

  /** @param wide whether the floats of the field have 64 bits */
  constructor(tag: number, wide: boolean) {
    this.#tag = tag;
    this.#wide = wide;
  }

  bind(vector: ColumnVector): void {
    if (vector.type !== 'float' && vector.type !== 'float64') return;
    const narrowed = vector.type === 'float64' && !this.#wide;
    const values = narrowed ? new Float32Array(vector.values) : vector.values;
    this.#exact = narrowed ? vector.values : undefined;
    this.#words = wordsOf(values);
    this.#raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }

  measure({ count, from, to }: ListRanges, error: ListError): void {
    this.sizes = roomFor(this.sizes, count);
    const { sizes } = this;
    const exact = this.#exact;
    for (let i = 0; i < count; i++) {
      if (exact !== undefined) checkNarrow(exact, from[i], to[i], i, error);
      sizes[i] = fieldSize((to[i] - from[i]) * (this.#wide ? 8 : 4), i, error);
    }
  }

  write({ from, to }: ListRanges, bytes: Uint8Array, at: Int32Array, count: number): void {
    const words = this.#wide ? 2 : 1;
    for (let i = 0; i < count; i++) {
      const run = 4 * words * (to[i] - from[i]);
      if (run === 0) continue;
      const start = putHead(bytes, at[i], this.#tag, run);
      this.#copy(words * from[i], words * to[i], bytes, start);
      at[i] = start + run;
    }
  }

  /** Copies words [from, to) in protobuf's byte order. */
  #copy(from: number, to: number, bytes: Uint8Array, at: number): void {
    if (LITTLE_ENDIAN && to - from > SHORT / 4) {
      bytes.set(this.#raw.subarray(4 * from, 4 * to), at);
      return;
    }
    const words = this.#words;
    const swapped = this.#wide ? LOW_WORD : 0;
    for (let w = from; w < to; w++, at += 4) {
      const word = words[w ^ swapped];
      bytes[at] = word;
      bytes[at + 1] = word >>> 8;
      bytes[at + 2] = word >>> 16;
      bytes[at + 3] = word >>> 24;
    }
  }
}

/** Writes byte strings, each as one field. */
export class BytesEncoder implements ValueEncoder {
  sizes: Int32Array = NO_WORDS;
  readonly #tag: number;
  #offsets: Int32Array = NO_WORDS;
  #data: Uint8Array = NO_BYTES;

  constructor(tag: number) {
    this.#tag = tag;
  }

  bind(vector: ColumnVector): void {
    const { offsets, data } = vector as BytesVector;
    this.#offsets = offsets;
    this.#data = data;
  }

  measure({ count, from, to }: ListRanges, error: ListError): void {
    const offsets = this.#offsets;
    this.sizes = roomFor(this.sizes, count);
    const { sizes } = this;
    for (let i = 0; i < count; i++) {
      let size = 0;
      for (let value = from[i]; value < to[i]; value++)
        size += sizeOfField(offsets[value + 1] - offsets[value]);
      if (size > MAX_MESSAGE_BYTES) throw tooLarge(i, size, error);
      sizes[i] = size;
    }
  }

  write({ from, to }: ListRanges, bytes: Uint8Array, at: Int32Array, count: number): void {
    const offsets = this.#offsets;
    const data = this.#data;
    for (let i = 0; i < count; i++) {
      let next = at[i];
      for (let value = from[i]; value < to[i]; value++) {
        const start = offsets[value];
        const length = offsets[value + 1] - start;
        next = putHead(bytes, next, this.#tag, length);
        copyBytes(data, start, length, bytes, next);
        next += length;
      }
      at[i] = next;
    }
  }
}

/** Up to this many bytes, a loop is faster than a view and a call. */
const SHORT = 64;

/** Copies bytes of a column to a message. */
export function copyBytes(from: Uint8Array, start: number, length: number, to: Uint8Array, at: number): void {
  if (length > SHORT) to.set(from.subarray(start, start + length), at);
  else for (let i = 0; i < length; i++) to[at + i] = from[start + i];
}

/** Returns `array`, or a larger one, with room for `count` numbers. */
export function roomFor(array: Int32Array, count: number): Int32Array {
  return array.length >= count ? array : new Int32Array(Math.max(count, 2 * array.length));
}

/** Returns the error for a list of too many bytes. */
export function tooLarge(i: number, size: number, error: ListError): Error {
  return error(
    'record-too-large',
    i,
    `expected at most ${MAX_MESSAGE_BYTES} bytes, protobuf's limit, got ${size}`,
  );
}

/** Returns the size of the field of a packed run. A run without values has no field. */
function fieldSize(run: number, i: number, error: ListError): number {
  if (run === 0) return 0;
  const size = sizeOfField(run);
  if (size > MAX_MESSAGE_BYTES) throw tooLarge(i, size, error);
  return size;
}

function checkNarrow(values: Float64Array, from: number, to: number, i: number, error: ListError): void {
  for (let at = from; at < to; at++) {
    const value = values[at];
    if (Math.fround(value) !== value && !Number.isNaN(value))
      throw error(
        'unrepresentable',
        i,
        `expected numbers that are 32-bit floats, got ${value}; cast the column to 32-bit floats, which rounds`,
      );
  }
}

function wordsOf(values: ArrayBufferView): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.byteLength / 4);
}

/** Returns 32-bit integers as pairs of words. */
function widened(values: Int32Array): Int32Array {
  const words = new Int32Array(2 * values.length);
  for (let i = 0; i < values.length; i++) {
    words[2 * i + LOW_WORD] = values[i];
    words[2 * i + HIGH_WORD] = values[i] >> 31;
  }
  return words;
}

function unsigned(words: Int32Array, at: number): bigint {
  return BigInt.asUintN(64, (BigInt(words[at + HIGH_WORD]) << 32n) | BigInt(words[at + LOW_WORD] >>> 0));
}
