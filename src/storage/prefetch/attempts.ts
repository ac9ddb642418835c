import { FetchFailure } from '../errors.ts';
import type { TransferOptions } from '../object-options.ts';

const BASE_MS = 100;
/** Base of the pause after the service has requested a lower rate. */
const THROTTLED_BASE_MS = 1_000;
const MAX_PAUSE_MS = 20_000;

/**
 * Decides how often to retry a request, and how long to pause before each retry. Used for ranges of
 * objects and for all other requests.
 */
export class RetryBudget {
  readonly #options: TransferOptions;
  /** Number of consecutive attempts that received no byte. */
  #attempts = 0;
  /** Time at which the first failed attempt began. */
  #troubleSince: number | undefined;
  /** Number of bytes received before the first failed attempt. */
  #troubleAt = 0;
  #expired = false;

  constructor(options: TransferOptions) {
    this.#options = options;
  }

  get attempts(): number {
    return this.#attempts;
  }

  get elapsedMs(): number | undefined {
    return this.#troubleSince === undefined ? undefined : performance.now() - this.#troubleSince;
  }

  /**
   * Returns the pause before the next attempt, or undefined if no attempt remains.
   * @param brought number of bytes that the failed attempt received
   * @param received number of bytes that all attempts received
   * @param sentAt time at which the failed attempt began; time spent waiting for it counts
   */
  pauseAfter(
    failure: FetchFailure,
    brought: number,
    received: number,
    sentAt: number = performance.now(),
  ): number | undefined {
    if (brought > 0) {
      this.#attempts = 0;
      this.#expired = false;
    }
    this.#attempts += 1;
    this.#watchClock(received, sentAt);
    switch (failure.kind) {
      case 'transient':
      case 'throttled':
        return this.#pause(failure);
      case 'expired':
        if (this.#expired) return undefined;
        this.#expired = true;
        return 0;
      default:
        return undefined;
    }
  }

  /**
   * Updates the clock. A few bytes do not reset it; otherwise, a server that sends bytes slowly
   * would never be abandoned.
   */
  #watchClock(received: number, sentAt: number): void {
    if (this.#troubleSince !== undefined && received - this.#troubleAt < this.#options.partBytes) return;
    this.#troubleSince = sentAt;
    this.#troubleAt = received;
  }

  #pause({ kind, retryAfterMs }: FetchFailure): number | undefined {
    const { maxAttempts, retryTimeoutMs } = this.#options;
    if (this.#attempts >= maxAttempts) return undefined;
    const base = kind === 'throttled' ? THROTTLED_BASE_MS : BASE_MS;
    // Full jitter: clients that failed together do not retry together.
    const jittered = Math.random() * Math.min(MAX_PAUSE_MS, base * 2 ** (this.#attempts - 1));
    const pause = Math.max(jittered, retryAfterMs ?? 0);
    return (this.elapsedMs ?? 0) + pause > retryTimeoutMs ? undefined : pause;
  }
}

const MAX_TICK_MS = 1_000;
/** Minimum time over which a rate is measured, even if the retry timeout is shorter. */
const MIN_STRETCH_MS = 1_000;

/** Time limits of an attempt. */
export type WatchdogOptions = Pick<
  TransferOptions,
  | 'connectTimeoutMs'
  | 'headersTimeoutMs'
  | 'idleTimeoutMs'
  | 'minBytesPerSecond'
  | 'slowAfterMs'
  | 'retryTimeoutMs'
>;

/**
 * Watches one attempt of a request: its headers must arrive, then bytes, and fast enough. Instead
 * of resetting a timer with every chunk, it uses one timer that compares byte counts. Time in which
 * this process was too busy to receive bytes does not count. A rate is measured over at most
 * `retryTimeoutMs`, so that an attempt at a slow service cannot exceed that time.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #slowAfterMs: number;
  readonly #bytes: () => number | undefined;
  readonly #bark: (failure: FetchFailure) => void;
  readonly #tickMs: number;
  readonly #timer: ReturnType<typeof setInterval>;
  #tickAt: number = performance.now();
  #waitedMs = 0;
  #seen: number | undefined;
  /** Duration over which the average rate is computed. */
  #stretchMs = 0;
  #stretchFrom = 0;

  /**
   * @param bytes returns the number of bytes received by this attempt; undefined until its headers
   *   have arrived
   * @param bark called once, with the reason
   */
  constructor(
    options: WatchdogOptions,
    bytes: () => number | undefined,
    bark: (failure: FetchFailure) => void,
  ) {
    this.#options = options;
    this.#bytes = bytes;
    this.#bark = bark;
    const { idleTimeoutMs, headersTimeoutMs, slowAfterMs, retryTimeoutMs } = options;
    this.#slowAfterMs = Math.min(slowAfterMs, Math.max(MIN_STRETCH_MS, retryTimeoutMs));
    const shortest = Math.min(idleTimeoutMs, headersTimeoutMs, this.#slowAfterMs);
    this.#tickMs = Math.min(MAX_TICK_MS, Math.ceil(shortest / 4));
    this.#timer = setInterval(this.#look, this.#tickMs);
  }

  /** Excludes the time since the last byte: the attempt was not waiting for the service. */
  rest(): void {
    this.#waitedMs = 0;
    this.#stretchMs = 0;
    this.#stretchFrom = this.#bytes() ?? 0;
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
      this.#give(`no response for ${this.#waitedMs.toFixed(0)} ms`);
  }

  #lookAtBytes(bytes: number, passed: number): void {
    const { idleTimeoutMs, minBytesPerSecond } = this.#options;
    if (this.#waitedMs >= idleTimeoutMs) {
      this.#give(`no bytes for ${this.#waitedMs.toFixed(0)} ms`);
      return;
    }
    this.#stretchMs += passed;
    if (this.#stretchMs < this.#slowAfterMs) return;
    const perSecond = ((bytes - this.#stretchFrom) * 1000) / this.#stretchMs;
    if (perSecond < minBytesPerSecond)
      this.#give(
        `only ${perSecond.toFixed(0)} bytes per second over ${(this.#stretchMs / 1000).toFixed(1)} s`,
      );
    this.#stretchMs = 0;
    this.#stretchFrom = bytes;
  }

  #give(message: string): void {
    this.stop();
    this.#bark(new FetchFailure('transient', message, { code: 'TimeoutError' }));
  }
}
