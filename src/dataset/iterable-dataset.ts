import { checkOptionNames, type OptionNames } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import { DatasetIterator } from './dataset-iterator.ts';
import { checkState, type DatasetState } from './dataset-state.ts';
import type { Operator } from './operator.ts';
import { checkFunction } from './operator-options.ts';
import { isPromiseLike } from './operators/map.ts';
import type { Position } from './position.ts';
import { type IterateOptions, Run } from './run.ts';
import { END, Epochs, type Iteration, LATER, type Open, type Stage } from './stage.ts';

const ITERATE_OPTIONS: OptionNames<IterateOptions> = { signal: 0, iteration: 0 };

/** Operations common to all datasets: iteration and terminal operations. */
export class IterableDataset<T> implements AsyncIterable<T> {
  /** @internal */
  protected readonly epochs: Epochs;
  /** @internal */
  readonly operator: Operator;
  readonly #open: Open<T>;
  readonly #from: DatasetState | undefined;

  /**
   * @param open begins an iteration, whose stage opens files and other sources when the first
   *   element is requested
   * @param operator the last operator
   * @param from state from which each iteration continues
   * @hideconstructor
   */
  constructor(
    open: Open<T>,
    epochs: Epochs = new Epochs(),
    operator: Operator = { name: 'custom', sources: [] },
    from?: DatasetState,
  ) {
    this.#open = open;
    this.epochs = epochs;
    this.operator = operator;
    this.#from = from;
  }

  /**
   * Begins an iteration inside another one. Used by operators.
   * @internal
   */
  openStage(iteration: Iteration, from?: Position): Stage<T> {
    return this.#open(iteration, from);
  }

  [Symbol.asyncIterator](): DatasetIterator<T> {
    return this.iterate();
  }

  /**
   * Returns an iterator of one iteration, which begins with the first `next()`. `for await` over a
   * dataset calls this method without options.
   *
   * @throws RecordpipeError while iterating: `aborted` as soon as the signal fires; errors of
   *   sources and functions, after all valid elements
   * @throws UsageError unless `iteration` is an integer >= 0
   * @example
   * ```ts
   * import { Dataset } from 'recordpipe/dataset';
   * const signal = AbortSignal.timeout(60_000);
   * for await (const n of Dataset.range(3).iterate({ signal })) console.log(n);
   * ```
   */
  iterate(options: IterateOptions = {}): DatasetIterator<T> {
    return new DatasetIterator(this.#run(options, true));
  }

  /**
   * Returns the rest of an iteration: the elements after the position at which `state()` of its
   * iterator was called, in the same order, here or on another machine. The dataset must have the
   * same sources and operators. Later iterations of this dataset have the next numbers.
   *
   * Files are reopened at their position; compressed files are read from the beginning. The buffer
   * of `shuffle` is read again. An iterable is iterated again, and its first elements are dropped.
   *
   * @throws RecordpipeError `malformed-state` for a value that is not a state; `not-resumable` if the
   *   operators differ; while iterating, `not-resumable` if a file differs or a source has too few
   *   elements
   * @example
   * ```ts
   * import { Dataset } from 'recordpipe/dataset';
   * const dataset = Dataset.range(6).batch(2);
   * const iterator = dataset.iterate();
   * await iterator.next();
   * console.log(await dataset.resume(iterator.state()).toArray()); // [ [ 2, 3 ], [ 4, 5 ] ]
   * ```
   */
  resume(state: DatasetState): IterableDataset<T> {
    checkState(this.operator, state);
    return new IterableDataset(this.#open, this.epochs, this.operator, state);
  }

  /** Calls `visit` for each element and awaits the result before the next element. */
  async forEach(visit: (element: T) => unknown, options: IterateOptions = {}): Promise<void> {
    checkFunction('forEach', visit);
    const run = this.#run(options);
    await drain(run, (element) => {
      const result = visit(element);
      return isPromiseLike(result) ? Promise.resolve(result) : undefined;
    });
  }

  /**
   * Reduces the elements to one value, like `Array.prototype.reduce`. The function may be async.
   */
  async reduce<A>(
    initial: A,
    combine: (total: A, element: T) => A | PromiseLike<A>,
    options: IterateOptions = {},
  ): Promise<A> {
    checkFunction('reduce', combine);
    let total = initial;
    await drain(this.#run(options), (element) => {
      const result = combine(total, element);
      if (!isPromiseLike(result)) {
        total = result;
        return undefined;
      }
      return Promise.resolve(result).then((value) => {
        total = value;
      });
    });
    return total;
  }

  /** Collects all elements in memory. */
  async toArray(options: IterateOptions = {}): Promise<T[]> {
    const elements: T[] = [];
    await drain(this.#run(options), (element) => {
      elements.push(element);
      return undefined;
    });
    return elements;
  }

