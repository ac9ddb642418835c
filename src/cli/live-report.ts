import { interruption } from './interrupt.ts';
import { ClosedOutput, print, say } from './output.ts';

/** The output of a run that reports while it works. A failing standard output aborts the run. */
export class LiveReport {
  readonly #failed = new AbortController();
  readonly #clearProgress: () => void;
  readonly #isText: boolean;

  /**
   * @param isText whether the output is for people; JSON is printed unchanged
   * @param clearProgress removes the live progress line before each output
   */
  constructor(isText: boolean, clearProgress: () => void) {
    this.#isText = isText;
    this.#clearProgress = clearProgress;
  }

  /** Prints a text without waiting for it. */
  readonly write = (text: string): void => {
    if (text === '') return;
    this.#clearProgress();
    (this.#isText ? say : print)(text).catch((error) => this.#failed.abort(error));
  };

  /**
   * Runs the work and returns the exit code. If the reader closes standard output, the results so far
   * determine it.
   */
  async run(
    work: (signal: AbortSignal) => Promise<void>,
    { exitCode, graceMs, onInterrupt, mustFinish = false }: RunSettings,
  ): Promise<number> {
    const interrupted = (): void => {
      this.#clearProgress();
      onInterrupt?.();
    };
    interruption().addEventListener('abort', interrupted);
    try {
      await work(AbortSignal.any([interruption(graceMs), this.#failed.signal]));
    } catch (error) {
      this.#clearProgress();
      if (error instanceof ClosedOutput) return exitCode();
      if (!this.#failed.signal.aborted) throw error;
      const { reason } = this.#failed.signal;
      if (!(reason instanceof ClosedOutput)) throw reason;
      if (mustFinish) throw error;
    } finally {
      interruption().removeEventListener('abort', interrupted);
    }
    return exitCode();
  }
}

/** How work runs. */
export interface RunSettings {
  readonly exitCode: () => number;
  /** Time that the work needs to stop after a signal. */
  readonly graceMs: number;
  /** Called at once on a signal: the work may take longer to stop than the process lives. */
  readonly onInterrupt?: () => void;
  /** Whether work that stops because the reader closed standard output has failed. */
  readonly mustFinish?: boolean;
}
