import type { RecordBatch } from '../records/batch.ts';
import { END, LATER, Stage, type Step } from './stage.ts';

/**
 * Where batches of records come from, in one iteration.
 * @param signal fires when the iteration ends while a batch is awaited: whoever waits must end at once
 */
export type OpenBatches = (signal: AbortSignal) => AsyncIterator<RecordBatch>;

/** Hands out the records of batches one by one, as views. A record that is passed over costs nothing; a promise comes with a batch. */
export class RecordStage extends Stage<Uint8Array> {
  readonly #open: OpenBatches;
  readonly #stop = new AbortController();
  #batches: AsyncIterator<RecordBatch> | undefined;
  #batch: RecordBatch | undefined;
  #at = 0;
  #length = 0;
  #asking: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #ended = false;

  constructor(open: OpenBatches) {
    super();
    this.#open = open;
  }

  next(): Step<Uint8Array> {
    if (this.#at < this.#length) return this.#batch!.record(this.#at++);
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#ended) return END;
    this.#asking ??= this.#ask();
    return LATER;
  }

  override pass(count: number): number {
    const passed = Math.min(count, this.#length - this.#at);
    this.#at += passed;
    return passed;
  }

  ready(): Promise<void> {
    return this.#asking ?? Promise.resolve();
  }

  close(): Promise<void> | undefined {
    if (this.#ended || this.#batches === undefined) return undefined;
    this.#ended = true;
    if (this.#asking !== undefined) this.#stop.abort();
    return Promise.resolve(this.#batches.return?.()).then(() => {});
  }

  #ask(): Promise<void> {
    this.#batches ??= this.#open(this.#stop.signal);
    return this.#batches.next().then(this.#take, this.#fail);
  }

  readonly #take = ({ done, value }: IteratorResult<RecordBatch>): void => {
    this.#asking = undefined;
    if (done) {
      this.#ended = true;
      this.#batch = undefined;
      return;
    }
    this.#batch = value;
    this.#at = 0;
    this.#length = value.length;
  };

  readonly #fail = (error: unknown): void => {
    this.#asking = undefined;
    this.#batch = undefined;
    this.#ended = true;
    this.#failure = { error };
  };
}
