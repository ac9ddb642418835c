import type { FeaturePlan, FeatureSpecs, ParsedBatch, PlanInt64 } from '../messages/index.ts';
import { type FileNames, type FileNamesOptions, openFileNames } from './file-names.ts';
import { datasetsIn, IterableDataset } from './iterable-dataset.ts';
import { type DatasetInput, openInput, operatorOf } from './iterables.ts';
import { combined, source } from './operator.ts';
import type {
  BatchOptions,
  InterleaveOptions,
  MapOptions,
  PaddedBatchOptions,
  ParseOptions,
  PrefetchOptions,
  ProgressOptions,
  ShuffleOptions,
  WhereOptions,
  WindowOptions,
  WorkerMapOptions,
} from './operator-options.ts';
import { checkCount, checkFunction, checkOptions, countOrAll } from './operator-options.ts';
import { openCache } from './operators/cache.ts';
import { openBatch, openUnbatch, openWindows } from './operators/collecting.ts';
import { openInterleave } from './operators/interleave.ts';
import { type MaybePromise, openFilter, openMap } from './operators/map.ts';
import { openWorkerMap } from './operators/map-in-workers.ts';
import { type MixOptions, type MixSource, mixOf } from './operators/mix.ts';
import { type Paddable, padded } from './operators/padding.ts';
import { type ArrowRecordBatch, arrowBatches, openParse } from './operators/parse.ts';
import { openPrefetch, openPrefetchToMemory } from './operators/prefetch.ts';
import { openEnumerate, openShard, openSkip, openTake, rangeOf } from './operators/prefix.ts';
import { type DatasetProgress, openProgress, sizesBy } from './operators/progress.ts';
import { openConcatenate, openRepeat } from './operators/sequence.ts';
import { shuffleOf } from './operators/shuffle.ts';
import { openUnorderedMap } from './operators/unordered-map.ts';
import { openWhere, whereName } from './operators/where.ts';
import { openZip, type Zipped, type ZipSources } from './operators/zip.ts';
import type { DatasetRecordOptions } from './record-files.ts';
import { openRecordFiles } from './record-stage.ts';
import type { ShardsOptions } from './shards/shards-options.ts';
import { shardsInOrder } from './shards/shards-stage.ts';
import { Epochs, type Open } from './stage.ts';

