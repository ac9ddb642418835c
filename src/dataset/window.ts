import { checkCount } from './arguments.ts';
import { Collecting } from './collecting.ts';
import { END, LATER, type Open, type Openable, type Stage, type Step } from './stage.ts';

/** How windows lie: as the arguments of tf.data's `window`. */
export interface WindowOptions {
  /** From the first element of a window to the first of the next. Default: `size`. */
  readonly shift?: number | undefined;
  /** From one element of a window to its next. Default 1. */
  readonly stride?: number | undefined;
  /** Whether windows that the end cuts short are left out. Default false. */
  readonly dropRemainder?: boolean | undefined;
}

/** Stretches of elements that may overlap. */
export class WindowStage<T> extends Collecting<T, T[]> {
  readonly #reach: number;
  readonly #shift: number;
  readonly #stride: number;
  readonly #dropRemainder: boolean;
  readonly #buffer: T[] = [];
  /** Elements between two windows that belong to neither. */
  #between = 0;

  constructor(source: Stage<T>, size: number, shift: number, stride: number, dropRemainder: boolean) {
    super(source);
    this.#reach = (size - 1) * stride + 1;
    this.#shift = shift;
    this.#stride = stride;
    this.#dropRemainder = dropRemainder;
  }

  next(): Step<T[]> {
    const buffer = this.#buffer;
    while (this.#between > 0 || buffer.length < this.#reach) {
      const element = this.pull();
      if (element === LATER) return LATER;
      if (element === END) break;
      if (this.#between > 0) this.#between--;
      else buffer.push(element);
    }
    if (buffer.length === 0 || (this.#dropRemainder && buffer.length < this.#reach)) return this.finish();
    const window = buffer.filter((_, i) => i % this.#stride === 0);
    this.#between = Math.max(0, this.#shift - buffer.length);
    buffer.splice(0, this.#shift);
    return window;
  }
}

/** @throws UsageError unless all are whole numbers of at least 1 */
export function openWindows<T>(source: Openable<T>, size: number, options: WindowOptions): Open<T[]> {
  const { shift = size, stride = 1, dropRemainder = false } = options;
  checkCount('window: size', size, 1);
  checkCount('window: shift', shift, 1);
  checkCount('window: stride', stride, 1);
  return (iteration) => new WindowStage(source.openStage(iteration), size, shift, stride, dropRemainder);
}
