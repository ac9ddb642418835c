import { unclearedWords } from '../../bytes/uncleared-memory.ts';
import { floatBytes, textBytes } from '../../bytes/wire/message-writer.ts';
import {
  areVarints,
  findUnsafe,
  HIGH_WORD,
  LITTLE_ENDIAN,
  LOW_WORD,
  varintsInto,
  wordsToNumbers,
} from '../../bytes/wire/varints.ts';
import { MAX_VARINT_BYTES } from '../../bytes/wire/wire-reader.ts';
import { UsageError } from '../../errors.ts';
import { int64Words } from './encode-example.ts';
import type { FeatureCursor } from './feature-cursor.ts';
import type { PlanInt64, SpecKind } from './feature-specs.ts';
import { floatsInto, int64sInto, NO_BYTES, ValueMemory, viewOf, viewsInto } from './feature-values.ts';
import { BYTES, FLOAT, INT64 } from './list-cursor.ts';
import { TextCollector } from './text-collector.ts';

/** Collects values of one kind from many lists into the array of a column. */
export interface ValueCollector {
  /** Kind of the values, as a number. */
  readonly kind: number;
  /** Starts a column of `values` values. */
  begin(values: number): void;
  /** Starts a column of lists of `bytes` bytes in total. */
  beginLists(bytes: number): void;
  /**
   * Adds the values of an open list, starting at `to`. Returns the index after the last one. Values
   * that do not fit are only counted.
   */
  add(cursor: FeatureCursor, to: number): number;
  /**
   * Writes the values of the feature that the cursor has just read, starting at `to`. Returns false
   * unless it has `count` values in the common layout; `add` then reads it or reports its fault.
   */
  put(cursor: FeatureCursor, to: number, count: number): boolean;
  /** Fills [from, to) with the default. */
  fill(from: number, to: number): void;
  /**
   * Returns the first `count` values, which the caller owns.
   *
   * @param onInvalid returns the error for a value that the column cannot represent
   */
  finish(count: number, onInvalid: InvalidValue): unknown;
  /** Returns the first value, without an array. */
  finishOne(onInvalid: InvalidValue): unknown;
}

/** Returns the error for the value at an index of the column. @param what what was expected */
export type InvalidValue = (index: number, what: string) => Error;

type Default = Uint8Array | string | number | bigint;

/**
 * Returns a collector of values of `kind`.
 *
 * @param what the feature, for errors
 * @param given one default for all values, or one for each value of a record
 * @param reuse whether arrays of numbers use the memory of the previous column
 */
export function valueCollector(
  what: string,
  kind: SpecKind,
  int64: PlanInt64,
  given: Default | readonly Default[] | undefined,
  reuse = false,
): ValueCollector {
  const defaults: readonly Default[] = given === undefined ? [] : Array.isArray(given) ? given : [given];
  switch (kind) {
    case 'bytes':
      return new BytesCollector(
        defaults.map((one) => {
          if (one instanceof Uint8Array) return one;
          if (typeof one === 'string') return textBytes(what, one);
          throw new UsageError(`${what}: defaultValue: expected bytes or a string, got ${typeof one}`);
        }),
      );
    case 'text':
      return new TextCollector(
        defaults.map((one) => {
          if (typeof one !== 'string')
            throw new UsageError(`${what}: defaultValue: expected a string, got ${typeof one}`);
          textBytes(what, one);
          return one;
        }),
      );
    case 'float': {
      const bytes = Uint8Array.from(floatBytes(what, defaults as readonly number[]));
      return new FloatCollector(new Int32Array(bytes.buffer), reuse);
    }
    default: {
      const words = int64Words(what, defaults as readonly (number | bigint)[]);
      const hostWords = LITTLE_ENDIAN ? words : words.map((_, i) => words[i ^ 1]);
      return new Int64Collector(hostWords, int64 === 'number', reuse);
    }
  }
}

class BytesCollector implements ValueCollector {
  readonly kind = BYTES;
  readonly #defaults: readonly Uint8Array[];
  #values: Uint8Array[] = [];

  constructor(defaults: readonly Uint8Array[]) {
    this.#defaults = defaults;
  }

  begin(): void {
    this.#values = [];
  }

  beginLists(): void {
    this.begin();
  }

