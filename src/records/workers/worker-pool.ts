import type { Worker } from 'node:worker_threads';
import { isTraced, relayTrace } from '../../bytes/trace.ts';
import { type JobAnswer, type JobOrder, READY, type TraceAnswer, unpackError } from './serve-jobs.ts';

/** Options of a pool. */
export interface PoolOptions<Content> {
  /** Maximum number of threads. */
  readonly size: number;
  /**
   * Starts a worker whose module calls `serveJobs`. Must contain `new Worker(new URL('./x.js',
   * import.meta.url), …)` literally, so that bundlers find the module.
   */
  readonly start: () => Worker;
  /** Runs a job on the calling thread if no worker can start. */
  readonly here: (content: Content, onNote: (note: unknown) => void) => Promise<unknown>;
  /**
   * Returns the error for jobs whose thread died.
   * @param reason the thrown value or the exit code
   */
  readonly died: (reason: unknown) => Error;
  /** Returns the error for jobs that `close` aborts. */
  readonly closed: () => Error;
}

/**
 * Runs jobs on worker threads. Starts a new thread if all others are busy, up to `size` threads;
 * after that, the thread with the fewest jobs receives the next one. If no thread can start,
 * because a bundler omitted the worker's module or the system refuses, the pool warns once per
 * process and runs jobs on the calling thread.
 */
export class WorkerPool<Content> {
  readonly #options: PoolOptions<Content>;
  #threads: JobThread<Content>[] = [];
  #closed = false;

  constructor(options: PoolOptions<Content>) {
    this.#options = options;
  }

  /**
   * Returns the result of a job. Rejects with the error of the job, or with the error of `died` or
   * `closed`.
   * @param onNote receives the messages that the worker sends before the result
   * @param buffers buffers of `content` to transfer instead of copying them
   */
  async run(
    content: Content,
    onNote: (note: unknown) => void = () => {},
    buffers?: ArrayBuffer[],
  ): Promise<unknown> {
    if (this.#closed) throw this.#options.closed();
    return this.#leastBusy().run({ content, onNote, buffers });
  }

  /** Terminates the threads immediately and aborts their jobs. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #leastBusy(): JobThread<Content> {
    this.#threads = this.#threads.filter(({ dead }) => !dead);
    let best: JobThread<Content> | undefined;
    for (const thread of this.#threads) if (best === undefined || thread.jobs < best.jobs) best = thread;
    if (best !== undefined && (best.jobs === 0 || this.#threads.length >= this.#options.size)) return best;
    const thread = new JobThread(this.#options);
    this.#threads.push(thread);
    return thread;
  }
}

interface Job<Content> {
  readonly content: Content;
  readonly onNote: (note: unknown) => void;
  readonly buffers: ArrayBuffer[] | undefined;
}

interface Pending<Content> extends Job<Content> {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  posted: boolean;
}

/** One worker thread and its jobs. The thread starts when it receives its first job. */
class JobThread<Content> {
  readonly #options: PoolOptions<Content>;
  readonly #pending = new Map<number, Pending<Content>>();
  #worker: Worker | undefined;
  #next = 0;
  #state: 'new' | 'starting' | 'ready' | 'cannot start' | 'dead' | 'closed' = 'new';

  constructor(options: PoolOptions<Content>) {
    this.#options = options;
  }

  /** Number of jobs without a result. */
  get jobs(): number {
    return this.#pending.size;
  }

  /** Whether the thread has died and can run no more jobs. */
  get dead(): boolean {
    return this.#state === 'dead';
  }

  run(job: Job<Content>): Promise<unknown> {
    if (this.#state === 'cannot start') return this.#options.here(job.content, job.onNote);
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      const pending = { ...job, resolve, reject, posted: false };
      this.#pending.set(id, pending);
      if (this.#state === 'new') this.#start();
      // If the thread never starts, transferred buffers would be lost.
      if (this.#state === 'ready' || (this.#state === 'starting' && job.buffers === undefined))
        this.#post(id, pending);
    });
  }

  async close(): Promise<void> {
    const starting = this.#state !== 'cannot start';
    this.#state = 'closed';
    if (starting) this.#fail(this.#options.closed);
    await this.#worker?.terminate();
  }

  #start(): void {
    this.#state = 'starting';
    let reason: unknown;
    try {
      this.#worker = this.#options.start();
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
      } else if (this.#state === 'ready') this.#answered(message as JobAnswer | TraceAnswer);
    });
    worker.on('error', failed);
    worker.on('messageerror', failed);
    worker.on('exit', (exitCode) => {
      const state = this.#state;
      if (state === 'starting') this.#workHere(reason ?? new Error(`exit code ${exitCode}`));
      if (state !== 'ready') return;
      this.#state = 'dead';
      this.#fail(() => this.#options.died(reason ?? exitCode));
    });
  }

  #ready(): void {
    this.#state = 'ready';
    for (const [id, pending] of this.#pending) if (!pending.posted) this.#post(id, pending);
  }

  #post(job: number, pending: Pending<Content>): void {
    pending.posted = true;
    try {
      const order: JobOrder = { job, content: pending.content, ...(isTraced() && { traced: true }) };
      this.#worker!.postMessage(order, pending.buffers);
    } catch (error) {
      this.#pending.delete(job);
      pending.reject(error);
    }
  }

  #answered(answer: JobAnswer | TraceAnswer): void {
    if ('trace' in answer) {
      relayTrace(answer.trace);
      return;
    }
    const pending = this.#pending.get(answer.job);
    if ('note' in answer) {
      pending?.onNote(answer.note);
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
    for (const { content, onNote, resolve, reject } of this.#pending.values())
      this.#options.here(content, onNote).then(resolve, reject);
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
