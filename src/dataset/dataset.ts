import { UsageError } from '../errors.ts';
import { checkFileNames, type FileNames, type FileNamesOptions, filesNamed } from './file-names.ts';
import { IterableDataset } from './iterable-dataset.ts';
import { ArrayStage, type DatasetInput, openInput } from './iterables.ts';
import type {
  BatchOptions,
  InterleaveOptions,
  MapOptions,
  PaddedBatchOptions,
  ProgressOptions,
  ShuffleOptions,
} from './operator-options.ts';
import { checkCount, checkFunction, countOrAll } from './operator-options.ts';
import { cached } from './operators/cache.ts';
import { BatchStage, openWindows, UnbatchStage, type WindowOptions } from './operators/collecting.ts';
import { openInterleave } from './operators/interleave.ts';
import { FilterStage, MapStage, type MaybePromise } from './operators/map.ts';
import type { WorkerMapOptions } from './operators/map-in-workers.ts';
import { openWorkerMap } from './operators/map-in-workers.ts';
import { type Paddable, padded } from './operators/padding.ts';
import { PrefetchStage } from './operators/prefetch.ts';
import { EnumerateStage, rangeOf, ShardStage, SkipStage, TakeStage } from './operators/prefix.ts';
import { type DatasetProgress, ProgressStage } from './operators/progress.ts';
import { ConcatenateStage, RepeatStage } from './operators/sequence.ts';
import { openShuffle } from './operators/shuffle.ts';
import { openZip, type Zipped, type ZipSources } from './operators/zip.ts';
import { type DatasetRecordOptions, openRecordFiles } from './record-stage.ts';
import type { Stage } from './stage.ts';
import { Epochs, type Iteration } from './stage.ts';

/**
 * Elements that come from somewhere and pass through operators, with the semantics of tf.data: lazy, iterated anew by each `for await`, one element
 * asked for at a time. No function runs for an element that nobody asked for, save where `prefetch`, `shuffle` and promises of a parallel `map` read ahead.
 *
 * Each operator gives a new dataset. When an iteration ends, by `break`, an error, an abort or by itself, its sources are closed. Elements before an
 * error come first, also those that an operator holds (a batch that is not full, a shuffle buffer), then the error.
 *
 * @example
 * ```ts
 * import { Dataset } from 'recordpipe/dataset';
 * const batches = Dataset.range(10).filter((n) => n % 2 === 1).map((n) => n * n).batch(2);
 * for await (const batch of batches) console.log(batch);
 * console.log(await batches.count()); // 3
 * ```
 */
export class Dataset<T> extends IterableDataset<T> {
  /**
   * The elements of an iterable, an async iterable, or of what a function returns, which is called in each iteration.
   * @throws UsageError for anything else; while iterating, for a generator or other iterator that was iterated before: give a function
   */
  static from<T>(input: DatasetInput<T>): Dataset<T> {
    return new Dataset(openInput(input));
  }

  /**
   * Whole numbers: `range(stop)`, `range(start, stop)` or `range(start, stop, step)`; the end may be infinite.
   * @throws UsageError for anything but whole numbers, or a step of 0
   */
  static range(...bounds: [stop: number] | [start: number, stop: number, step?: number]): Dataset<number> {
    return new Dataset(rangeOf(...(bounds as number[])));
  }

  /**
   * The files that paths, folders, glob patterns, `@list`s and `s3://` addresses stand for, as `expandInputs` of
   * `recordpipe/check` has them, looked up in each iteration: in the given order, those of one name sorted by the bytes
   * of their paths.
   * @param options how objects are read, and which files are taken
   * @throws RecordpipeError while iterating: `not-found` for a name that stands for no file; for objects as `listObjects`
   */
  static files(names: FileNames, options?: FileNamesOptions): Dataset<string | URL> {
    checkFileNames(names);
    return Dataset.from<string | URL>(() => filesNamed(names, options));
  }

  /**
   * The records of files and named pipes, one after the other, as views; for several at once `files(…).interleave((file) => Dataset.records(file))`.
   * @throws RecordpipeError while iterating, as `readRecords`
   * @throws UsageError for an unknown option value
   * @example
   * ```ts
   * import { Dataset } from 'recordpipe/dataset';
   * for await (const records of Dataset.records('data/train-*.tfrecord').batch(256).prefetch(2)) console.log(records.length);
   * ```
   */
  static records(names: FileNames, options?: DatasetRecordOptions): Dataset<Uint8Array> {
    return new Dataset(openRecordFiles(names, options));
  }

