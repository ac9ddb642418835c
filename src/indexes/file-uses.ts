/** Work of several reads that is under way on an open file, for whose end closing waits. */
export class FileUses {
  #underWay = 0;
  #onIdle: (() => void) | undefined;
  #closing = false;
  #ended = false;

  /** Whether closing has begun. */
  get closing(): boolean {
    return this.#closing;
  }

  /** Whether nothing may be read any more: what was open may be something else by now. */
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

  /** Waits for what is under way. @returns whether the file is to be closed now; not where somebody else has begun to */
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
