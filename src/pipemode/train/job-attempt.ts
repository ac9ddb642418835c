import { isRecordpipeError } from '../../errors.ts';
import type { AttemptEnd } from './attempts.ts';
import type { HostRun } from './host-run.ts';

/**
 * One attempt of a training job. Its hosts start, fail and stop together. The first event that ends
 * the attempt determines its outcome. Pipes are closed early only after the programs of all hosts
 * have ended.
 */
export class JobAttempt {
  readonly #hosts: readonly HostRun[];
  readonly #onStart: () => void;
  /** Ends the preparation. The pipes of running programs are closed only after the programs end. */
  readonly #preparing = new AbortController();
  #isStarted = false;
  #end: AttemptEnd | undefined;

  /** @param onStart called when all hosts are ready, before their programs start */
  constructor(hosts: readonly HostRun[], onStart: () => void) {
    this.#hosts = hosts;
    this.#onStart = onStart;
  }

  /**
   * Runs the attempt.
   * @throws RecordpipeError if a program cannot be started
   */
  async run(): Promise<AttemptEnd> {
    try {
      if (await this.#open()) {
        this.#onStart();
        this.#isStarted = true;
        for (const host of this.#hosts) host.start();
        await Promise.all(this.#hosts.map((host) => this.#follow(host)));
      }
    } finally {
      await this.#stopPrograms();
      await Promise.all(this.#hosts.map((host) => host.close()));
    }
    return this.#end ?? { type: 'completed' };
  }

  /**
   * Ends the attempt. Resolves when no program is running.
   * @param reason the outcome of the attempt, unless it has already ended for another reason
   */
  async end(reason: AttemptEnd, signal?: NodeJS.Signals): Promise<void> {
    this.#end ??= reason;
    if (!this.#isStarted) this.#preparing.abort();
    await this.#stopPrograms(signal);
  }

  /** Prepares all hosts. @returns whether their programs can start */
  async #open(): Promise<boolean> {
    const { signal } = this.#preparing;
    const onFailure = (error: unknown): Promise<void> =>
      this.end({ type: 'data-failed', error: error as Error });
    const opened = await Promise.allSettled(
      this.#hosts.map(async (host) => {
        try {
          await host.open(signal, onFailure);
        } catch (error) {
          // The first failure ends the preparation of all hosts.
          if (!isRecordpipeError(error)) this.#preparing.abort();
          else if (!signal.aborted) await onFailure(error);
          throw error;
        }
      }),
    );
    for (const one of opened) {
      // Any other error is a mistake of the caller or a bug.
      if (one.status === 'rejected' && !isRecordpipeError(one.reason)) throw one.reason;
    }
    return this.#end === undefined;
  }

  /** Waits for the program of a host. If it fails, the programs of all hosts are stopped. */
  async #follow(host: HostRun): Promise<void> {
    const exitCode = (await host.program?.ended) ?? 0;
    if (exitCode !== 0) await this.end({ type: 'program-failed', exitCode });
    // Remaining processes of the program would read its pipes.
    await host.program?.stop();
    await host.close();
  }

  async #stopPrograms(signal?: NodeJS.Signals): Promise<void> {
    await Promise.all(this.#hosts.map(({ program }) => program?.stop(signal)));
  }
}
