import { parentPort, type Worker } from 'node:worker_threads';
import { packError, unpackError } from '../../bytes/thread-error.ts';

/** A job for a {@link JobThread}. */
export interface ThreadJob {
  readonly content: unknown;
  /** Buffers of `content` that are moved to the thread. */
  readonly buffers?: ArrayBuffer[];
  /** Does the job on the calling thread, where no worker can start. */
  readonly here: () => Promise<unknown>;
  /** Receives what the worker notes before its result. */
  readonly onNote?: (note: unknown) => void;
}

/** How a thread starts, and what its end means. */
export interface ThreadUse {
  /**
   * Starts the worker. Contains `new Worker(new URL('./x.js', import.meta.url), …)` literally, so that bundlers find its
   * module.
   */
  readonly start: () => Worker;
  /** The error of jobs whose thread died. @param reason what it threw, or its exit code */
  readonly died: (reason: unknown) => Error;
  /** The error of jobs that `close` ends. */
  readonly closed: () => Error;
}

interface Pending extends ThreadJob {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  posted: boolean;
}

/**
 * One worker thread and the jobs it has. The thread starts with the first job. Where it cannot start, because a bundler left
 * its module out or the system refuses a thread, the process warns once and the jobs run on the calling thread.
 */
export class JobThread {
  readonly #use: ThreadUse;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #next = 0;
  #state: 'new' | 'starting' | 'ready' | 'cannot start' | 'dead' | 'closed' = 'new';

  constructor(use: ThreadUse) {
    this.#use = use;
  }

  /** Jobs without a result yet. */
  get jobs(): number {
    return this.#pending.size;
  }

  /** Whether the thread has died: every job fails from now on. */
  get dead(): boolean {
    return this.#state === 'dead';
  }

  /** The result of a job. Rejects with the job's own error, or with that of `died` or `closed`. */
  run(job: ThreadJob): Promise<unknown> {
    if (this.#state === 'closed') return Promise.reject(this.#use.closed());
    if (this.#state === 'cannot start') return job.here();
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      const pending = { ...job, resolve, reject, posted: false };
      this.#pending.set(id, pending);
      if (this.#state === 'new') this.#start();
      // Buffers that were moved to a thread that never starts would be lost.
      if (this.#state === 'ready' || (this.#state === 'starting' && job.buffers === undefined))
        this.#post(id, pending);
    });
  }

  /** Ends the thread in the middle of its work, and its jobs with it. */
  async close(): Promise<void> {
    const starting = this.#state !== 'cannot start';
    this.#state = 'closed';
    if (starting) this.#fail(this.#use.closed);
    await this.#worker?.terminate();
  }

  #start(): void {
    this.#state = 'starting';
    let reason: unknown;
    try {
      this.#worker = this.#use.start();
    } catch (error) {
      this.#workHere(error);
      return;
    }
    const worker = this.#worker;
    const failed = (error: unknown): void => {
      reason = error;
      void worker.terminate();
    };
    worker.on('message', (message: unknown) => {
      if (this.#state === 'starting') {
        if (message === READY) this.#ready();
        else failed(new Error('its module is not a worker of recordpipe'));
      } else if (this.#state === 'ready') this.#answered(message as JobAnswer);
    });
    worker.on('error', failed);
    worker.on('messageerror', failed);
    worker.on('exit', (exitCode) => {
      const state = this.#state;
      if (state === 'starting') this.#workHere(reason ?? new Error(`exit code ${exitCode}`));
      if (state !== 'ready') return;
      this.#state = 'dead';
      this.#fail(() => this.#use.died(reason ?? exitCode));
    });
  }

  #ready(): void {
    this.#state = 'ready';
    for (const [id, pending] of this.#pending) if (!pending.posted) this.#post(id, pending);
  }

  #post(job: number, pending: Pending): void {
    pending.posted = true;
    try {
      this.#worker!.postMessage({ job, content: pending.content } satisfies JobOrder, pending.buffers);
    } catch (error) {
      this.#pending.delete(job);
      pending.reject(error);
    }
  }

  #answered(answer: JobAnswer): void {
    const pending = this.#pending.get(answer.job);
    if ('note' in answer) {
      pending?.onNote?.(answer.note);
      return;
    }
    this.#pending.delete(answer.job);
    if ('error' in answer) pending?.reject(unpackError(answer.error));
    else pending?.resolve(answer.result);
  }

  #fail(error: () => Error): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(error());
  }

  #workHere(reason: unknown): void {
    this.#state = 'cannot start';
    warnOnce(reason);
    for (const { here, resolve, reject } of this.#pending.values()) here().then(resolve, reject);
    this.#pending.clear();
  }
}

let warned = false;

function warnOnce(reason: unknown): void {
  if (warned) return;
  warned = true;
  const why = reason instanceof Error ? reason.message.split('\n', 1)[0] : String(reason);
  process.emitWarning(`worker threads cannot start, so the work runs on the calling thread: ${why}`, {
    type: 'RecordpipeWarning',
    code: 'RECORDPIPE_NO_WORKERS',
    detail: 'In a bundle, mark recordpipe as external to keep its worker threads.',
  });
}

/** The worker's side of {@link JobThread}. */

/** The first message of every worker. */
export const READY = 'recordpipe: ready';

/** A job, as a worker receives it. */
export interface JobOrder {
  readonly job: number;
  readonly content: unknown;
}

/** What a worker sends about a job: notes, then its result or its error. */
export type JobAnswer =
  | { readonly job: number; readonly note: unknown }
  | { readonly job: number; readonly result: unknown }
  | { readonly job: number; readonly error: unknown };

/** The result of a job. */
export interface JobResult {
  readonly value: unknown;
  /** Buffers of the value that are moved rather than copied. */
  readonly buffers?: ArrayBuffer[];
}

/**
 * Answers the jobs of a worker thread. They start in the order in which they arrive; `work` decides whether they overlap.
 * @param work does one job; `note` sends something about it before its result
 */
export function serveJobs(
  work: (content: unknown, note: (note: unknown) => void) => Promise<JobResult>,
): void {
  const port = parentPort;
  if (port === null) throw new Error('expected to run on a worker thread');
  const send = (answer: JobAnswer, buffers?: ArrayBuffer[]): void => port.postMessage(answer, buffers);
  port.on('message', async ({ job, content }: JobOrder) => {
    try {
      const { value, buffers } = await work(content, (note) => send({ job, note }));
      send({ job, result: value }, buffers);
    } catch (error) {
      send({ job, error: packError(error) });
    }
  });
  port.on('messageerror', (error: unknown) => {
    throw error;
  });
  port.postMessage(READY);
}