  /** Returns the first element, or undefined if the dataset is empty, and ends the iteration. */
  async first(options: IterateOptions = {}): Promise<T | undefined> {
    for await (const element of this.iterate(options)) return element;
    return undefined;
  }

  /** Counts the elements. Does not create the records of files. */
  async count(options: IterateOptions = {}): Promise<number> {
    let count = 0;
    const run = this.#run(options);
    await drain(run, () => {
      count += 1 + run.pass(Number.MAX_SAFE_INTEGER);
      return undefined;
    });
    return count;
  }

  /**
   * Returns a web stream of one iteration. The stream does not read ahead, and cancelling it closes
   * the sources. For a Node stream, use `Readable.from(dataset)`.
   *
   * @example
   * ```ts
   * import { Dataset } from 'recordpipe/dataset';
   * const reader = Dataset.range(3).toReadableStream().getReader();
   * console.log(await reader.read()); // { value: 0, done: false }
   * ```
   */
  toReadableStream(options: IterateOptions = {}): ReadableStream<T> {
    const iterator = this.iterate(options);
    return new ReadableStream<T>(
      {
        async pull(controller) {
          const { done, value } = await iterator.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        async cancel() {
          await iterator.return();
        },
      },
      { highWaterMark: 0 },
    );
  }

  #run(options: IterateOptions, tracked = false): Run<T> {
    checkOptionNames('iterate', options, ITERATE_OPTIONS);
    const { signal, iteration } = options;
    const from = this.#from;
    if (from !== undefined && iteration !== undefined)
      throw new UsageError('iteration: the state determines the iteration; omit this option');
    if (iteration !== undefined && !(Number.isSafeInteger(iteration) && iteration >= 0))
      throw new UsageError(`iteration: expected an integer >= 0, got ${String(iteration)}`);
    if (from !== undefined) this.epochs.after(from.iteration);
    const number = (): number => iteration ?? this.epochs.begin();
    return new Run(this, { number, signal, from, tracked });
  }
}

/** Runs the iteration to its end. `visit` returns a promise only if the caller must await it. */
async function drain<T>(run: Run<T>, visit: (element: T) => Promise<unknown> | undefined): Promise<void> {
  try {
    for (;;) {
      const step = run.next();
      if (step === END) break;
      if (step === LATER) {
        await run.ready();
        continue;
      }
      const visited = visit(step);
      if (visited !== undefined) await visited;
    }
  } catch (error) {
    await run.fail();
    throw error;
  }
  await run.close();
}

/**
 * Returns the datasets in an array or object.
 *
 * @param what expected contents, for the error
 * @throws UsageError unless all values are datasets, and for none
 */
export function datasetsIn<D>(operator: string, what: string, sources: unknown): D[] {
  const all: unknown[] = typeof sources === 'object' && sources !== null ? Object.values(sources) : [];
  if (all.length === 0 || !all.every((one) => one instanceof IterableDataset))
    throw new UsageError(`${operator}: expected at least one ${what}`);
  return all as D[];
}
