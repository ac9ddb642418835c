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