  add(cursor: FeatureCursor, to: number): number {
    return viewsInto(cursor, this.#values, to);
  }

  put(cursor: FeatureCursor, to: number, count: number): boolean {
    if (cursor.kind !== BYTES || !cursor.isOneRun || count !== 1) return false;
    this.#values[to] = viewOf(cursor);
    return true;
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

const NO_WORDS = new Int32Array(0);
/** Converts the words of one value without allocating an array for it. */
const one = new Int32Array(2);
const oneFloat = new Float32Array(one.buffer);
const oneInteger = new BigInt64Array(one.buffer);

class FloatCollector implements ValueCollector {
  readonly kind = FLOAT;
  readonly #defaults: Int32Array;
  /** Memory for columns of one value, which are copied on completion. */
  readonly #single = new ValueMemory(new Int32Array(2));
  readonly #reuse: boolean;
  #memory: ValueMemory = this.#single;
  #reused = new ValueMemory();

  constructor(defaults: Int32Array, reuse: boolean) {
    this.#defaults = defaults;
    this.#reuse = reuse;
  }

  begin(values: number): void {
    if (values === 1) this.#memory = this.#single;
    else if (this.#reuse && this.#reused.words.length >= values) this.#memory = this.#reused;
    else {
      this.#memory = new ValueMemory(unclearedWords(values));
      if (this.#reuse) this.#reused = this.#memory;
    }
  }

  beginLists(bytes: number): void {
    this.begin(bytes >>> 2);
  }

  add(cursor: FeatureCursor, to: number): number {
    return floatsInto(cursor, this.#memory, to);
  }

  put(cursor: FeatureCursor, to: number, count: number): boolean {
    if (cursor.kind !== FLOAT || !cursor.isOneRun || cursor.runEnd - cursor.runStart !== 4 * count)
      return false;
    floatsInto(cursor, this.#memory, to);
    return true;
  }

  fill(from: number, to: number): void {
    fillWords(this.#memory.words, this.#defaults, from, to);
  }

  finish(count: number): Float32Array {
    const { buffer, words } = this.#memory;
    const isSingle = this.#memory === this.#single;
    this.#memory = this.#single;
    if (isSingle) return new Float32Array(buffer.slice(0, 4 * count));
    if (count < words.length) words.fill(0, count);
    return new Float32Array(buffer, 0, count);
  }

  finishOne(): number {
    one[0] = this.#memory.words[0];
    return oneFloat[0];
  }
}

/**
 * Collects words. Lists are collected in memory that is reused across columns, because the number
 * of their integers is not known until they are read.
 */
class Int64Collector implements ValueCollector {
  readonly kind = INT64;
  readonly #defaults: Int32Array;
  readonly #asNumbers: boolean;
  readonly #reuse: boolean;
  #words = NO_WORDS;
  #reused = new Int32Array(2);

  constructor(defaults: Int32Array, asNumbers: boolean, reuse: boolean) {
    this.#defaults = defaults;
    this.#asNumbers = asNumbers;
    this.#reuse = reuse;
  }

  begin(values: number): void {
    if (this.#reuse || values === 1) this.beginLists(values);
    else this.#words = unclearedWords(2 * values);
  }

  beginLists(bytes: number): void {
    if (this.#reused.length < 2 * bytes) this.#reused = new Int32Array(2 * bytes);
    this.#words = this.#reused;
  }

  add(cursor: FeatureCursor, to: number): number {
    return int64sInto(cursor, this.#words, 2 * to) / 2;
  }

  put(cursor: FeatureCursor, to: number, count: number): boolean {
    if (cursor.kind !== INT64 || !cursor.isOneRun) return false;
    const { list, runStart, runEnd } = cursor;
    const isShort = runEnd - runStart <= MAX_VARINT_BYTES;
    if (isShort ? list[runEnd - 1] >= 0x80 : !areVarints(list, runStart, runEnd)) return false;
    return varintsInto(list, runStart, runEnd, this.#words, 2 * to) === 2 * (to + count);
  }

  fill(from: number, to: number): void {
    fillWords(this.#words, this.#defaults, 2 * from, 2 * to);
  }

  finish(count: number, onInvalid: InvalidValue): BigInt64Array | Float64Array {
    const words = this.#finished(2 * count);
    const integers = new BigInt64Array(words.buffer, 0, count);
    if (!this.#asNumbers) return integers;
    const unsafe = findUnsafe(words, 0, 2 * count);
    if (unsafe >= 0) throw onInvalid(unsafe, unsafeText(integers[unsafe]));
    const numbers = new Float64Array(words.buffer, 0, count);
    wordsToNumbers(words, numbers, count);
    return numbers;
  }

  /** Returns the first words of the column. The caller owns them, except with `reuse`. */
  #finished(count: number): Int32Array<ArrayBuffer> {
    const words = this.#words;
    this.#words = NO_WORDS;
    if (this.#reuse) return words;
    if (words !== this.#reused) {
      // The caller sees the whole buffer, and uncleared memory may contain anything.
      if (count < words.length) words.fill(0, count);
      return words;
    }
    const own = unclearedWords(count);
    own.set(words.subarray(0, count));
    return own;
  }

  finishOne(onInvalid: InvalidValue): bigint | number {
    one[0] = this.#words[0];
    one[1] = this.#words[1];
    if (!this.#asNumbers) return oneInteger[0];
    const number = one[HIGH_WORD] * 2 ** 32 + (one[LOW_WORD] >>> 0);
    if (Number.isSafeInteger(number)) return number;
    throw onInvalid(0, unsafeText(oneInteger[0]));
  }
}

function unsafeText(value: bigint): string {
  return `expected integers of at most 2^53 - 1 as numbers, got ${value}; int64: 'bigint' accepts it`;
}

/** Fills [from, to) of `words` with the defaults in turn, or with zeros if there are none. */
function fillWords(words: Int32Array, defaults: Int32Array, from: number, to: number): void {
  const { length } = defaults;
  if (length === 0) words.fill(0, from, to);
  else for (let i = from; i < to; i++) words[i] = defaults[(i - from) % length];
}
