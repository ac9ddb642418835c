import { UsageError } from '../errors.ts';
import { DatasetIterator } from './dataset-iterator.ts';
import { isPromiseLike } from './operators/map.ts';
import { type IterateOptions, Run } from './run.ts';
import { END, Epochs, type Iteration, LATER, type Open, type Stage } from './stage.ts';

/** What every dataset can do whatever its operators: be iterated, as often as one likes, and be given to what iterates. */
export abstract class IterableDataset<T> implements AsyncIterable<T> {
  /** @internal */
  protected readonly epochs: Epochs;
  readonly #open: Open<T>;

  /**
   * @param open begins an iteration; what it returns opens files and the like with the first element
   * @hideconstructor
   */
  constructor(open: Open<T>, epochs: Epochs = new Epochs()) {
    this.#open = open;
    this.epochs = epochs;
  }

  /**
   * Begins an iteration inside another one: for operators.
   * @internal
   */
  openStage(iteration: Iteration): Stage<T> {
    return this.#open(iteration);
  }

  [Symbol.asyncIterator](): DatasetIterator<T> {
    return this.iterate();
  }

  /**
   * One iteration, which begins with its first `next()`. `for await` over a dataset calls this without options.
   *
   * @throws RecordpipeError while iterating: `aborted` as soon as the signal fires; whatever sources and functions throw, behind all good elements
   * @throws UsageError for an `iteration` that is no whole number
   * @example
   * ```ts
   * import { Dataset } from 'recordpipe/dataset';
   * const signal = AbortSignal.timeout(60_000);
   * for await (const n of Dataset.range(3).iterate({ signal })) console.log(n);
   * ```
   */
  iterate(options: IterateOptions = {}): DatasetIterator<T> {
    return new DatasetIterator(this.#run(options));
  }

  /** Calls `visit` with each element and waits for what it promises before the next one. */
  async forEach(visit: (element: T) => unknown, options: IterateOptions = {}): Promise<void> {
    const run = this.#run(options);
    await drain(run, (element) => {
      const result = visit(element);
      return isPromiseLike(result) ? Promise.resolve(result) : undefined;
    });
  }

  /** `reduce` of arrays; the function may be async. */
  async reduce<A>(
    initial: A,
    combine: (total: A, element: T) => A | PromiseLike<A>,
    options: IterateOptions = {},
  ): Promise<A> {
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

  /** All elements, in memory. */
  async toArray(options: IterateOptions = {}): Promise<T[]> {
    const elements: T[] = [];
    await drain(this.#run(options), (element) => {
      elements.push(element);
      return undefined;
    });
    return elements;
  }

  /** The first element, of an iteration that ends there; undefined where there is none. */
  async first(options: IterateOptions = {}): Promise<T | undefined> {
    for await (const element of this.iterate(options)) return element;
    return undefined;
  }

  /** How many elements there are. Records of files are counted without being made. */
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
   * A web stream of one iteration. Nothing is read ahead; cancelling it closes the sources. For a Node stream: `Readable.from(dataset)`.
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

  #run({ signal, iteration }: IterateOptions): Run<T> {
    if (iteration !== undefined && !(Number.isSafeInteger(iteration) && iteration >= 0))
      throw new UsageError(`iteration: expected an integer >= 0, got ${String(iteration)}`);
    return new Run(this.#open, () => iteration ?? this.epochs.begin(), signal);
  }
}

/** Runs to the end; `visit` answers with a promise only where it must be waited for. */
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
