import { countVarints, LITTLE_ENDIAN, numbersFrom, varintsInto } from '../../bytes/wire/varints.ts';
import type { Feature, Int64Mode } from './feature.ts';
import { BYTES, FLOAT, INT64 } from './feature-walk.ts';
import { FOUND, NO_MORE, type PlainWalk } from './plain-walk.ts';
import { Slab } from './value-maker.ts';

/** Tags of the lists. */
const BYTES_LIST = BYTES * 8 + 2;
const FLOAT_LIST = FLOAT * 8 + 2;
const INT64_LIST = INT64 * 8 + 2;
/** From so many floats on, copying them at once is quicker than word by word. */
const LONG_RUN = 32;
const NOTHING = new Uint8Array(0);

/** Makes features of Examples in the usual shape. */
export class PlainFeatures {
  readonly #walk: PlainWalk;
  readonly #slab = new Slab();

  constructor(walk: PlainWalk) {
    this.#walk = walk;
  }

  /** The features of the record into `example`; false, with some of them there, where the record is not plain. */
  read(record: Uint8Array, example: Map<string, Feature>, int64: Int64Mode): boolean {
    const walk = this.#walk;
    try {
      let state = walk.open(record);
      for (; state === FOUND; state = walk.next()) {
        const feature = this.#feature(walk.tag, int64);
        if (feature === undefined) return false;
        example.set(walk.name.text, feature);
      }
      return state === NO_MORE;
    } catch {
      // What is wrong with a name or a varint is told by those that read it again.
      return false;
    } finally {
      walk.close();
    }
  }

  #feature(tag: number, int64: Int64Mode): Feature | undefined {
    switch (tag) {
      case BYTES_LIST:
        return this.#bytes();
      case FLOAT_LIST:
        return this.#floats();
      case INT64_LIST:
        return this.#int64s(int64);
      default:
        return undefined;
    }
  }

  #bytes(): Feature | undefined {
    const walk = this.#walk;
    const { end, offset, buffer } = walk;
    const value: Uint8Array[] = [];
    while (walk.at < end) {
      const valueEnd = walk.value();
      if (valueEnd < 0) return undefined;
      const { at } = walk;
      // Views of nothing are one: a view takes 100 bytes of memory, and an empty value two of a message.
      value.push(valueEnd === at ? NOTHING : new Uint8Array(buffer, offset + at, valueEnd - at));
      walk.at = valueEnd;
    }
    return { kind: 'bytes', value };
  }

  #floats(): Feature | undefined {
    const walk = this.#walk;
    if (!walk.run()) return undefined;
    const { at: start, end, offset, bytes } = walk;
    const size = end - start;
    const from = offset + start;
    if (size % 4 !== 0) return undefined;
    walk.at = end;
    if (LITTLE_ENDIAN && from % 4 === 0)
      return { kind: 'float', value: new Float32Array(walk.buffer, from, size / 4) };
    const slab = this.#slab;
    slab.take(size);
    const { at, buffer, words } = slab;
    slab.keep(size / 4);
    if (LITTLE_ENDIAN && size > 4 * LONG_RUN) {
      new Uint8Array(buffer, 4 * at, size).set(new Uint8Array(walk.buffer, from, size));
    } else {
      for (let i = start, to = at; i < end; i += 4)
        words[to++] = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    }
    return { kind: 'float', value: new Float32Array(buffer, 4 * at, size / 4) };
  }

  #int64s(int64: Int64Mode): Feature | undefined {
    const walk = this.#walk;
    if (!walk.run()) return undefined;
    const { at: start, end, bytes } = walk;
    walk.at = end;
    const slab = this.#slab;
    slab.take(8 * mostVarints(bytes, start, end));
    const { at, buffer } = slab;
    if (int64 === 'bigint') {
      const to = varintsInto(bytes, start, end, slab.words, at);
      slab.keep(to - at);
      return { kind: 'int64', value: new BigInt64Array(buffer, 4 * at, (to - at) / 2) };
    }
    const to = numbersFrom(bytes, start, end, slab.numbers, at / 2);
    if (to < 0) return undefined;
    slab.keep(2 * to - at);
    return { kind: 'int64', value: new Float64Array(buffer, 4 * at, to - at / 2) };
  }
}

/** At most so many varints are in [start, end): of short runs without counting them. @throws WireFault */
export function mostVarints(bytes: Uint8Array, start: number, end: number): number {
  return end - start <= 1024 ? end - start : countVarints(bytes, start, end);
}
