import { checkAborted } from './abortable.ts';

/** Maximum time for which work that never waits may hold the event loop. */
const HOLD_MS = 20;
/** Target time between two clock readings, which take 40 ns each. */
const CLOCK_MS = 2;

/**
 * Yields to the event loop every 20 ms during work that never waits by itself: synchronous reads,
 * or a chain of promises that are already resolved. Otherwise, timers, sockets and abort signals
 * would starve.
 *
 * Call `if (turns.due()) await turns.take();` after each step.
 */
export class EventLoopTurns {
  readonly #maxSteps: number;
  readonly #signal: AbortSignal | undefined;
  #lastTurn: number = performance.now();
  #lastReading: number = this.#lastTurn;
  #stride = 1;
  #left = 1;

  /**
   * @param maxSteps maximum number of steps between two clock readings. Default 16, for steps that
   *   may wait for a disk; use thousands for steps that only compute
   */
  constructor(signal?: AbortSignal, maxSteps = 16) {
    this.#signal = signal;
    this.#maxSteps = maxSteps;
  }

  /** Counts one step and reports whether it is time to call {@link take}. */
  due(): boolean {
    return --this.#left <= 0 && this.#readClock();
  }

  /**
   * Yields to the event loop, so that other waiting work can run.
   * @throws RecordpipeError `aborted`
   */
  async take(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#lastTurn = performance.now();
    this.#lastReading = this.#lastTurn;
    checkAborted(this.#signal);
  }

  #readClock(): boolean {
    const now = performance.now();
    this.#stride =
      now - this.#lastReading < CLOCK_MS
        ? Math.min(2 * this.#stride, this.#maxSteps)
        : Math.max(this.#stride >> 1, 1);
    this.#left = this.#stride;
    this.#lastReading = now;
    return now - this.#lastTurn > HOLD_MS;
  }
}
