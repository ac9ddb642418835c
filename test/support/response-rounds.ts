/** Turns of the event loop without a new request that end a round. */
const QUIET_TURNS = 100;

/**
 * Answers requests in rounds: holds requests until no further one has arrived for many turns of the
 * event loop, then answers all of them together. The client runs in the same process, so how many
 * requests it sends concurrently does not depend on the speed of the machine. A time would depend
 * on it: a timer of a process that had to wait for the processor is due before its sockets are read.
 */
export class ResponseRounds {
  readonly #held: (() => void)[] = [];
  #quietTurns = 0;
  #isWaiting = false;

  /** Resolves when the request that calls this method may be answered. */
  next(): Promise<void> {
    this.#quietTurns = 0;
    if (!this.#isWaiting) this.#turn();
    return new Promise((resolve) => {
      this.#held.push(resolve);
    });
  }

  #turn(): void {
    this.#isWaiting = this.#quietTurns++ < QUIET_TURNS;
    if (this.#isWaiting) setImmediate(() => this.#turn());
    else for (const answer of this.#held.splice(0)) answer();
  }
}
