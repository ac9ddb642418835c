import type { FetchFailure } from './fetch-failure.ts';
import type { TransferOptions } from './object-options.ts';

const BASE_MS = 100;
/** Where the service asks for less. */
const THROTTLED_BASE_MS = 1_000;
const MOST_MS = 20_000;

/** How often and after which pause a range is asked for again. */
export class RetryBudget {
  readonly #options: TransferOptions;
  /** Attempts in a row that brought no byte. */
  #attempts = 0;
  /** When trouble began, and how many bytes there were then. */
  #troubleSince: number | undefined;
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
   * The pause before the next attempt, undefined where there is none.
   * @param brought bytes that the failed attempt brought
   * @param received bytes that all attempts brought
   */
  pauseAfter(failure: FetchFailure, brought: number, received: number): number | undefined {
    if (brought > 0) {
      this.#attempts = 0;
      this.#expired = false;
    }
    this.#attempts += 1;
    this.#watchClock(received);
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

  /** The clock is not set back by every byte: a server that drips would never be given up. */
  #watchClock(received: number): void {
    if (this.#troubleSince !== undefined && received - this.#troubleAt < this.#options.partBytes) return;
    this.#troubleSince = performance.now();
    this.#troubleAt = received;
  }

  #pause({ kind, retryAfterMs }: FetchFailure): number | undefined {
    const { maxAttempts, retryTimeoutMs } = this.#options;
    if (this.#attempts >= maxAttempts) return undefined;
    const base = kind === 'throttled' ? THROTTLED_BASE_MS : BASE_MS;
    // Full jitter: those who failed together do not come back together.
    const jittered = Math.random() * Math.min(MOST_MS, base * 2 ** (this.#attempts - 1));
    const pause = Math.max(jittered, retryAfterMs ?? 0);
    return (this.elapsedMs ?? 0) + pause > retryTimeoutMs ? undefined : pause;
  }
}
