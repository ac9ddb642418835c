/** The work in progress on an open file, which closing waits for. */
export class FileUses {
  #underWay = 0;
  #onIdle: (() => void) | undefined;
  #closing = false;
  #ended = false;

  /** Whether closing has begun. */
  get closing(): boolean {
    return this.#closing;
  }

  /** Whether reading is over: the descriptor may belong to another file by now. */
  get ended(): boolean {
    return this.#ended;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await work();
    } finally {
      this.#underWay--;
      if (this.#underWay === 0) this.#onIdle?.();
    }
  }

  /** Waits for the work in progress. @returns whether to close the file now: false if another call does that */
  async end(): Promise<boolean> {
    if (this.#closing) return false;
    this.#closing = true;
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    this.#ended = true;
    return true;
  }
}
