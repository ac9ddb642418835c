import { floatBytes, textBytes } from '../../bytes/wire/message-writer.ts';
import { LITTLE_ENDIAN, numbersInPlace } from '../../bytes/wire/varints.ts';
import { UsageError } from '../../errors.ts';
import { int64Words } from './encode-example.ts';
import type { FeatureKind } from './feature.ts';
import { isOne } from './feature-specs.ts';
import { BYTES, FLOAT, INT64 } from './feature-walk.ts';
import { type FoundFeatures, NO_BYTES } from './found-features.ts';
import type { PlanInt64 } from './parsed.ts';

/** Values of one kind on their way from lists into one array of a column. */
export interface ValueSink {
  /** The kind by number. */
  readonly kind: number;
  /** Room for at least so many values, from the first on. */
  begin(most: number): void;
  /** At most so many values are in a list that takes so many bytes. */
  most(bytes: number): number;
  /** The values of the list that is open behind `to`; gives where the next go. What there is no room for is counted, not written. */
  take(found: FoundFeatures, to: number): number;
  /** The default from `from` to `to`. */
  fill(from: number, to: number): void;
  /** The first `count` values, which belong to the caller from now on; undefined with the index of an integer that is no number. */
  finish(count: number, onBeyond: (index: number, value: bigint) => Error): unknown;
  /** The same for the first value alone, without making an array of it. */
  finishOne(onBeyond: (index: number, value: bigint) => Error): unknown;
}

/** A value by its words, without an array for it. */
const ONE_WORD = new Int32Array(2);
const ONE_FLOAT = new Float32Array(ONE_WORD.buffer);
const ONE_INTEGER = new BigInt64Array(ONE_WORD.buffer);

type Default = Uint8Array | string | number | bigint;

/** The sink for a kind; with `reuse`, its arrays of numbers have the same memory each time. Defaults are cycled through: one for all values, or one for each value of a record. */
export function valueSink(
  what: string,
  kind: FeatureKind,
  int64: PlanInt64,
  given: Default | readonly Default[] | undefined,
  reuse = false,
): ValueSink {
  const defaults = given === undefined ? [] : isOne(given) ? [given] : given;
  switch (kind) {
    case 'bytes':
      return new BytesSink(
        defaults.map((one) => {
          if (one instanceof Uint8Array) return one;
          if (typeof one === 'string') return textBytes(what, one);
          throw new UsageError(`${what}: defaultValue: expected bytes or text, got ${typeof one}`);
        }),
      );
    case 'float': {
      const bytes = Uint8Array.from(floatBytes(what, defaults as readonly number[]));
      return new FloatSink(new Int32Array(bytes.buffer), reuse);
    }
    default:
      return new Int64Sink(
        hostWords(int64Words(what, defaults as readonly (number | bigint)[])),
        int64 === 'number',
        reuse,
      );
  }
}

/** Words in the order of this machine. */
function hostWords(words: Int32Array): Int32Array {
  if (LITTLE_ENDIAN) return words;
  return words.map((_, i) => words[i ^ 1]);
}

class BytesSink implements ValueSink {
  readonly kind = BYTES;
  readonly #defaults: readonly Uint8Array[];
  #values: Uint8Array[] = [];

  constructor(defaults: readonly Uint8Array[]) {
    this.#defaults = defaults;
  }

  begin(): void {
    this.#values = [];
  }

  /** A value takes two bytes at least. */
  most(bytes: number): number {
    return bytes >>> 1;
  }

  take({ lists }: FoundFeatures, to: number): number {
    return lists.viewsInto(this.#values, to);
  }

  fill(from: number, to: number): void {
    const defaults = this.#defaults;
    for (let i = from; i < to; i++)
      this.#values[i] = defaults.length === 0 ? NO_BYTES : defaults[(i - from) % defaults.length];
  }

  finish(count: number): Uint8Array[] {
    const values = this.#values;
    this.#values = [];
    values.length = count;
    return values;
  }

  finishOne(): Uint8Array {
    const [value] = this.#values;
    this.#values = [];
    return value;
  }
}

class FloatSink implements ValueSink {
  readonly kind = FLOAT;
  readonly #defaults: Int32Array;
  readonly #single = new Int32Array(1);
  readonly #reuse: boolean;
  #words = new Int32Array(0);
  #bytes: Uint8Array | undefined;
  #kept = new Int32Array(0);

