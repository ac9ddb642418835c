import { checkOptionNames, type OptionNames } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import type { UnknownFeatureNotice } from '../records/inputs/input-options.ts';
import type { Padding } from './operators/padding.ts';

/** Checks that `value` is an integer >= `min`, or Infinity if allowed. @throws UsageError */
export function checkCount(name: string, value: number, min: number, infinite = false): void {
  if (infinite && value === Number.POSITIVE_INFINITY) return;
  if (!Number.isSafeInteger(value) || value < min) {
    throw new UsageError(
      `${name}: expected an integer${min > Number.MIN_SAFE_INTEGER ? ` >= ${min}` : ''}${infinite ? ' or Infinity' : ''}, got ${String(value)}`,
    );
  }
}

/** Returns a count, or Infinity for undefined and, as in tf.data, for negative numbers. */
export function countOrAll(name: string, value: number | undefined): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  checkCount(name, value, Number.MIN_SAFE_INTEGER, true);
  return value < 0 ? Number.POSITIVE_INFINITY : value;
}

/** Checks that `value` is a function. @throws UsageError */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function')
    throw new UsageError(`${name}: expected a function, got ${value === null ? 'null' : typeof value}`);
}

/** Options of `map`. */
export interface MapOptions {
  /** Maximum number of pending promises of the function. Default: 1. */
  readonly parallel?: number | undefined;
  /**
   * Whether results keep the order of the elements. If false, each result is yielded as soon as it
   * is available; a slow one is overtaken by at most 8 times `parallel` others. Default: true.
   */
  readonly ordered?: boolean | undefined;
}

/** Options of `mapInWorkers`. */
export interface WorkerMapOptions {
  /** Number of threads. Default: the number of processors minus one, but at least 1. */
  readonly workers?: number | undefined;
  /**
   * Whether to move buffers to the threads instead of copying them. Default: false. If true, a
   * buffer that belongs to a single element is moved, which leaves that element empty. A record
   * that is part of a larger buffer is always copied. Results are always moved.
   */
  readonly transfer?: boolean | undefined;
  /**
   * Whether results keep the order of the elements. If false, each result is yielded as soon as it
   * is available. Default: true.
   */
  readonly ordered?: boolean | undefined;
}

/** Options of `batch`. */
export interface BatchOptions {
  /** Whether to drop an incomplete last batch. Default: false. */
  readonly dropRemainder?: boolean | undefined;
}

/** Options of `paddedBatch`. */
export interface PaddedBatchOptions extends BatchOptions, Padding {}

/** Options of `window`: the positions of windows, as in tf.data's `window`. */
export interface WindowOptions {
  /** Distance between the first elements of two consecutive windows. Default: `size`. */
  readonly shift?: number | undefined;
  /** Distance between consecutive elements of a window. Default: 1. */
  readonly stride?: number | undefined;
  /** Whether to drop incomplete windows at the end. Default: false. */
  readonly dropRemainder?: boolean | undefined;
}

/** Options of `shuffle`. */
export interface ShuffleOptions {
  /**
   * Seed of the random order, an integer. The same seed gives the same order on every machine.
   * Default: a random seed for each `shuffle`.
   */
  readonly seed?: number | undefined;
  /** Whether to use a different order in each iteration. Default: true. */
  readonly reshuffleEachIteration?: boolean | undefined;
  /**
   * Maximum size of the buffer in bytes. The buffer always holds at least one element. Default: no
   * limit.
   */
  readonly maxBytes?: number | undefined;
  /**
   * Returns the size of an element in bytes, for `maxBytes`. Default: the size of its buffers and
   * strings plus 8 per number, including nested arrays and objects.
   */
  readonly sizeOf?: ((element: never) => number) | undefined;
}

/** Options of `interleave`. */
export interface InterleaveOptions {
  /** Number of inner datasets open at once. Default: 4. */
  readonly cycleLength?: number | undefined;
  /** Number of consecutive elements from one inner dataset. Default: 1. */
  readonly blockLength?: number | undefined;
  /**
   * Whether to wait for each inner dataset in turn. If false, takes elements from those that are
   * ready, so that a slow one does not delay the others. Default: true.
   */
  readonly ordered?: boolean | undefined;
}

/** Options of `prefetchToMemory`. */
export interface PrefetchOptions {
  /**
   * Returns the size of an element in bytes. Default: the size of its buffers and strings plus 8
   * per number, including nested arrays and objects.
   */
  readonly sizeOf?: ((element: never) => number) | undefined;
}

/** Options of `withProgress`. */
export interface ProgressOptions {
  /** Minimum number of milliseconds between two calls. Default: 100. */
  readonly everyMs?: number | undefined;
}

/** Options of `where`. Every field has a default. */
export interface WhereOptions {
  /** Called at the end of an iteration for each feature of the expression that no record has. */
  readonly onNotice?: ((notice: UnknownFeatureNotice) => void) | undefined;
}

/** Options of `Dataset.parse`. Every field has a default. */
export interface ParseOptions {
  /** Number of records of a batch. The last batch can be shorter. Default 1024. */
  readonly batchRows?: number;
}

/** Options of the operators that have any, except for those that check their options themselves. */
interface OperatorOptions {
  readonly map: MapOptions;
  readonly mapInWorkers: WorkerMapOptions;
  readonly batch: BatchOptions;
  readonly paddedBatch: PaddedBatchOptions;
  readonly parse: ParseOptions;
  readonly window: WindowOptions;
  readonly interleave: InterleaveOptions;
  readonly where: WhereOptions;
  readonly prefetchToMemory: PrefetchOptions;
  readonly withProgress: ProgressOptions;
}

const NAMES: { readonly [O in keyof OperatorOptions]: OptionNames<OperatorOptions[O]> } = {
  map: { parallel: 0, ordered: 0 },
  mapInWorkers: { workers: 0, transfer: 0, ordered: 0 },
  batch: { dropRemainder: 0 },
  paddedBatch: { dropRemainder: 0, shape: 0, value: 0 },
  parse: { batchRows: 0 },
  window: { shift: 0, stride: 0, dropRemainder: 0 },
  interleave: { cycleLength: 0, blockLength: 0, ordered: 0 },
  where: { onNotice: 0 },
  prefetchToMemory: { sizeOf: 0 },
  withProgress: { everyMs: 0 },
};

/** Checks the names of an operator's options. @throws UsageError for an unknown name */
export function checkOptions<O extends keyof OperatorOptions>(
  operator: O,
  given: OperatorOptions[O] | undefined,
): Partial<OperatorOptions[O]> {
  checkOptionNames(operator, given, NAMES[operator]);
  return given ?? {};
}
