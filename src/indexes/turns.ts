import { setImmediate } from 'node:timers/promises';
import { checkAborted } from '../bytes/abortable.ts';

/** After so long the event loop gets a turn, so that signals, timers and aborts are served. */
const MS_PER_TURN = 20;
/** Work of so many calls is done before the clock is looked at again. */
const CALLS_PER_LOOK = 16;

/** Lets others have their turns while a thread reads and works for long. */
export class Turns {
  readonly #signal: AbortSignal | undefined;
  readonly #onProgress: ((bytes: number) => void) | undefined;
  #at: number = performance.now() + MS_PER_TURN;
  #calls = 0;

  constructor(signal?: AbortSignal, onProgress?: (bytes: number) => void) {
    checkAborted(signal);
    this.#signal = signal;
    this.#onProgress = onProgress;
  }

  /** Whether it is time for a turn. */
  get due(): boolean {
    return ++this.#calls % CALLS_PER_LOOK === 0 && performance.now() >= this.#at;
  }

  /** Gives others a turn. @throws RecordpipeError `aborted` */
  async take(bytesDone: number): Promise<void> {
    this.#onProgress?.(bytesDone);
    await setImmediate();
    checkAborted(this.#signal);
    this.#at = performance.now() + MS_PER_TURN;
  }
}