  constructor(defaults: Int32Array, reuse: boolean) {
    this.#defaults = defaults;
    this.#reuse = reuse;
  }

  begin(most: number): void {
    // A single value is read from there: nobody else gets the array.
    if (most === 1) {
      this.#words = this.#single;
      this.#bytes = undefined;
      return;
    }
    this.#words = this.#reuse && this.#kept.length >= most ? this.#kept : new Int32Array(most);
    if (this.#reuse) this.#kept = this.#words;
    this.#bytes = LITTLE_ENDIAN ? new Uint8Array(this.#words.buffer) : undefined;
  }

  most(bytes: number): number {
    return bytes >>> 2;
  }

  take({ lists }: FoundFeatures, to: number): number {
    return lists.floatsInto(this.#words, to, this.#bytes);
  }

  fill(from: number, to: number): void {
    const defaults = this.#defaults;
    if (defaults.length > 0)
      for (let i = from; i < to; i++) this.#words[i] = defaults[(i - from) % defaults.length];
  }

  finish(count: number): Float32Array {
    const words = this.#words === this.#single ? this.#single.slice() : this.#words;
    this.#words = this.#single;
    return new Float32Array(words.buffer, 0, count);
  }

  finishOne(): number {
    ONE_WORD[0] = this.#words[0];
    return ONE_FLOAT[0];
  }
}

/** Words of 64-bit integers are gathered in memory that is kept: how many there are is not known before. */
class Int64Sink implements ValueSink {
  readonly kind = INT64;
  readonly #defaults: Int32Array;
  readonly #isNumber: boolean;
  readonly #reuse: boolean;
  #words = new Int32Array(0);

  constructor(defaults: Int32Array, isNumber: boolean, reuse: boolean) {
    this.#defaults = defaults;
    this.#isNumber = isNumber;
    this.#reuse = reuse;
  }

  begin(most: number): void {
    if (this.#words.length < 2 * most) this.#words = new Int32Array(2 * most);
  }

  most(bytes: number): number {
    return bytes;
  }

  take({ lists }: FoundFeatures, to: number): number {
    return lists.int64sInto(this.#words, 2 * to) / 2;
  }

  fill(from: number, to: number): void {
    const defaults = this.#defaults;
    if (defaults.length === 0) this.#words.fill(0, 2 * from, 2 * to);
    else for (let i = 2 * from; i < 2 * to; i++) this.#words[i] = defaults[(i - 2 * from) % defaults.length];
  }

  finish(count: number, onBeyond: (index: number, value: bigint) => Error): BigInt64Array | Float64Array {
    const words = this.#reuse ? this.#words : this.#words.slice(0, 2 * count);
    const integers = new BigInt64Array(words.buffer, 0, count);
    if (!this.#isNumber) return integers;
    const numbers = new Float64Array(words.buffer, 0, count);
    const beyond = numbersInPlace(words, numbers, 0, 2 * count);
    if (beyond >= 0) throw onBeyond(beyond, integers[beyond]);
    return numbers;
  }

  finishOne(onBeyond: (index: number, value: bigint) => Error): bigint | number {
    ONE_WORD[0] = this.#words[0];
    ONE_WORD[1] = this.#words[1];
    if (!this.#isNumber) return ONE_INTEGER[0];
    const high = ONE_WORD[LITTLE_ENDIAN ? 1 : 0];
    const number = high * 2 ** 32 + (ONE_WORD[LITTLE_ENDIAN ? 0 : 1] >>> 0);
    if (Number.isSafeInteger(number)) return number;
    throw onBeyond(0, ONE_INTEGER[0]);
  }
}
