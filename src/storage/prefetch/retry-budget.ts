import type { FetchFailure } from '../errors.ts';
import type { TransferOptions } from '../object-options.ts';

const BASE_MS = 100;
/** Where the service asks for less. */
const THROTTLED_BASE_MS = 1_000;
const MAX_PAUSE_MS = 20_000;

/** How often, and after which pauses, a request is repeated: ranges of objects and all other requests alike. */
export class RetryBudget {
  readonly #options: TransferOptions;
  /** Attempts in a row that brought no byte. */
  #attempts = 0;
  /** When the first failed attempt began, and how many bytes had come by then. */
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
   * @param sentAt when the failed attempt began: time spent waiting for it counts
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

  /** Not every byte resets the clock: a server that drips would never be abandoned. */
  #watchClock(received: number, sentAt: number): void {
    if (this.#troubleSince !== undefined && received - this.#troubleAt < this.#options.partBytes) return;
    this.#troubleSince = sentAt;
    this.#troubleAt = received;
  }

  #pause({ kind, retryAfterMs }: FetchFailure): number | undefined {
    const { maxAttempts, retryTimeoutMs } = this.#options;
    if (this.#attempts >= maxAttempts) return undefined;
    const base = kind === 'throttled' ? THROTTLED_BASE_MS : BASE_MS;
    // Full jitter: those who failed together do not come back together.
    const jittered = Math.random() * Math.min(MAX_PAUSE_MS, base * 2 ** (this.#attempts - 1));
    const pause = Math.max(jittered, retryAfterMs ?? 0);
    return (this.elapsedMs ?? 0) + pause > retryTimeoutMs ? undefined : pause;
  }
}
