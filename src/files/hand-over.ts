const END: IteratorResult<Uint8Array> = { done: true, value: undefined };

/** Hands chunks from a writer that calls back to a reader that iterates, one at a time. Either side may end it at any moment. */
export class HandOver implements AsyncIterableIterator<Uint8Array> {
  #given: { chunk: Uint8Array; taken: () => void } | undefined;
  #waiting: ((step: IteratorResult<Uint8Array>) => void) | undefined;
  #ended = false;

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Offers a chunk; `taken` is called when the reader has it, or wants no more. One at a time. */
  give(chunk: Uint8Array, taken: () => void): void {
    const waiting = this.#waiting;
    if (waiting === undefined && !this.#ended) {
      this.#given = { chunk, taken };
      return;
    }
    this.#waiting = undefined;
    waiting?.({ done: false, value: chunk });
    taken();
  }

  /** Says that no more chunks come. */
  end(): void {
    this.#ended = true;
    this.#waiting?.(END);
    this.#waiting = undefined;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const given = this.#given;
    if (given !== undefined) {
      this.#given = undefined;
      given.taken();
      return Promise.resolve({ done: false, value: given.chunk });
    }
    if (this.#ended) return Promise.resolve(END);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#given?.taken();
    this.#given = undefined;
    this.end();
    return Promise.resolve(END);
  }
}
