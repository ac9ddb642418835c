/** Tracks the work in progress on an open file. Closing the file waits for it. */
export class FileUses {
  #activeUses = 0;
  #onIdle: (() => void) | undefined;
  #closing = false;
  #ended = false;

  /** Whether closing has begun. */
  get closing(): boolean {
    return this.#closing;
  }

  /** Whether reading has ended. The descriptor may then belong to another file. */
  get ended(): boolean {
    return this.#ended;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#activeUses++;
    try {
      return await work();
    } finally {
      this.#activeUses--;
      if (this.#activeUses === 0) this.#onIdle?.();
    }
  }

  /**
   * Waits for the work in progress.
   * @returns true if the caller must close the file; false if another call closes it
   */
  async end(): Promise<boolean> {
    if (this.#closing) return false;
    this.#closing = true;
    if (this.#activeUses > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    this.#ended = true;
    return true;
  }
}
