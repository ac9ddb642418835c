import { END, LATER, type Stage, type Step, Through } from '../stage.ts';

/** About what an object or array takes by itself. */
const OBJECT_BYTES = 16;
const NUMBER_BYTES = 8;

/** About how many bytes of memory an element takes: exactly those of its buffers, the rest by rule of thumb. */
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

/** How far an iteration is. */
export interface DatasetProgress {
  /** Elements so far. */
  readonly elements: number;
  /** Milliseconds since the first was asked for. */
  readonly elapsedMs: number;
  /** Whether that was the last element. */
  readonly done: boolean;
}

/** Between two looks at the clock. */
const MAX_ELEMENTS = 1024;

/** Tells how many elements have passed: at most every `everyMs` milliseconds, and at the end. */
export class ProgressStage<T> extends Through<T, T> {
  readonly #tell: (progress: DatasetProgress) => void;
  readonly #everyMs: number;
  #elements = 0;
  #start: number | undefined;
  #told = 0;
  #stride = 1;
  #look = 1;

  constructor(source: Stage<T>, tell: (progress: DatasetProgress) => void, everyMs: number) {
    super(source);
    this.#tell = tell;
    this.#everyMs = everyMs;
  }

  next(): Step<T> {
    this.#start ??= this.#told = performance.now();
    const element = this.source.next();
    if (element === LATER) return LATER;
    if (element === END) this.#report(performance.now(), true);
    else if (++this.#elements >= this.#look) this.#clock();
    return element;
  }

  #clock(): void {
    const now = performance.now();
    if (now - this.#told >= this.#everyMs) {
      this.#stride = Math.max(this.#stride >> 2, 1);
      this.#report(now, false);
    } else if (now - this.#told < this.#everyMs / 2) {
      this.#stride = Math.min(2 * this.#stride, MAX_ELEMENTS);
    }
    this.#look = this.#elements + this.#stride;
  }

  #report(now: number, done: boolean): void {
    this.#told = now;
    this.#tell({ elements: this.#elements, elapsedMs: now - this.#start!, done });
  }
}