/**
 * A lazy sequence of elements that passes through operators, with the semantics of tf.data. Each
 * `for await` is a new iteration. Elements are requested one at a time, and no function runs for an
 * element that was not requested, except when `prefetch`, `shuffle` or a parallel `map` reads
 * ahead.
 *
 * Each operator returns a new dataset. When an iteration ends, whether normally, by `break`, by an
 * error or by an abort, its sources are closed. Elements before an error are delivered first,
 * including those that an operator holds (an incomplete batch, a shuffle buffer).
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
   * Creates a dataset from an iterable, an async iterable, or a function that returns one. The
   * function is called once per iteration.
   * @throws UsageError for any other argument; while iterating, for an iterator that was already
   *   consumed (pass a function instead)
   */
  static from<T>(input: DatasetInput<T>): Dataset<T> {
    return new Dataset(openInput(input), undefined, operatorOf(input));
  }

  /**
   * Creates a dataset of integers: `range(stop)`, `range(start, stop)` or `range(start, stop,
   * step)`. `stop` can be infinite.
   * @throws UsageError unless all arguments are integers and `step` is not 0
   */
  static range(...bounds: [stop: number] | [start: number, stop: number, step?: number]): Dataset<number> {
    return new Dataset(rangeOf(...(bounds as number[])), undefined, source(`range(${bounds.join(', ')})`));
  }

  /**
   * Creates a dataset of the files that match paths, directories, globs, `@list`s and `s3://`
   * addresses. Each iteration expands these names like `expandInputs` of `recordpipe/check`. Names
   * keep their order; the files of one name are sorted by the bytes of their paths.
   * @param options how to read objects, and which files to include
   * @throws RecordpipeError while iterating: `not-found` for a name without files; for objects, the
   *   same errors as `listObjects`
   */
  static files(names: FileNames, options?: FileNamesOptions): Dataset<string | URL> {
    return new Dataset(openFileNames(names, options), undefined, source('files'));
  }

  /**
   * Creates a dataset of the records of files and named pipes, one file after another, as views. The
   * first bytes of the next objects are requested while one is read. To mix records of several files, use `files(…).interleave((file) => Dataset.records(file))`.
   * @throws RecordpipeError while iterating, the same errors as `readRecords`
   * @throws UsageError for an invalid option
   */
  static records(names: FileNames, options?: DatasetRecordOptions): Dataset<Uint8Array> {
    return new Dataset(openRecordFiles(names, options), undefined, source('records'));
  }

  /**
   * Creates a dataset of the records of files in one order over all of them: shuffled or
   * sequential. Each worker takes its share of that order. The files need indexes (see
   * `buildIndex`).
   *
   * The order is computed, not stored: apart from the indexes, memory is proportional to the number
   * of files. It depends on the files, the seed, the epoch and the sizes of blocks and groups, but
   * not on the number of workers. Each iteration of a shuffled dataset has a different order.
   * @throws RecordpipeError while iterating, the same errors as `openIndexed`: `not-found` for a
   *   file without an index, `index-mismatch`, `unsupported-source` for a compressed file;
   *   `source-changed`
   * @throws UsageError for an invalid option
   * @example
   * ```ts
   * import { Dataset } from 'recordpipe/dataset';
   * import { buildIndex } from 'recordpipe/records/indexes';
   * import { openTFRecordWriter } from 'recordpipe/records/write';
   * const writer = await openTFRecordWriter('numbers.tfrecord');
   * for (let i = 0; i < 100; i++) await writer.write(Uint8Array.of(i));
   * await writer.close();
   * await buildIndex('numbers.tfrecord');
   * const shuffled = Dataset.shards('numbers.tfrecord', { order: 'shuffled', seed: 7, worker: 0, workers: 2 });
   * console.log(await shuffled.count()); // 50
   * ```
   */
  static shards(names: FileNames, options?: ShardsOptions): Dataset<Uint8Array> {
    const { open, operator } = shardsInOrder(names, options);
    return new Dataset(open, new Epochs(true), operator);
  }

  /**
   * Combines one element of each dataset into a tuple, or into an object if the datasets are named.
   * Ends when the shortest dataset ends.
   */
  static zip<S extends ZipSources>(sources: S): Dataset<Zipped<S>> {
    const datasets = datasetsIn<Dataset<unknown>>('zip', 'dataset, in an array or an object', sources);
    return new Dataset(openZip(sources), Dataset.#shared(datasets), combined('zip', datasets));
  }

  /**
   * Mixes datasets by weight: takes each element from one of them, chosen at random or, with
   * `exact`, in turns. The same seed gives the same mix.
   * @throws UsageError unless all weights are numbers > 0, and for an invalid option
   * @example
   * ```ts
   * import { Dataset } from 'recordpipe/dataset';
   * const [web, code] = [Dataset.range(100), Dataset.range(1000, 1100)];
   * const mixed = Dataset.mix([{ dataset: web, weight: 0.7 }, { dataset: code, weight: 0.3 }], { seed: 1, exact: true });
   * console.log((await mixed.take(20).toArray()).filter((n) => n < 1000).length); // 14
   * ```
   */
  static mix<T>(sources: readonly MixSource<Dataset<T>>[], options: MixOptions = {}): Dataset<T> {
    const given = Array.isArray(sources) ? sources.map((one) => one?.dataset) : undefined;
    const datasets = datasetsIn<Dataset<T>>('mix', '{ dataset, weight }, in an array', given);
    const { open, operator } = mixOf<T>(sources, options);
    return new Dataset(open, Dataset.#shared(datasets, true), operator);
  }

  /**
   * Applies a function to each element. Awaits up to `parallel` promises concurrently. Keeps the
   * order, unless `ordered` is false.
   * @throws UsageError unless `parallel` is an integer >= 1
   */
  map<U>(map: (element: T) => MaybePromise<U>, options?: MapOptions): Dataset<Awaited<U>> {
    checkFunction('map', map);
    const { parallel = 1, ordered = true } = checkOptions('map', options);
    checkCount('map: parallel', parallel, 1);
    const call = map as (element: T) => MaybePromise<Awaited<U>>;
    if (ordered || parallel === 1) return this.#through('map', openMap('map', this, call, parallel));
    return this.#through('map(unordered)', openUnorderedMap('map', this, call, parallel));
  }

  /**
   * Applies the default export of a module to each element on worker threads. Keeps the order,
   * unless `ordered` is false. The threads end when the iteration ends.
   * @param module an absolute path or URL, for example `new URL('./decode.js', import.meta.url)`
   * @throws RecordpipeError while iterating: `io-failure` if a thread dies; errors of the function,
   *   in place of its result
   * @throws UsageError unless `workers` is an integer >= 1
   */
  mapInWorkers<U>(module: string | URL, options?: WorkerMapOptions): Dataset<U> {
    const { ordered } = checkOptions('mapInWorkers', options);
    const name = ordered === false ? 'mapInWorkers(unordered)' : 'mapInWorkers';
    return this.#through(name, openWorkerMap<T, U>(this, module, options));
  }

  /** Keeps the elements for which the function returns true. The function may be async. */
  filter<U extends T>(test: (element: T) => element is U): Dataset<U>;
  filter(test: (element: T) => boolean | PromiseLike<boolean>): Dataset<T>;
  filter(test: (element: T) => boolean | PromiseLike<boolean>): Dataset<T> {
    return this.#through('filter', openFilter(this, test));
  }

  /**
   * Reads the features of a plan from Examples. Yields batches of columns, as `plan.parseBatch`
   * does; the records of files are read without views.
   * @throws RecordpipeError while iterating: `malformed-example`, `schema-mismatch`
   * @throws UsageError for a value that is not a plan, and unless `batchRows` is an integer >= 1
   */
  parse<S extends FeatureSpecs, M extends PlanInt64>(
    this: Dataset<Uint8Array>,
    plan: FeaturePlan<S, M>,
    options: ParseOptions = {},
  ): Dataset<ParsedBatch<S, M>> {
    const { batchRows = 1024 } = checkOptions('parse', options);
    return this.#through(`parse(${batchRows})`, openParse(this, plan, batchRows));
  }

  /**
   * Converts the batches of `parse` to RecordBatches of the apache-arrow package, which share the
   * memory of numbers.
   * @throws RecordpipeError while iterating: `missing-package` if apache-arrow is not installed
   * @throws UsageError while iterating, for other elements and for a `sparse` spec
   */
  toArrow(): Dataset<ArrowRecordBatch> {
    return this.map(arrowBatches());
  }

  /**
   * Keeps the records for which an expression is true: see `compileFilter` of
   * `recordpipe/messages/filter`. Its errors are thrown while iterating.
   */
  where(this: Dataset<Uint8Array>, expression: string, options?: WhereOptions): Dataset<Uint8Array> {
    return this.#through(whereName(expression), openWhere(this, expression, options));
  }

  /**
   * Collects elements into arrays of `size`. The last array can be shorter.
   * @throws UsageError unless `size` is an integer >= 1
   */
  batch(size: number, options?: BatchOptions): Dataset<T[]> {
    checkCount('batch: size', size, 1);
    const { dropRemainder = false } = checkOptions('batch', options);
    const name = `batch(${size}${dropRemainder ? ', dropRemainder' : ''})`;
    return this.#through(name, openBatch(this, size, dropRemainder));
  }

  /**
   * Collects elements like `batch` and pads them to a common shape. Elements are arrays, typed
   * arrays, or objects with such fields.
   * @throws UsageError while iterating, if elements have different ranks or fields, or are larger
   *   than the shape
   */
  paddedBatch<P extends Paddable>(
    this: Dataset<P>,
    size: number,
    options: PaddedBatchOptions = {},
  ): Dataset<P[]> {
    const { dropRemainder, ...padding } = checkOptions('paddedBatch', options);
    return this.batch(size, { dropRemainder }).map((batch) => padded(batch, padding));
  }

  /** Yields the items of arrays, typed arrays or other iterables one by one. */
  unbatch<U>(this: Dataset<Iterable<U>>): Dataset<U> {
    return this.#through('unbatch', openUnbatch(this));
  }

  /**
   * Yields windows of `size` elements as datasets. Windows can overlap: `window(3, { shift: 1
   * }).flatMap((w) => w.batch(3))`.
   * @throws UsageError unless `size`, `shift` and `stride` are integers >= 1
   */
  window(size: number, options: WindowOptions = {}): Dataset<Dataset<T>> {
    const { shift = size, stride = 1, dropRemainder = false } = checkOptions('window', options);
    const name = `window(${size}, ${shift}, ${stride}${dropRemainder ? ', dropRemainder' : ''})`;
    const windows = this.#through(name, openWindows(this, size, options));
    return windows.map((elements) => Dataset.from(elements));
  }

  /**
   * Shuffles elements with a buffer of `buffer` elements (Infinity: all elements). Yields a random
   * element of the buffer and replaces it with the next one. Small records in the buffer are
   * copies. Large records may be views of the file's chunks, which then take up to about twice the
   * memory of the records; with `maxBytes`, all records are copies. With `shuffle` before `repeat`,
   * epochs stay separate; with `shuffle` after `repeat`, they mix.
   * @throws UsageError unless `buffer` is an integer >= 1
   */
  shuffle(buffer: number, options: ShuffleOptions = {}): Dataset<T> {
    const epochs = this.epochs.seeded ? this.epochs : new Epochs(true);
    const { open, operator } = shuffleOf(this, buffer, options);
    return new Dataset(open, epochs, operator);
  }

  /**
   * Repeats all elements `times` times. If `times` is undefined or negative, repeats until a round
   * yields no elements.
   */
  repeat(times?: number): Dataset<T> {
    const rounds = countOrAll('repeat: times', times);
    return this.#through(`repeat(${rounds})`, openRepeat(this, rounds));
  }

  /**
   * Keeps the first `count` elements and requests no others. If `count` is negative, keeps all
   * elements.
   */
  take(count: number): Dataset<T> {
    const limit = countOrAll('take: count', count);
    return this.#through(`take(${limit})`, openTake(this, limit));
  }

  /** Skips the first `count` elements. If `count` is negative, skips all elements. */
  skip(count: number): Dataset<T> {
    const skipped = countOrAll('skip: count', count);
    return skipped === Number.POSITIVE_INFINITY
      ? this.take(0)
      : this.#through(`skip(${skipped})`, openSkip(this, skipped));
  }

  /**
   * Keeps the elements of one of `shards` shards: `index`, `index + shards`, … Call `shard` before
   * `shuffle`.
   * @throws UsageError unless `0 <= index < shards`
   */
  shard(shards: number, index: number): Dataset<T> {
    return this.#through(`shard(${shards}, ${index})`, openShard(this, shards, index));
  }

  /**
   * Maps each element to a dataset or iterable and interleaves blocks of elements from several of
   * them: in turn or, if `ordered` is false, from those that are ready.
   * @throws UsageError unless `cycleLength` and `blockLength` are integers >= 1
   */
  interleave<U>(inner: (element: T) => DatasetInput<U>, options: InterleaveOptions = {}): Dataset<U> {
    const { cycleLength = 4, blockLength = 1, ordered = true } = checkOptions('interleave', options);
    const name = `interleave(${cycleLength}, ${blockLength}${ordered ? '' : ', unordered'})`;
    return this.#through(name, openInterleave(this, inner, { cycleLength, blockLength, ordered }));
  }

  /** Like `interleave`, but reads one inner dataset after another. */
  flatMap<U>(inner: (element: T) => DatasetInput<U>): Dataset<U> {
    return this.interleave(inner, { cycleLength: 1 });
  }

  /** Yields the elements of this dataset, then those of the others. */
  concatenate<U = T>(...others: Dataset<U>[]): Dataset<T | U> {
    const all = datasetsIn<Dataset<T | U>>('concatenate', 'dataset', [this, ...others]);
    return new Dataset(openConcatenate(all), Dataset.#shared(all), combined('concatenate', all));
  }

  /**
   * Reads up to `count` elements ahead while the consumer is busy. A `count` of 0 disables reading
   * ahead; -1 adapts to the consumer, up to 64 elements.
   * @throws UsageError for any other negative number
   */
  prefetch(count: number): Dataset<T> {
    checkCount('prefetch: count', count, -1);
    return count === 0 ? this : this.#through('prefetch', openPrefetch(this, count));
  }

  /**
   * Reads elements ahead while the consumer is busy, up to a total size of `bytes`. Use it if sizes
   * vary widely. At least one element is read ahead, whatever its size. Records are views of
   * chunks, which take up to a few megabytes more.
   * @throws UsageError unless `bytes` is an integer >= 1
   */
  prefetchToMemory(bytes: number, options: PrefetchOptions = {}): Dataset<T> {
    checkCount('prefetchToMemory: bytes', bytes, 1);
    const { sizeOf } = checkOptions('prefetchToMemory', options);
    return this.#through('prefetchToMemory', openPrefetchToMemory(this, bytes, sizesBy(sizeOf)));
  }

  /**
   * Keeps the elements of the first complete iteration in memory. Later iterations do not read the
   * source.
   */
  cache(): Dataset<T> {
    return this.#through('cache', openCache(this));
  }

  /** Pairs each element with its index, starting at `start`. */
  enumerate(start = 0): Dataset<[number, T]> {
    checkCount('enumerate: start', start, Number.MIN_SAFE_INTEGER);
    return this.#through(`enumerate(${start})`, openEnumerate(this, start));
  }

  /**
   * Calls `onProgress` with the number of elements and the time spent waiting for sources, functions
   * and the consumer, at most every 100 ms by default, and at the end. Costs about 0.1 µs per
   * element.
   */
  withProgress(onProgress: (progress: DatasetProgress) => void, options?: ProgressOptions): Dataset<T> {
    checkFunction('withProgress', onProgress);
    const { everyMs = 100 } = checkOptions('withProgress', options);
    return this.#through('withProgress', openProgress(this, onProgress, everyMs));
  }

  #through<U>(name: string, open: Open<U>): Dataset<U> {
    return new Dataset(open, this.epochs, combined(name, [this]));
  }

  /**
   * Returns the iteration counter for combined datasets, which is that of the first source that
   * shuffles.
   */
  static #shared(sources: readonly Dataset<unknown>[], seeded = false): Epochs {
    return sources.find(({ epochs }) => epochs.seeded)?.epochs ?? new Epochs(seeded);
  }
}
