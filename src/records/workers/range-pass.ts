import type { RecordpipeError } from '../../errors.ts';
import type { RangeOrder, RangeResult, RecordStart } from './range-plan.ts';
import { unpackError } from './serve-jobs.ts';

/** Processes one range on some thread. */
export type DoRange<O, R> = (order: O) => Promise<R>;

/** The place of a range whose first record is proven to be a record of the file. */
export interface ProvenPlace {
  readonly first: RecordStart;
  /** Difference between the record numbers in the file and those in the result. */
  readonly before: number;
}

/** Factor by which a range grows each time that its end is not proven. */
const GROWTH = 4;

/**
 * Processes the ranges of a file, several of them in parallel, and proves that they meet.
 *
 * The start of a range is a guess. It is proven if the records of all ranges before it end exactly
 * there. If they do not, because of damage, a payload that contains records, or a record that is
 * larger than a range, the last proven range is processed again with an end farther away, finally
 * that of the file. The results in order are therefore those of a scan from beginning to end.
 */
export class RangePass<O extends RangeOrder, R extends RangeResult> {
  /** Why the first range that the file needs could not be read. */
  failure: RecordpipeError | undefined;
  readonly #orders: readonly O[];
  readonly #onProven: (result: R, place: ProvenPlace) => void;
  readonly #results = new Map<number, R>();
  readonly #done: Promise<void>;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  /** Number of ranges assigned to threads. */
  #given = 0;
  /** Number of assigned ranges whose results have been judged. */
  #judged = 0;
  #judging = false;
  #ended = false;
  /** Everything before this record is proven. */
  #proven: RecordStart = { offset: 0, record: 0 };

  /**
   * @param orders ranges of one file, in order
   * @param onProven called with each proven range, in order
   */
  constructor(orders: readonly O[], onProven: (result: R, place: ProvenPlace) => void) {
    this.#orders = orders;
    this.#onProven = onProven;
    this.#done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#done.catch(() => {}); // Each thread that helps receives the error.
  }

  /**
   * Processes ranges until none is left, and waits for those of other threads.
   * @throws RecordpipeError `aborted`; the error of a thread that died
   */
  async help(perform: DoRange<O, R>): Promise<void> {
    try {
      while (!this.#ended && this.#given < this.#orders.length) {
        const number = this.#given++;
        const result = await perform(this.#orders[number]);
        this.#results.set(number, result);
        // Reading more would probably fail, too, after as many attempts.
        if (result.failure !== undefined) this.#given = this.#orders.length;
        if (!this.#judging) await this.#judge(perform);
      }
    } catch (error) {
      this.#ended = true;
      this.#reject(error);
    }
    await this.#done;
  }

  /** Ends the pass. Ranges in progress on other threads are not used. */
  end(failure?: RecordpipeError): void {
    this.#ended = true;
    this.failure ??= failure;
    this.#resolve();
  }

  #fail({ failure }: R): void {
    this.end(unpackError(failure) as RecordpipeError);
  }

  /** Judges the available results in order. */
  async #judge(perform: DoRange<O, R>): Promise<void> {
    this.#judging = true;
    while (!this.#ended) {
      const order = this.#orders[this.#judged];
      const result = this.#results.get(this.#judged);
      if (order !== undefined && result === undefined) break;
      if (result?.failure !== undefined) return this.#fail(result);
      const start = result?.start ?? Number.POSITIVE_INFINITY;
      if (start <= this.#proven.offset) {
        this.#results.delete(this.#judged);
        this.#judged++;
      }
      // An earlier range has covered the other ones.
      if (start < this.#proven.offset) continue;
      if (order !== undefined && result !== undefined && this.#isProven(order, result))
        this.#accept(order, result);
      else await this.#again(perform);
    }
    this.#judging = false;
  }

  /** Reports whether a range begins at the proven record and its result can be used. */
  #isProven({ from, plan }: RangeOrder, { start, end, independent }: RangeResult): boolean {
    const { offset, record } = this.#proven;
    if (start !== offset) return false;
    if (typeof from === 'number' && start > 0) return independent;
    return (independent || end === plan.size) && (start === 0 || (from as RecordStart).record === record);
  }

  /** Checks the range that begins at the proven record, with an end that can be used. */
  async #again(perform: DoRange<O, R>): Promise<void> {
    const [first] = this.#orders;
    const { size, rangeBytes } = first.plan;
    const from = this.#proven;
    for (let ranges = GROWTH; ; ranges *= GROWTH) {
      const until = Math.floor(from.offset / rangeBytes) + ranges;
      const order = { ...first, from, until };
      const result = await perform(order);
      if (result.failure !== undefined) return this.#fail(result);
      if (!result.independent && result.end < size) continue;
      this.#accept(order, result);
      return;
    }
  }

  #accept({ from, plan }: O, result: R): void {
    if (this.#ended) return;
    const first = this.#proven;
    const before = typeof from === 'number' ? first.record : 0;
    this.#onProven(result, { first, before });
    const { offset, record } = result.next;
    this.#proven = { offset, record: record + before };
    if (result.end === plan.size) this.end();
  }
}
