import { type Position, splitPosition } from '../position.ts';
import { END, LATER, type Open, type Openable, type Stage, type Step, Through } from '../stage.ts';

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

/** Progress of an iteration. */
export interface DatasetProgress {
  /** Number of elements so far, including those before a state from which the iteration resumed. */
  readonly elements: number;
  /** Milliseconds since the first element was requested in this process. */
  readonly elapsedMs: number;
  /** Whether the iteration has ended. */
  readonly done: boolean;
}

/** Maximum number of elements between two readings of the clock. */
const MAX_ELEMENTS = 1024;

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
class ProgressStage<T> extends Through<T, T> {
  readonly #onProgress: (progress: DatasetProgress) => void;
  readonly #everyMs: number;
  #elements: number;
  #start: number | undefined;
  #reportedAt = 0;
  #stride = 1;
  #look: number;

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
    this.#look = elements + 1;
  }

  next(): Step<T> {
    this.#start ??= this.#reportedAt = performance.now();
    const element = this.source.next();
    if (element === LATER) return LATER;
    if (element === END) this.#report(performance.now(), true);
    else if (++this.#elements >= this.#look) this.#clock();
    return element;
  }

  position(): Position {
    return [this.#elements, this.source.position()];
  }

  #clock(): void {
    const now = performance.now();
    if (now - this.#reportedAt >= this.#everyMs) {
      this.#stride = Math.max(this.#stride >> 2, 1);
      this.#report(now, false);
    } else if (now - this.#reportedAt < this.#everyMs / 2) {
      this.#stride = Math.min(2 * this.#stride, MAX_ELEMENTS);
    }
    this.#look = this.#elements + this.#stride;
  }

  #report(now: number, done: boolean): void {
    this.#reportedAt = now;
    this.#onProgress({ elements: this.#elements, elapsedMs: now - this.#start!, done });
  }
}