  /** One element of each dataset, as a tuple, or as an object where datasets are given by name. Ends with the first that ends. */
  static zip<S extends ZipSources>(sources: S): Dataset<Zipped<S>> {
    const all: unknown[] = typeof sources === 'object' && sources !== null ? Object.values(sources) : [];
    if (all.length === 0 || !all.every((one) => one instanceof Dataset))
      throw new UsageError('zip: expected one or more datasets, in an array or by name');
    return new Dataset(openZip(sources), Dataset.#shared(all as Dataset<unknown>[]));
  }

  /**
   * What a function makes of each element; of its promises up to `parallel` are awaited at once. Elements stay in order.
   * @throws UsageError unless `parallel` is a whole number of at least 1
   */
  map<U>(map: (element: T) => MaybePromise<U>, { parallel = 1 }: MapOptions = {}): Dataset<Awaited<U>> {
    checkFunction('map', map);
    checkCount('map: parallel', parallel, 1);
    const call = map as (element: T) => MaybePromise<Awaited<U>>;
    return this.#through((stage) => new MapStage(stage, call, parallel));
  }

  /**
   * What the default function of a module makes of each element, on worker threads that end with the iteration. Elements stay in order.
   * @param module an absolute path or URL, as `new URL('./decode.js', import.meta.url)`
   * @throws RecordpipeError while iterating: `io-failure` when a thread dies; what the function throws, in its place
   * @throws UsageError unless `workers` is a whole number of at least 1
   */
  mapInWorkers<U>(module: string | URL, options?: WorkerMapOptions): Dataset<U> {
    return new Dataset(openWorkerMap<T, U>(this, module, options), this.epochs);
  }

  /** The elements for which the function, which may be async, says true. */
  filter<U extends T>(test: (element: T) => element is U): Dataset<U>;
  filter(test: (element: T) => boolean | PromiseLike<boolean>): Dataset<T>;
  filter(test: (element: T) => boolean | PromiseLike<boolean>): Dataset<T> {
    checkFunction('filter', test);
    return this.#through((stage, iteration) => new FilterStage(stage, test, iteration));
  }

  /**
   * Arrays of `size` elements; the last may be shorter.
   * @throws UsageError unless `size` is a whole number of at least 1
   */
  batch(size: number, { dropRemainder = false }: BatchOptions = {}): Dataset<T[]> {
    checkCount('batch: size', size, 1);
    return this.#through((stage) => new BatchStage(stage, size, dropRemainder));
  }

  /**
   * As `batch`, the elements padded to one shape: arrays, typed arrays, or objects with such fields.
   * @throws UsageError while iterating, where elements have different ranks or fields, or are larger than the shape
   */
  paddedBatch<P extends Paddable>(
    this: Dataset<P>,
    size: number,
    options: PaddedBatchOptions = {},
  ): Dataset<P[]> {
    return this.batch(size, options).map((batch) => padded(batch, options));
  }

  /** What arrays, typed arrays or other iterables hold, one by one. */
  unbatch<U>(this: Dataset<Iterable<U>>): Dataset<U> {
    return this.#through((stage) => new UnbatchStage(stage));
  }

  /**
   * Stretches of `size` elements that may overlap, as datasets: `window(3, { shift: 1 }).flatMap((w) => w.batch(3))`.
   * @throws UsageError unless `size`, `shift` and `stride` are whole numbers of at least 1
   */
  window(size: number, options: WindowOptions = {}): Dataset<Dataset<T>> {
    const windows = new Dataset(openWindows(this, size, options), this.epochs);
    return windows.map((elements) => new Dataset(() => new ArrayStage(elements)));
  }

  /**
   * Elements in random order: a buffer of so many is filled, and each that comes next takes the place of one that is handed out. Infinity: all of them.
   * A record in the buffer holds bytes of its own. `shuffle` before `repeat` keeps the borders of epochs, behind it blurs them.
   * @throws UsageError unless `buffer` is a whole number of at least 1
   */
  shuffle(buffer: number, options: ShuffleOptions = {}): Dataset<T> {
    const epochs = this.epochs.seeded ? this.epochs : new Epochs(true);
    return new Dataset(openShuffle(this, buffer, options), epochs);
  }

  /** All elements `times` times; undefined and negative: for ever, or until a round has none. */
  repeat(times?: number): Dataset<T> {
    const rounds = countOrAll('repeat: times', times);
    const open = (iteration: Iteration): Stage<T> => this.openStage(iteration);
    return new Dataset((iteration) => new RepeatStage(open, rounds, iteration), this.epochs);
  }

  /** The first `count` elements; negative: all. Nothing behind them is asked for. */
  take(count: number): Dataset<T> {
    const most = countOrAll('take: count', count);
    return this.#through((stage) => new TakeStage(stage, most));
  }

  /** All but the first `count` elements; negative: none. */
  skip(count: number): Dataset<T> {
    const least = countOrAll('skip: count', count);
    return least === Number.POSITIVE_INFINITY
      ? this.take(0)
      : this.#through((stage) => new SkipStage(stage, least));
  }

  /**
   * One of `shards` parts: elements number `index`, `index + shards`, … Shard first, shuffle then.
   * @throws UsageError unless `0 <= index < shards`
   */
  shard(shards: number, index: number): Dataset<T> {
    checkCount('shard: shards', shards, 1);
    checkCount('shard: index', index, 0);
    if (index >= shards) throw new UsageError(`shard: index: expected less than ${shards}, got ${index}`);
    return this.#through((stage) => new ShardStage(stage, shards, index));
  }

  /**
   * The elements of the datasets, or iterables, that a function makes of each element: blocks of several in turn.
   * @throws UsageError unless `cycleLength` and `blockLength` are whole numbers of at least 1
   */
  interleave<U>(inner: (element: T) => DatasetInput<U>, options: InterleaveOptions = {}): Dataset<U> {
    return new Dataset(openInterleave(this, inner, options), this.epochs);
  }

  /** As `interleave`, one inner dataset after the other. */
  flatMap<U>(inner: (element: T) => DatasetInput<U>): Dataset<U> {
    return this.interleave(inner, { cycleLength: 1 });
  }

  /** These elements, then those of the others. */
  concatenate<U = T>(...others: Dataset<U>[]): Dataset<T | U> {
    const all: Dataset<T | U>[] = [this as Dataset<T | U>, ...(others as Dataset<T | U>[])];
    const opens = all.map((one) => (iteration: Iteration) => one.openStage(iteration));
    return new Dataset((iteration) => new ConcatenateStage(opens, iteration), Dataset.#shared(all));
  }

  /**
   * Reads up to `count` elements ahead while the consumer waits for something else. 0: none; -1: as many as turn out to be needed, up to 64.
   * @throws UsageError for any other negative number
   */
  prefetch(count: number): Dataset<T> {
    checkCount('prefetch: count', count, -1);
    return count === 0 ? this : this.#through((stage) => new PrefetchStage(stage, count));
  }

  /** Keeps the elements of the first iteration that comes to its end in memory; later ones read nothing. */
  cache(): Dataset<T> {
    return new Dataset(
      cached((iteration) => this.openStage(iteration)),
      this.epochs,
    );
  }

  /** Pairs of number and element. */
  enumerate(start = 0): Dataset<[number, T]> {
    checkCount('enumerate: start', start, Number.MIN_SAFE_INTEGER);
    return this.#through((stage) => new EnumerateStage(stage, start));
  }

  /** Tells how many elements have come past, at most every 100 milliseconds and at the end. */
  withProgress(
    tell: (progress: DatasetProgress) => void,
    { everyMs = 100 }: ProgressOptions = {},
  ): Dataset<T> {
    checkFunction('withProgress', tell);
    return this.#through((stage) => new ProgressStage(stage, tell, everyMs));
  }

  #through<U>(operator: (stage: Stage<T>, iteration: Iteration) => Stage<U>): Dataset<U> {
    return new Dataset((iteration) => operator(this.openStage(iteration), iteration), this.epochs);
  }

  /** Iterations of what is made of several are numbered by the first of them that shuffles. */
  static #shared(sources: readonly Dataset<unknown>[]): Epochs {
    return sources.find(({ epochs }) => epochs.seeded)?.epochs ?? new Epochs();
  }
}
