import { randomUUID } from 'node:crypto';
import { LONE_SURROGATE } from '../../bytes/wire/message-writer.ts';
import type { BytesVector, ColumnVector, NumberArrays } from '../../messages/columns/column-batch.ts';
import type { ColumnType, NumberType } from '../../messages/columns/column-schema.ts';
import { shortestFloat } from './text-values.ts';

/**
 * Name of the only field of an object that stands for an integer in JSON. It is random, so that no
 * input contains it.
 */
const INTEGER: string = randomUUID();

/** Returns the JSON text of a value that stands for an integer of more than 53 bits. */
export function exactIntegerJson(digits: string): string {
  return `{"${INTEGER}":"${digits}"}`;
}

/** Returns the value of a bigint, or of an object from {@link exactIntegerJson}. */
export function exactInteger(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const digits = (value as Readonly<Record<string, string>>)[INTEGER];
  return digits === undefined ? undefined : BigInt(digits);
}

/**
 * Collects the values of one column, row by row. A value is a JSON value or one that
 * {@link exactInteger} accepts.
 */
export abstract class ColumnBuilder {
  /** Number of elements so far. */
  length = 0;
  #validity: Uint8Array | undefined;

  /**
   * Adds a value.
   * @returns undefined, or a description of why the value does not fit; the caller then truncates
   */
  abstract add(value: unknown): string | undefined;

  /** Adds a null. */
  addNull(): void {
    this.#validity ??= new Uint8Array(Math.max(64, (this.length >> 3) + 1)).fill(0xff);
    this.#ensureValidity();
    this.#validity[this.length >> 3] &= ~(1 << (this.length & 7));
    this.addEmpty();
  }

  /** Removes the elements from `length` on. */
  truncate(length: number): void {
    const validity = this.#validity;
    if (validity !== undefined) for (let i = length; i < this.length; i++) validity[i >> 3] |= 1 << (i & 7);
    this.length = length;
    this.cut();
  }

  /** Returns the column and starts the next one. */
  finish(): ColumnVector {
    this.#ensureValidity();
    const vector = this.vector(this.#validBits());
    this.length = 0;
    this.#validity = undefined;
    this.cut();
    return vector;
  }

  /** Adds the element that stands for a null. */
  protected abstract addEmpty(): void;
  /** Forgets what belongs to elements from `length` on. */
  protected abstract cut(): void;
  protected abstract vector(validity: Uint8Array | undefined): ColumnVector;

  #ensureValidity(): void {
    const validity = this.#validity;
    if (validity === undefined || this.length >> 3 < validity.length) return;
    const larger = new Uint8Array(Math.max(2 * validity.length, (this.length >> 3) + 1)).fill(0xff);
    larger.set(validity);
    this.#validity = larger;
  }

  /** Returns the bits, with zeros after the last element. */
  #validBits(): Uint8Array | undefined {
    if (this.#validity === undefined) return undefined;
    const bytes = this.#validity.slice(0, (this.length + 7) >> 3);
    if ((this.length & 7) !== 0) bytes[bytes.length - 1] &= (1 << (this.length & 7)) - 1;
    return bytes;
  }
}

/**
 * Returns a builder for a type.
 *
 * @param lossy whether integers that a float cannot represent exactly are rounded
 */
export function columnBuilder(type: ColumnType, lossy = false): ColumnBuilder {
  switch (type.type) {
    case 'list':
      return new ListBuilder(columnBuilder(type.items, lossy));
    case 'bytes':
    case 'text':
      return new BytesBuilder(type.type);
    default:
      return new NumberBuilder(type.type, lossy);
  }
}

const ARRAYS: { readonly [T in NumberType]: new (length: number) => NumberArrays[T] } = {
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  float: Float32Array,
  float64: Float64Array,
};
const FIRST_VALUES = 256;
/** Floats that JSON writes as strings. */
export const SPECIAL_FLOATS: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

class NumberBuilder extends ColumnBuilder {
  readonly #type: NumberType;
  readonly #lossy: boolean;
  #values: NumberArrays[NumberType];
  /** The same memory as 32-bit words, so that integers are written without BigInt. */
  #words: Int32Array;

  constructor(type: NumberType, lossy: boolean) {
    super();
    this.#type = type;
    this.#lossy = lossy;
    this.#values = new ARRAYS[type](FIRST_VALUES);
    this.#words = new Int32Array(this.#values.buffer);
  }

  add(value: unknown): string | undefined {
    const type = this.#type;
    const at = this.#next();
    if (type === 'float' || type === 'float64') {
      const number = typeof value === 'number' ? value : numberOf(value);
      if (number === undefined) return `expected a number, got ${described(value)}`;
      const values = this.#values as Float32Array;
      values[at] = number;
      const stored = values[at];
      // Infinity and NaN are text in JSON and CSV; a number becomes infinite only by its size.
      if (!Number.isFinite(stored))
        return SPECIAL_FLOATS.has(value)
          ? undefined
          : `${exactInteger(value) ?? (Number.isFinite(value) ? value : 'the number')} exceeds the range of ${type === 'float' ? 32 : 64}-bit floats`;
      if (stored === value) return undefined;
      const integer = Number.isSafeInteger(value) ? (value as number) : exactInteger(value);
      if (integer === undefined || this.#lossy || isDigitsOf(integer, stored, type)) return undefined;
      return `the integer ${integer} cannot be represented exactly as ${type}; make all values of the column integers, or allow rounding (--lossy)`;
    }
    const number = typeof value === 'boolean' ? Number(value) : value;
    const outside = (): string => `${exactInteger(number) ?? number} exceeds the range of ${type}`;
    if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
      const exact = exactInteger(number);
      if (exact === undefined) return `expected an integer, got ${described(value)}`;
      if (type === 'int32') return outside();
      const values = this.#values as BigInt64Array;
      values[at] = exact;
      return values[at] === exact ? undefined : outside();
    }
    if (type === 'int32') {
      this.#words[at] = number;
      return this.#words[at] === number ? undefined : outside();
    }
    if (type === 'uint64' && number < 0) return outside();
    this.#words[2 * at] = number;
    this.#words[2 * at + 1] = Math.floor(number / 2 ** 32);
    return undefined;
  }

