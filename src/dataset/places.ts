import type { ErrorPlace } from '../errors.ts';
import type { RecordRun } from '../messages/record-run.ts';

/** Source of records: the file, and whether its offsets count uncompressed bytes. */
export type RecordSource = RecordRun['place'];

/** Locations of records, for errors. Adding one allocates nothing once the list has been as long. */
export class Places {
  readonly #sources: RecordSource[] = [];
  readonly #records: number[] = [];
  readonly #offsets: number[] = [];
  #length = 0;

  add(source: RecordSource, record: number, offset: number): void {
    const at = this.#length++;
    this.#sources[at] = source;
    this.#records[at] = record;
    this.#offsets[at] = offset;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds a location of another list. */
  copy(from: Places, i: number): void {
    this.add(from.#sources[i], from.#records[i], from.#offsets[i]);
  }

  /** Removes the location at `i`, which the last one replaces. It stays readable at `length`. */
  take(i: number): void {
    const last = --this.#length;
    swap(this.#sources, i, last);
    swap(this.#records, i, last);
    swap(this.#offsets, i, last);
  }

  /** Removes the first locations. */
  drop(count: number): void {
    for (const column of [this.#sources, this.#records, this.#offsets]) column.splice(0, count);
    this.#length -= count;
  }

  /** Moves the location at `order[i]` to `i`, for all locations. */
  arrange(order: readonly number[]): void {
    const all = new Places();
    for (const i of order) all.copy(this, i);
    this.clear();
    for (let i = 0; i < order.length; i++) this.copy(all, i);
  }

  /** Adds a record without a location. */
  addUnknown(): void {
    this.add(undefined, -1, -1);
  }

  /** Returns a location; undefined if it is unknown or not in the list. */
  at(i: number): ErrorPlace | undefined {
    if (i >= this.#length || this.#records[i] < 0) return undefined;
    return { ...this.#sources[i], record: this.#records[i], offset: this.#offsets[i] };
  }

  clear(): void {
    this.#length = 0;
  }
}

function swap<T>(column: T[], a: number, b: number): void {
  const before = column[a];
  column[a] = column[b];
  column[b] = before;
}
