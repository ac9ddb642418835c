import { alreadyRead } from '../records/record-reader.ts';
import type { DatasetState } from './dataset-state.ts';
import type { Run } from './run.ts';
import { END, LATER } from './stage.ts';

/**
 * An iterator over the elements of one run. Elements that are ready are returned as resolved
 * promises. `return`, which `break` calls, closes the sources even while a call is pending.
 */
export class DatasetIterator<T> implements AsyncIterableIterator<T> {
  readonly #run: Run<T>;
  /** Pending call, which later calls await. */
  #pending: Promise<unknown> | undefined;

  /** @hideconstructor */
  constructor(run: Run<T>) {
    this.#run = run;
  }

  /** Returns this iterator. @throws RecordpipeError `closed` if the iteration has ended */
  [Symbol.asyncIterator](): this {
    if (this.#run.closed && !this.#run.aborted) throw alreadyRead('iterate the dataset itself');
    return this;
  }

  /** Returns the next element. */
  next(): Promise<IteratorResult<T>> {
    if (this.#pending !== undefined) return this.#after(this.#pending);
    if (this.#run.closed && !this.#run.aborted) return Promise.resolve(done());
    try {
      const step = this.#run.next();
      if (step !== LATER && step !== END) return Promise.resolve({ done: false, value: step });
      return this.#hold(step === END ? this.#end() : this.#wait());
    } catch (error) {
      return this.#hold(this.#fail(error));
    }
  }

  /**
   * Returns the position after the last element that `next` returned, as plain JSON. Elements that
   * operators read ahead do not count. The element of a promise that you have not awaited may count
   * already. After an error, it is the position before the error, so that
   * a resumed iteration requests the failed element again; elements that were delivered incomplete
   * because of the error, such as the rest of a batch, are delivered again.
   *
   * @example
   * ```ts
   * import { Dataset } from 'recordpipe/dataset';
   * const dataset = Dataset.range(100).shuffle(10, { seed: 1 }).batch(3);
   * const iterator = dataset.iterate();
   * await iterator.next();
   * const saved = JSON.stringify(iterator.state());
   * const [next] = await dataset.resume(JSON.parse(saved)).toArray();
   * console.log(next, (await iterator.next()).value); // [ 7, 2, 13 ] [ 7, 2, 13 ]
   * ```
   */
  state(): DatasetState {
    return this.#run.state();
  }

  /** Ends the iteration and closes its sources. */
  async return(): Promise<IteratorResult<T>> {
    await this.#run.close();
    return done();
  }

  /** Ends the iteration, closes its sources and fails with `error`. */
  async throw(error: unknown): Promise<IteratorResult<T>> {
    await this.#run.fail();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #hold(call: Promise<IteratorResult<T>>): Promise<IteratorResult<T>> {
    const release = (): void => this.#release(pending);
    const pending: Promise<void> = call.then(release, release);
    this.#pending = pending;
    return call;
  }

  #release(pending: Promise<void>): void {
    if (this.#pending === pending) this.#pending = undefined;
  }

  #after(pending: Promise<unknown>): Promise<IteratorResult<T>> {
    const call = pending.then(() => this.#request());
    return this.#hold(call);
  }

  /** Calls `next` when the pending call has finished. */
  async #request(): Promise<IteratorResult<T>> {
    const run = this.#run;
    if (run.closed && !run.aborted) return done();
    try {
      for (let step = run.next(); ; step = run.next()) {
        if (step === END) return await this.#end();
        if (step !== LATER) return { done: false, value: step };
        await run.ready();
        if (run.closed && !run.aborted) return done();
      }
    } catch (error) {
      return this.#fail(error);
    }
  }

  async #wait(): Promise<IteratorResult<T>> {
    await this.#run.ready();
    return this.#request();
  }

  async #end(): Promise<IteratorResult<T>> {
    await this.#run.close();
    return done();
  }

  async #fail(error: unknown): Promise<never> {
    await this.#run.fail();
    throw error;
  }
}

function done(): IteratorReturnResult<undefined> {
  return { done: true, value: undefined };
}
