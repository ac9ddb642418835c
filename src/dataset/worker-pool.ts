import type { Worker } from 'node:worker_threads';
import { RecordpipeError } from '../errors.ts';
import { JobThread } from '../files/job-thread.ts';
import { mapWith } from './map-with.ts';
import { packed } from './thread-values.ts';

/** How `mapInWorkers` works. */
export interface WorkerMapOptions {
  /** Threads. Default: one less than the processors, at least one. */
  readonly workers?: number | undefined;
  /**
   * Default false: elements are copied to the threads. True: buffers that belong to one element alone are moved, which leaves that element empty here;
   * a record that is a part of a larger buffer is copied still. Results are always moved.
   */
  readonly transfer?: boolean | undefined;
}

/**
 * Threads that apply the default function of a module to values. They start as they are needed and end with `close`. Where
 * none can start, the function runs on the calling thread.
 */
export class WorkerPool {
  readonly #module: string;
  readonly #most: number;
  readonly #transfer: boolean;
  readonly #start: () => Worker;
  readonly #threads: JobThread[] = [];
  #here: ((value: unknown) => Promise<unknown>) | undefined;

  constructor(module: string, most: number, transfer: boolean, start: () => Worker) {
    this.#module = module;
    this.#most = most;
    this.#transfer = transfer;
    this.#start = start;
  }

  /** The function's result for the value. */
  async run(value: unknown): Promise<unknown> {
    const { value: content, buffers } = packed(value, this.#transfer);
    const here = (): Promise<unknown> => {
      this.#here ??= mapWith(this.#module);
      return this.#here(content);
    };
    return this.#idlest().run({ content, here, ...(buffers.length > 0 && { buffers }) });
  }

  /** Ends the threads in the middle of their work. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  /** A thread without work, a new one while more are allowed, or the one with the least work. */
  #idlest(): JobThread {
    let idlest: JobThread | undefined;
    for (const thread of this.#threads)
      if (!thread.dead && (idlest === undefined || thread.jobs < idlest.jobs)) idlest = thread;
    if (idlest !== undefined && (idlest.jobs === 0 || this.#threads.length >= this.#most)) return idlest;
    const thread = new JobThread({
      start: this.#start,
      died: (reason) => this.#died(reason),
      closed: () => new RecordpipeError('aborted', 'mapInWorkers: the iteration was closed'),
    });
    this.#threads.push(thread);
    return thread;
  }

  #died(cause: unknown): Error {
    const reason = cause instanceof Error ? cause.message : `exit code ${cause}`;
    const text = `the worker thread of mapInWorkers died: ${reason}`;
    return new RecordpipeError('io-failure', text, { uri: this.#module }, cause);
  }
}
