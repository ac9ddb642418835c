import type { FeatureCursor } from './feature-cursor.ts';
import type { ValueCollector } from './value-collector.ts';

/** Maximum number of values in each record. Reading long lists takes longer than finding them. */
const MAX_SIZE = 16;
/** Maximum number of values of a column for which memory is allocated before they are found. */
const MAX_VALUES = 2 ** 24;

/**
 * Collects the values of a column while the features of records are found, so that each record is
 * read only once. It stops at the first record that lacks the feature, or has it in a different layout,
 * kind or number of values. The column is then read in a second pass, which reports errors and
 * fills in defaults.
 */
export class OnePass {
  readonly slot: number;
  readonly #collector: ValueCollector;
  readonly #size: number;
  #isOpen = false;
  #hasBegun = false;
  /** The first record without values. */
  #next = 0;

  /** @param size number of values in each record */
  constructor(slot: number, collector: ValueCollector, size: number) {
    this.slot = slot;
    this.#collector = collector;
    this.#size = size;
  }

  /** Starts a column of up to `records` records. */
  begin(records: number): void {
    const values = records * this.#size;
    this.#isOpen = this.#size <= MAX_SIZE && values > 0 && values <= MAX_VALUES;
    this.#next = 0;
    this.#hasBegun = this.#isOpen;
    if (this.#isOpen) this.#collector.begin(values);
  }

  /** Releases the values of a batch that failed. */
  close(): void {
    if (this.#hasBegun) this.#collector.begin(0);
    this.#isOpen = this.#hasBegun = false;
  }

  /**
   * Adds the feature that the cursor has read. The last one of a record is used, as in protobuf.
   */
  add(cursor: FeatureCursor, record: number): void {
    if (!this.#isOpen) return;
    if (record === this.#next) this.#next++;
    const isNext = record === this.#next - 1;
    this.#isOpen = isNext && this.#collector.put(cursor, record * this.#size, this.#size);
  }

  /** Ends the column. Reports whether the values of all records have been collected. */
  end(records: number): boolean {
    const isComplete = this.#isOpen && this.#next === records;
    if (isComplete) this.#hasBegun = false;
    return isComplete;
  }
}
