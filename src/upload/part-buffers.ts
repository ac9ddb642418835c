import { abortError, onAbort } from '../bytes/abortable.ts';

/** Memory for parts, of all files together: who wants more than there is waits for its turn. */
export class PartBuffers {
  readonly #idle: Uint8Array[] = [];
  readonly #waiting: (() => void)[] = [];
  #free: number;

  /** @param most how many are in use at once */
  constructor(most: number) {
    this.#free = most;
  }

  /** @param bytes at least so many @throws RecordpipeError `aborted` when the signal fires meanwhile */
  async take(bytes: number, signal: AbortSignal): Promise<Uint8Array> {
    while (this.#free === 0) await this.#turn(signal);
    if (signal.aborted) {
      // The turn was ours, and is now that of the next one.
      this.#waiting.shift()?.();
      throw abortError(signal);
    }
    this.#free--;
    const idle = this.#idle.pop();
    return idle !== undefined && idle.length >= bytes ? idle : Buffer.allocUnsafeSlow(bytes);
  }

  give(buffer: Uint8Array): void {
    this.#idle.push(buffer);
    this.#free++;
    this.#waiting.shift()?.();
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        const at = this.#waiting.indexOf(go);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(abortError(signal));
      };
      const go = (): void => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      if (signal.aborted) return reject(abortError(signal));
      onAbort(signal, stop);
      this.#waiting.push(go);
    });
  }
}