  protected addEmpty(): void {
    const at = this.#next();
    if (this.#values instanceof BigInt64Array || this.#values instanceof BigUint64Array)
      this.#values[at] = 0n;
    else this.#values[at] = 0;
  }

  protected cut(): void {}

  protected vector(validity: Uint8Array | undefined): ColumnVector {
    const values = this.#values.slice(0, this.length);
    return { type: this.#type, length: this.length, values, validity } as ColumnVector;
  }

  #next(): number {
    const at = this.length++;
    if (at === this.#values.length) {
      const larger = new ARRAYS[this.#type](2 * at);
      (larger as Float64Array).set(this.#values as Float64Array);
      this.#values = larger;
      this.#words = new Int32Array(larger.buffer);
    }
    return at;
  }
}

/** Reports whether an integer is a float exactly, or the digits of the float in JSON and CSV. */
function isDigitsOf(integer: number | bigint, float: number, type: 'float' | 'float64'): boolean {
  if (BigInt(float) === BigInt(integer)) return true;
  return String(type === 'float' ? shortestFloat(float) : float) === String(integer);
}

/** Builds a column whose elements are ranges of other values. */
abstract class OffsetBuilder extends ColumnBuilder {
  /** Element `i` ends at `offsets[i + 1]`. */
  protected offsets: Int32Array<ArrayBuffer> = new Int32Array(FIRST_VALUES);

  protected addEmpty(): void {
    const at = ++this.length;
    if (at === this.offsets.length) {
      const larger = new Int32Array(2 * at);
      larger.set(this.offsets);
      this.offsets = larger;
    }
    this.offsets[at] = this.offsets[at - 1];
  }
}

const FIRST_BYTES = 4096;
const MAX_COLUMN_BYTES = 2 ** 31 - 1;

class BytesBuilder extends OffsetBuilder {
  readonly #type: 'bytes' | 'text';
  #data: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);

  constructor(type: 'bytes' | 'text') {
    super();
    this.#type = type;
  }

  add(value: unknown): string | undefined {
    const start = this.offsets[this.length];
    this.addEmpty();
    if (typeof value !== 'string') return `expected ${this.#type}, got ${described(value)}`;
    // A UTF-16 unit becomes up to three bytes.
    if (!this.#reserve(start + 3 * value.length))
      return 'the column exceeds 2 GiB; read fewer rows at a time';
    let problem: string | undefined;
    let written: number;
    if (this.#type === 'text') {
      written = this.#data.write(value, start);
      if (LONE_SURROGATE.test(value)) problem = 'expected Unicode text, got a lone surrogate';
    } else {
      written = this.#data.write(value, start, 'base64');
      // Node's decoder skips invalid characters. Encoding the result again detects this.
      if (this.#data.toString('base64', start, start + written) !== value)
        problem = `expected canonical base64, got ${described(value)}`;
    }
    this.offsets[this.length] = start + written;
    return problem;
  }

  protected cut(): void {}

  protected vector(validity: Uint8Array | undefined): BytesVector {
    const offsets = this.offsets.slice(0, this.length + 1);
    const data = new Uint8Array(this.#data.subarray(0, offsets[this.length]));
    return { type: this.#type, length: this.length, offsets, data, validity };
  }

  #reserve(bytes: number): boolean {
    if (bytes <= this.#data.length) return true;
    if (bytes > MAX_COLUMN_BYTES) return false;
    const larger = Buffer.allocUnsafeSlow(Math.min(MAX_COLUMN_BYTES, Math.max(bytes, 2 * this.#data.length)));
    this.#data.copy(larger, 0, 0, this.offsets[this.length]);
    this.#data = larger;
    return true;
  }
}

class ListBuilder extends OffsetBuilder {
  readonly #items: ColumnBuilder;

  constructor(items: ColumnBuilder) {
    super();
    this.#items = items;
  }

  add(value: unknown): string | undefined {
    this.addEmpty();
    if (!Array.isArray(value)) return `expected a list, got ${described(value)}`;
    for (const item of value) {
      // A step of a feature list may have no values of its kind.
      if (item === null && this.#items instanceof ListBuilder) this.#items.addNull();
      else {
        const problem = item === null ? 'expected values in the list, got null' : this.#items.add(item);
        if (problem !== undefined) return problem;
      }
    }
    this.offsets[this.length] = this.#items.length;
    return undefined;
  }

  protected cut(): void {
    this.#items.truncate(this.offsets[this.length]);
  }

  protected vector(validity: Uint8Array | undefined): ColumnVector {
    const offsets = this.offsets.slice(0, this.length + 1);
    return { type: 'list', length: this.length, offsets, items: this.#items.finish(), validity };
  }
}

/** Returns the float for a JSON value that is not a number; undefined if it stands for none. */
function numberOf(value: unknown): number | undefined {
  const exact = exactInteger(value);
  return exact === undefined ? SPECIAL_FLOATS.get(value) : Number(exact);
}

const MAX_SHOWN = 40;

/** Describes a value in a message. */
function described(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length} values`;
  const exact = exactInteger(value);
  if (exact !== undefined) return String(exact);
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
