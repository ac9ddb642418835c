import { LITTLE_ENDIAN, numbersFrom, varintsInto } from '../../bytes/wire/varints.ts';
import type { Feature, Int64Mode } from './feature.ts';
import { BYTES, FLOAT, INT64, KIND_NAMES } from './feature-walk.ts';
import type { Name } from './name-table.ts';
import { mostVarints } from './plain-features.ts';
import type { PlainWalk } from './plain-walk.ts';

/** Copying at once is quicker than word by word beyond so many floats. */
const LONG_RUN = 32;
const NOTHING = new Uint8Array(0);

/** A feature at its place in records that follow one another, with memory that the next record's values go into. */
export class KeptFeature {
  readonly name: Name;
  readonly tag: number;
  readonly feature: Feature;
  readonly #mutable: { value: unknown };
  readonly #views: Uint8Array[] = [];
  #words = new Int32Array(0);
  #bytes = new Uint8Array(this.#words.buffer);
  #numbers = new Float64Array(this.#words.buffer);
  /** Of how many values of this memory `value` is an array; -1 where it is of the record's. */
  #count = -1;

  constructor(name: Name, tag: number) {
    this.name = name;
    this.tag = tag;
    const feature = { kind: KIND_NAMES[tag >> 3], value: this.#views as unknown };
    this.feature = feature as Feature;
    this.#mutable = feature;
  }

  /** Takes the values of the list that the walk is at; false if that is not plain. @throws WireFault */
  take(walk: PlainWalk, int64: Int64Mode): boolean {
    switch (this.tag) {
      case BYTES * 8 + 2:
        return this.#takeBytes(walk);
      case FLOAT * 8 + 2:
        return walk.run() && this.#takeFloats(walk);
      case INT64 * 8 + 2:
        return walk.run() && this.#takeInt64s(walk, int64);
      default:
        return false;
    }
  }

  #takeBytes(walk: PlainWalk): boolean {
    const { end, offset, buffer } = walk;
    const views = this.#views;
    let count = 0;
    while (walk.at < end) {
      const valueEnd = walk.value();
      if (valueEnd < 0) return false;
      const { at } = walk;
      views[count++] = valueEnd === at ? NOTHING : new Uint8Array(buffer, offset + at, valueEnd - at);
      walk.at = valueEnd;
    }
    if (views.length !== count) views.length = count;
    return true;
  }

  #takeFloats(walk: PlainWalk): boolean {
    const { at: start, end, bytes } = walk;
    const size = end - start;
    if (size % 4 !== 0) return false;
    walk.at = end;
    const count = size / 4;
    if (LITTLE_ENDIAN && count > LONG_RUN) {
      const from = walk.offset + start;
      if (from % 4 === 0) {
        this.#mutable.value = new Float32Array(walk.buffer, from, count);
        this.#count = -1;
        return true;
      }
      this.#reserve(count);
      this.#bytes.set(new Uint8Array(walk.buffer, from, size));
    } else {
      this.#reserve(count);
      const words = this.#words;
      for (let i = start, to = 0; i < end; i += 4)
        words[to++] = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    }
    if (count !== this.#count) this.#mutable.value = new Float32Array(this.#words.buffer, 0, count);
    this.#count = count;
    return true;
  }

  #takeInt64s(walk: PlainWalk, int64: Int64Mode): boolean {
    const { at: start, end, bytes } = walk;
    walk.at = end;
    this.#reserve(2 * mostVarints(bytes, start, end));
    const isExact = int64 === 'bigint';
    const count = isExact
      ? varintsInto(bytes, start, end, this.#words, 0) / 2
      : numbersFrom(bytes, start, end, this.#numbers, 0);
    if (count < 0) return false;
    if (count !== this.#count) {
      const memory = this.#words.buffer;
      this.#mutable.value = isExact
        ? new BigInt64Array(memory, 0, count)
        : new Float64Array(memory, 0, count);
    }
    this.#count = count;
    return true;
  }

  #reserve(words: number): void {
    if (words <= this.#words.length) return;
    this.#words = new Int32Array(words + (words & 1));
    this.#bytes = new Uint8Array(this.#words.buffer);
    this.#numbers = new Float64Array(this.#words.buffer);
    this.#count = -1;
  }
}
