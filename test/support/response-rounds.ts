/**
 * Answers requests in rounds: holds requests until no further one has arrived for some
 * milliseconds, then answers all of them together. How many requests a client sends concurrently
 * then does not depend on the speed of the machine.
 */
export class ResponseRounds {
  readonly #quietMs: number;
  readonly #held: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(quietMs = 10) {
    this.#quietMs = quietMs;
  }

  /** Resolves when the request that calls this method may be answered. */
  next(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      for (const answer of this.#held.splice(0)) answer();
    }, this.#quietMs);
    return new Promise((resolve) => {
      this.#held.push(resolve);
    });
  }
}
