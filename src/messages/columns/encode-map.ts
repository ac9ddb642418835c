import { compareBytes, putHead, sizeOfField } from '../../bytes/wire/lengths.ts';
import type { BytesVector, ColumnBatch, ListVector } from './column-batch.ts';
import {
  ABSENT,
  addSizes,
  checked,
  type EntryPart,
  entryHead,
  type RowError,
  type RowPart,
} from './encode-parts.ts';
import { copyBytes, type ListError, roomFor } from './encode-values.ts';
import { ListRanges } from './list-ranges.ts';

/** The entries of a map, in the order of their names. */
export class MapPart implements RowPart {
  sizes: Int32Array = new Int32Array(0);
  readonly #entries: readonly EntryPart[];
  readonly #unset: UnsetNames | undefined;
  readonly #error: RowError;

  constructor(entries: readonly EntryPart[], unset: UnsetNames | undefined, error: RowError) {
    this.#entries = [...entries].sort((a, b) => compareBytes(a.name, b.name));
    this.#unset = unset;
    this.#error = error;
  }

  bind(batch: ColumnBatch): void {
    for (const entry of this.#entries) entry.bind(batch);
    this.#unset?.bind(batch);
  }

  measure(first: number, count: number): void {
    this.sizes = roomFor(this.sizes, count);
    const { sizes } = this;
    sizes.fill(0, 0, count);
    const error: ListError = (code, i, problem) => this.#error(code, first + i, problem);
    for (const entry of this.#entries) {
      entry.measure(first, count);
      addSizes(sizes, entry.sizes, count, error);
    }
    this.#unset?.measure(first, count, sizes, this.#entries, error);
  }

  write(bytes: Uint8Array, at: Int32Array, count: number): void {
    const names = this.#unset?.names ?? [];
    let next = 0;
    for (const entry of this.#entries) {
      for (; next < names.length && compareBytes(names[next].name, entry.name) < 0; next++)
        writeUnset(names[next], bytes, at, count);
      entry.write(bytes, at, count);
    }
    for (; next < names.length; next++) writeUnset(names[next], bytes, at, count);
  }
}

/** A part as a field that rows without the part do not have, such as Features. */
export class OptionalPart implements RowPart {
  sizes: Int32Array = new Int32Array(0);
  readonly #tag: number;
  readonly #part: RowPart;
  readonly #error: RowError;

  constructor(tag: number, part: RowPart, error: RowError) {
    this.#tag = tag;
    this.#part = part;
    this.#error = error;
  }

  bind(batch: ColumnBatch): void {
    this.#part.bind(batch);
  }

  measure(first: number, count: number): void {
    this.#part.measure(first, count);
    const { sizes: bodies } = this.#part;
    this.sizes = roomFor(this.sizes, count);
    const error: ListError = (code, i, problem) => this.#error(code, first + i, problem);
    for (let i = 0; i < count; i++)
      this.sizes[i] = bodies[i] <= 0 ? ABSENT : checked(sizeOfField(bodies[i]), i, error);
  }

  write(bytes: Uint8Array, at: Int32Array, count: number): void {
    const { sizes: bodies } = this.#part;
    for (let i = 0; i < count; i++) if (bodies[i] > 0) at[i] = putHead(bytes, at[i], this.#tag, bodies[i]);
    this.#part.write(bytes, at, count);
  }
}

/** A name of features without a kind. */
interface UnsetName {
  readonly name: Uint8Array;
  /** The whole entry. */
  readonly bytes: Uint8Array;
  /** The feature of this name that has a kind, if there is a column for it. */
  readonly entry: EntryPart | undefined;
  /** The measured rows that have it, in order. */
  readonly rows: number[];
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Names of the features that are present and have no kind. */
export class UnsetNames {
  /** The distinct names in the measured rows, in order. */
  names: readonly UnsetName[] = [];
  readonly #column: number;
  readonly #tag: number;
  readonly #map: string;
  readonly #maps: readonly string[];
  readonly #ranges = new ListRanges();
  #vector!: ListVector;

  /**
   * @param tag tag of the entries
   * @param map beginning of the names in the column that belong to this map; empty if all do
   * @param maps beginnings of the names of all maps
   */
  constructor(column: number, tag: number, map = '', maps: readonly string[] = [map]) {
    this.#column = column;
    this.#tag = tag;
    this.#map = map;
    this.#maps = maps;
  }

  bind({ columns }: ColumnBatch): void {
    this.#vector = columns[this.#column] as ListVector;
  }

  /** Finds the names of the rows [first, first + count), and adds the sizes of their entries. */
  measure(
    first: number,
    count: number,
    totals: Int32Array,
    entries: readonly EntryPart[],
    error: ListError,
  ): void {
    const ranges = this.#ranges;
    ranges.setRows(this.#vector, first, count);
    const found = new Map<string, UnsetName>();
    for (let i = 0; i < count; i++)
      for (let item = ranges.from[i]; item < ranges.to[i]; item++) {
        const { name, text } = this.#nameOf(item, i, error);
        if (!text.startsWith(this.#map)) continue;
        let unset = found.get(text);
        if (unset === undefined) {
          const entry = entries.find((one) => compareBytes(one.name, name) === 0);
          unset = { name, bytes: entryOf(this.#tag, name), entry, rows: [] };
          found.set(text, unset);
        }
        const what = `expected each feature once, got ${JSON.stringify(text)}`;
        if (unset.rows.at(-1) === i)
          throw error('unrepresentable', i, `${what} twice in the names of features without a kind`);
        if (unset.entry !== undefined && unset.entry.sizes[i] !== ABSENT)
          throw error(
            'unrepresentable',
            i,
            `${what} both with values and in the names of features without a kind`,
          );
        unset.rows.push(i);
        totals[i] = checked(totals[i] + unset.bytes.length, i, error);
      }
    this.names = [...found.values()].sort((a, b) => compareBytes(a.name, b.name));
  }

  #nameOf(item: number, i: number, error: ListError): { name: Uint8Array; text: string } {
    const { offsets, data, validity } = this.#vector.items as BytesVector;
    if (validity !== undefined && ((validity[item >> 3] >> (item & 7)) & 1) === 0)
      throw error('unrepresentable', i, 'expected the name of a feature without a kind, got null');
    const name = Uint8Array.prototype.slice.call(data, offsets[item], offsets[item + 1]);
    let text: string;
    try {
      text = decoder.decode(name);
    } catch {
      throw error('unrepresentable', i, 'expected UTF-8 feature names, got invalid UTF-8');
    }
    if (this.#maps.some((map) => text.startsWith(map)))
      return { name: name.subarray(this.#map.length), text };
    const problem = `expected names that begin with ${this.#maps.join(' or ')}, got ${JSON.stringify(text)}`;
    throw error('unrepresentable', i, problem);
  }
}

function entryOf(tag: number, name: Uint8Array): Uint8Array {
  const head = entryHead(name);
  const body = head.length + 1;
  const bytes = new Uint8Array(sizeOfField(body));
  // The last byte is the length of the value, 0.
  bytes.set(head, putHead(bytes, 0, tag, body));
  return bytes;
}

function writeUnset(
  { bytes: entry, rows }: UnsetName,
  bytes: Uint8Array,
  at: Int32Array,
  count: number,
): void {
  for (const i of rows) {
    if (i >= count) return;
    copyBytes(entry, 0, entry.length, bytes, at[i]);
    at[i] += entry.length;
  }
}
