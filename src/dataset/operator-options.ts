import { UsageError } from '../errors.ts';
import type { Padding } from './operators/padding.ts';

/** @throws UsageError unless `value` is a whole number from `least` on, or Infinity where that is allowed */
export function checkCount(name: string, value: number, least: number, infinite = false): void {
  if (infinite && value === Number.POSITIVE_INFINITY) return;
  if (!Number.isSafeInteger(value) || value < least) {
    throw new UsageError(
      `${name}: expected an integer${least > Number.MIN_SAFE_INTEGER ? ` >= ${least}` : ''}${infinite ? ' or Infinity' : ''}, got ${String(value)}`,
    );
  }
}

/** A count of which every negative number, as in tf.data, and undefined mean that there is no limit. */
export function countOrAll(name: string, value: number | undefined): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  checkCount(name, value, Number.MIN_SAFE_INTEGER, true);
  return value < 0 ? Number.POSITIVE_INFINITY : value;
}

/** @throws UsageError unless `value` is a function */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function')
    throw new UsageError(`${name}: expected a function, got ${value === null ? 'null' : typeof value}`);
}

/** How `map` calls its function. */
export interface MapOptions {
  /** How many promises of the function may be under way at once; elements stay in order. Default 1. */
  readonly parallel?: number | undefined;
}

/** How `batch` and its like end. */
export interface BatchOptions {
  /** Whether a last batch that is not full is left out. Default false. */
  readonly dropRemainder?: boolean | undefined;
}

/** How elements are padded to one shape, and gathered. */
export interface PaddedBatchOptions extends BatchOptions, Padding {}

/** What order `shuffle` makes, and how much memory it takes. */
export interface ShuffleOptions {
  /** A whole number. The same seed gives the same order on every machine. Default: a random one for each `shuffle`. */
  readonly seed?: number | undefined;
  /** Whether each iteration has an order of its own. Default true. */
  readonly reshuffleEachIteration?: boolean | undefined;
  /** The buffer is full with so many bytes, however few elements that are; it holds one at least. Default: no limit. */
  readonly maxBytes?: number | undefined;
  /** Bytes of an element, for `maxBytes`. Default: those of its buffers and strings, and 8 for each number, arrays and objects looked into. */
  readonly sizeOf?: ((element: never) => number) | undefined;
}

/** How `interleave` takes turns. */
export interface InterleaveOptions {
  /** How many inner datasets are open at once. Default 4. */
  readonly cycleLength?: number | undefined;
  /** How many elements of one come before the next has its turn. Default 1. */
  readonly blockLength?: number | undefined;
}

/** How often `withProgress` tells. */
export interface ProgressOptions {
  /** Milliseconds between two calls, at least. Default 100. */
  readonly everyMs?: number | undefined;
}
