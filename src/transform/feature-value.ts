import { LITTLE_ENDIAN } from '../bytes/wire/varints.ts';
import { explained } from '../messages/example/decode-options.ts';
import { FeatureCursor } from '../messages/example/feature-cursor.ts';
import { FeaturePlaces } from '../messages/example/feature-places.ts';
import {
  countValues,
  floatsInto,
  int64sInto,
  maxInt64s,
  ValueMemory,
} from '../messages/example/feature-values.ts';
import { BYTES, FLOAT, NONE } from '../messages/example/list-cursor.ts';
import { isSame } from '../messages/example/name-table.ts';

const NEGATIVE_ZERO = 0x80000000 | 0;
const INFINITY = 0x7f800000;
const QUIET_NAN = 0x7fc00000;

/**
 * Reads the value of one feature of Examples, or of the context of SequenceExamples, as bytes that
 * depend only on the value and not on its encoding:
 *
 * - one value of bytes: the bytes themselves
 * - several values of bytes: each value after its length, as 4 little-endian bytes
 * - int64: 8 little-endian bytes per value
 * - float: the 4 little-endian bytes of each value, where -0 is 0 and every NaN is 0x7fc00000
 */
export class FeatureValue {
  readonly #name: Uint8Array;
  readonly #cursor = new FeatureCursor();
  readonly #places = new FeaturePlaces();
  readonly #memory = new ValueMemory();

  constructor(feature: string) {
    this.#name = new TextEncoder().encode(feature);
  }

  /**
   * Returns the value, which is valid until the next call; undefined if the record does not have the
   * feature or if its list is empty.
   *
   * @throws RecordpipeError `malformed-example`
   */
  of(record: Uint8Array): Uint8Array | undefined {
    const cursor = this.#cursor;
    try {
      this.#find(record);
      if (cursor.kind === NONE) return undefined;
      return cursor.kind === BYTES ? this.#bytes() : this.#numbers();
    } catch (error) {
      throw explained(error, cursor, {});
    }
  }

  /** Returns the names of the features of a record that `of` has read. */
  names(record: Uint8Array): string[] {
    const cursor = this.#cursor;
    const names: string[] = [];
    for (cursor.open(record); cursor.nextName(); )
      names.push(new TextDecoder().decode(record.subarray(cursor.nameStart, cursor.nameEnd)));
    return names;
  }

  /** Opens the list of the feature. If the record contains the feature twice, the last one counts. */
  #find(record: Uint8Array): void {
    const cursor = this.#cursor;
    const places = this.#places;
    places.clear(1);
    for (cursor.open(record); cursor.nextName(); ) {
      if (!isSame(this.#name, record, cursor.nameStart, cursor.nameEnd)) continue;
      if (!cursor.readFeature()) break;
      places.set(0, cursor);
    }
    cursor.check();
    places.open(0, record, cursor);
  }

  #bytes(): Uint8Array | undefined {
    const cursor = this.#cursor;
    if (cursor.isOneRun) return cursor.list.subarray(cursor.runStart, cursor.runEnd);
    const values: Uint8Array[] = [];
    let size = 0;
    for (cursor.openRuns(); cursor.hasRun; cursor.nextRun()) {
      const value = cursor.list.subarray(cursor.runStart, cursor.runEnd);
      values.push(value);
      size += 4 + value.length;
    }
    cursor.check();
    if (values.length <= 1) return values[0];
    const joined = new Uint8Array(size);
    const view = new DataView(joined.buffer);
    let at = 0;
    for (const value of values) {
      view.setUint32(at, value.length, true);
      joined.set(value, at + 4);
      at += 4 + value.length;
    }
    return joined;
  }

  #numbers(): Uint8Array | undefined {
    const cursor = this.#cursor;
    const memory = this.#memory;
    const isFloat = cursor.kind === FLOAT;
    const room = isFloat ? countValues(cursor) : 2 * maxInt64s(cursor);
    if (memory.words.length < room) memory.allocate(room);
    const end = isFloat ? floatsInto(cursor, memory, 0) : int64sInto(cursor, memory.words, 0);
    if (end === 0) return undefined;
    const { words } = memory;
    for (let i = 0; i < end; i++) {
      if (isFloat) words[i] = unified(words[i]);
      if (!LITTLE_ENDIAN) words[i] = swapped(words[i]);
    }
    return memory.bytes.subarray(0, 4 * end);
  }
}

/** Returns the same bits for all floats that are equal, and for all NaNs. */
function unified(bits: number): number {
  if (bits === NEGATIVE_ZERO) return 0;
  return (bits & 0x7fffffff) > INFINITY ? QUIET_NAN : bits;
}

function swapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}
