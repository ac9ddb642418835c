import { UsageError } from '../../errors.ts';
import { checkFunction } from '../operator-options.ts';
import { type Position, splitPosition } from '../position.ts';
import {
  END,
  LATER,
  type Open,
  type Openable,
  Selecting,
  type Stage,
  type Step,
  type Wait,
} from '../stage.ts';

/** Approximate size of an object or array, excluding its contents. */
const OBJECT_BYTES = 16;
const NUMBER_BYTES = 8;

/** Estimates the memory of an element. Exact for buffers, approximate for other values. */
export function elementBytes(element: unknown): number {
  switch (typeof element) {
    case 'string':
      return OBJECT_BYTES + 2 * element.length;
    case 'object':
      return element === null ? NUMBER_BYTES : objectBytes(element);
    default:
      return NUMBER_BYTES;
  }
}

function objectBytes(element: object): number {
  if (ArrayBuffer.isView(element) || element instanceof ArrayBuffer) return OBJECT_BYTES + element.byteLength;
  let bytes = OBJECT_BYTES;
  for (const value of Array.isArray(element) ? element : Object.values(element)) bytes += elementBytes(value);
  return bytes;
}

/**
 * Returns a function for the sizes of elements.
 * @param sizeOf the user's function. Default: {@link elementBytes}
 * @throws UsageError from the returned function, for a size that is not a number >= 0
 */
export function sizesBy(sizeOf: ((element: never) => number) | undefined): (element: unknown) => number {
  if (sizeOf === undefined) return elementBytes;
  checkFunction('sizeOf', sizeOf);
  return (element) => {
    const size = sizeOf(element as never);
    if (typeof size === 'number' && size >= 0) return size;
    throw new UsageError(`sizeOf: expected the function to return a number >= 0, got ${String(size)}`);
  };
}

/** Progress of an iteration. */
export interface DatasetProgress {
  /** Number of elements so far, including those before a state from which the iteration resumed. */
  readonly elements: number;
  /** Milliseconds since the first element was requested in this process. */
  readonly elapsedMs: number;
  /** Whether the iteration has ended. */
  readonly done: boolean;
  /**
   * Where the time went. In the rest of `elapsedMs`, this thread ran the operators before
   * `withProgress`: it decoded records and ran functions.
   */
  readonly waitingMs: DatasetWaits;
}

/** Milliseconds that an iteration spent waiting, as `withProgress` sees it. */
export interface DatasetWaits {
  /** Waiting for files, objects, pipes or iterables. High if input is the bottleneck. */
  readonly source: number;
  /** Waiting for promises of functions and for worker threads. */
  readonly map: number;
  /**
   * Waiting for the next element to be requested, by later operators or by the consumer. High if
   * the dataset is not the bottleneck.
   */
  readonly consumer: number;
}

/** Opens a source whose progress is reported. */
export function openProgress<T>(
  source: Openable<T>,
  onProgress: (progress: DatasetProgress) => void,
  everyMs: number,
): Open<T> {
  return (iteration, from = null) => {
    const { counts, source: position } = splitPosition('withProgress', from, [0]);
    return new ProgressStage(source.openStage(iteration, position), onProgress, everyMs, counts[0]);
  };
}

/** Reports the number of elements, at most every `everyMs` milliseconds and at the end. */
class ProgressStage<T> extends Selecting<T> {
  readonly #onProgress: (progress: DatasetProgress) => void;
  readonly #everyMs: number;
  #elements: number;
  #start: number | undefined;
  #reportedAt = 0;
  readonly #waitingMs: Record<Wait | 'consumer', number> = { source: 0, map: 0, consumer: 0 };
  /** What happens between two calls to `next`, and since when. */
  #idleFor: Wait | 'consumer' = 'consumer';
  #idleSince = 0;

  constructor(
    source: Stage<T>,
    onProgress: (progress: DatasetProgress) => void,
    everyMs: number,
    elements: number,
  ) {
    super(source);
    this.#onProgress = onProgress;
    this.#everyMs = everyMs;
    this.#elements = elements;
  }

  next(): Step<T> {
    const begin = performance.now();
    this.#start ??= this.#idleSince = this.#reportedAt = begin;
    this.#waitingMs[this.#idleFor] += begin - this.#idleSince;
    const element = this.source.next();
    const now = performance.now();
    this.#idleSince = now;
    if (element === LATER) {
      this.#idleFor = this.source.waitsFor();
      return LATER;
    }
    this.#idleFor = 'consumer';
    if (element === END) this.#report(now, true);
    else {
      this.#elements++;
      if (now - this.#reportedAt >= this.#everyMs) this.#report(now, false);
    }
    return element;
  }

  position(): Position {
    return [this.#elements, this.source.position()];
  }

  #report(now: number, done: boolean): void {
    this.#reportedAt = now;
    const elapsedMs = now - this.#start!;
    this.#onProgress({ elements: this.#elements, elapsedMs, done, waitingMs: { ...this.#waitingMs } });
  }
}
