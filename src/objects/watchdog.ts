import { FetchFailure } from './fetch-failure.ts';
import type { TransferOptions } from './object-options.ts';

const MOST_TICK_MS = 1_000;

/**
 * Looks after one attempt of a request: whether its headers come, whether bytes come, and whether they come fast enough. One timer that looks at counts,
 * not one that is set anew with every chunk. Time in which this process was busy with something else, and could not have seen bytes, does not count.
 */
export class Watchdog {
  readonly #options: TransferOptions;
  readonly #bytes: () => number | undefined;
  readonly #bark: (failure: FetchFailure) => void;
  readonly #tickMs: number;
  readonly #timer: ReturnType<typeof setInterval>;
  #tickAt: number = performance.now();
  #waitedMs = 0;
  #seen: number | undefined;
  /** Of the stretch over which the average is taken. */
  #stretchMs = 0;
  #stretchFrom = 0;

  /**
   * @param bytes received by this attempt; undefined until its headers are there
   * @param bark called once, with what is wrong
   */
  constructor(
    options: TransferOptions,
    bytes: () => number | undefined,
    bark: (failure: FetchFailure) => void,
  ) {
    this.#options = options;
    this.#bytes = bytes;
    this.#bark = bark;
    const { idleTimeoutMs, headersTimeoutMs, slowAfterMs } = options;
    this.#tickMs = Math.min(
      MOST_TICK_MS,
      Math.ceil(Math.min(idleTimeoutMs, headersTimeoutMs, slowAfterMs) / 4),
    );
    this.#timer = setInterval(this.#look, this.#tickMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  readonly #look = (): void => {
    const now = performance.now();
    const passed = Math.min(now - this.#tickAt, 2 * this.#tickMs);
    this.#tickAt = now;
    const bytes = this.#bytes();
    if (bytes !== this.#seen) {
      if (this.#seen === undefined) this.#stretchFrom = 0;
      this.#seen = bytes;
      this.#waitedMs = 0;
    } else this.#waitedMs += passed;
    if (bytes === undefined) this.#lookForHeaders();
    else this.#lookAtBytes(bytes, passed);
  };

  #lookForHeaders(): void {
    const { connectTimeoutMs, headersTimeoutMs } = this.#options;
    if (this.#waitedMs >= connectTimeoutMs + headersTimeoutMs)
      this.#give(`no answer for ${this.#waitedMs.toFixed(0)} ms`);
  }

  #lookAtBytes(bytes: number, passed: number): void {
    const { idleTimeoutMs, minBytesPerSecond, slowAfterMs } = this.#options;
    if (this.#waitedMs >= idleTimeoutMs) {
      this.#give(`no bytes for ${this.#waitedMs.toFixed(0)} ms`);
      return;
    }
    this.#stretchMs += passed;
    if (this.#stretchMs < slowAfterMs) return;
    const perSecond = ((bytes - this.#stretchFrom) * 1000) / this.#stretchMs;
    if (perSecond < minBytesPerSecond)
      this.#give(`only ${perSecond.toFixed(0)} bytes a second over ${(this.#stretchMs / 1000).toFixed(1)} s`);
    this.#stretchMs = 0;
    this.#stretchFrom = bytes;
  }

  #give(message: string): void {
    this.stop();
    this.#bark(new FetchFailure('transient', message, { code: 'TimeoutError' }));
  }
}
