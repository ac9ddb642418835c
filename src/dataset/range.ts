import { UsageError } from '../errors.ts';
import { END, Stage, type Step } from './stage.ts';

/**
 * The numbers of a range: `(stop)`, `(start, stop)` or `(start, stop, step)`.
 * @throws UsageError unless all are numbers, `step` not zero
 */
export function rangeOf(...bounds: readonly number[]): () => Stage<number> {
  const [start, stop, step] =
    bounds.length === 1 ? [0, bounds[0], 1] : [bounds[0], bounds[1], bounds[2] ?? 1];
  for (const bound of [start, step]) {
    if (!Number.isSafeInteger(bound)) throw new UsageError(`range: expected integers, got ${String(bound)}`);
  }
  if (!Number.isSafeInteger(stop) && Math.abs(stop) !== Number.POSITIVE_INFINITY)
    throw new UsageError(`range: expected an integer or Infinity as the end, got ${String(stop)}`);
  if (step === 0) throw new UsageError('range: expected a step that is not 0');
  const count = Math.max(0, Math.ceil((stop - start) / step));
  return () => new RangeStage(start, step, count);
}

class RangeStage extends Stage<number> {
  readonly #start: number;
  readonly #step: number;
  readonly #count: number;
  #at = 0;

  constructor(start: number, step: number, count: number) {
    super();
    this.#start = start;
    this.#step = step;
    this.#count = count;
  }

  next(): Step<number> {
    return this.#at < this.#count ? this.#start + this.#step * this.#at++ : END;
  }

  override pass(count: number): number {
    const passed = Math.min(count, this.#count - this.#at);
    this.#at += passed;
    return passed;
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  close(): undefined {}
}
