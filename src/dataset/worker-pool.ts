import { Worker } from 'node:worker_threads';
import { RecordpipeError } from '../errors.ts';
import type { MapAnswer, MapWork } from './map-worker.ts';
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

interface Job {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Lane {
  readonly worker: Worker;
  readonly jobs: Map<number, Job>;
}

/** Threads that apply the default function of a module to what they are sent. They start when they are needed and end with `close`. */
export class WorkerPool {
  readonly #module: string;
  readonly #most: number;
  readonly #transfer: boolean;
  readonly #program: URL;
  readonly #lanes: Lane[] = [];
  #next = 0;
  #closed = false;

  /** @param program the threads' module; only tests name another one */
  constructor(module: string, most: number, transfer: boolean, program: URL) {
    this.#module = module;
    this.#most = most;
    this.#transfer = transfer;
    this.#program = program;
  }

  /** What the function makes of the value. */
  run(value: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { value: content, buffers } = packed(value, this.#transfer);
      const lane = this.#idlest();
      const job = this.#next++;
      lane.jobs.set(job, { resolve, reject });
      try {
        lane.worker.postMessage({ job, value: content } satisfies MapWork, buffers);
      } catch (error) {
        lane.jobs.delete(job);
        reject(error);
      }
    });
  }

  /** Ends the threads, in the middle of what they do. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#lanes.map(({ worker }) => worker.terminate()));
  }

  /** A thread without work, or a new one while there may be more, or that with the least work. */
  #idlest(): Lane {
    let idlest: Lane | undefined;
    for (const lane of this.#lanes)
      if (idlest === undefined || lane.jobs.size < idlest.jobs.size) idlest = lane;
    if (idlest !== undefined && (idlest.jobs.size === 0 || this.#lanes.length >= this.#most)) return idlest;
    return this.#start();
  }

  #start(): Lane {
    const worker = new Worker(this.#program, { workerData: this.#module });
    const jobs = new Map<number, Job>();
    const lane: Lane = { worker, jobs };
    let failure: unknown;
    worker.on('message', (answer: MapAnswer) => {
      const job = jobs.get(answer.job)!;
      jobs.delete(answer.job);
      if ('error' in answer) job.reject(answer.error);
      else job.resolve(answer.value);
    });
    worker.on('error', (error: unknown) => {
      failure = error;
    });
    worker.on('messageerror', (error: unknown) => {
      failure = error;
      void worker.terminate();
    });
    worker.on('exit', () => {
      const at = this.#lanes.indexOf(lane);
      if (at >= 0) this.#lanes.splice(at, 1);
      const error = this.#closed ? undefined : this.#died(failure);
      for (const job of jobs.values()) job.reject(error);
    });
    this.#lanes.push(lane);
    return lane;
  }

  #died(failure: unknown): unknown {
    const reason = failure instanceof Error ? failure.message : 'it ended by itself';
    return new RecordpipeError(
      'io-failure',
      `the worker thread of mapInWorkers died: ${reason}`,
      { uri: this.#module },
      failure,
    );
  }
}
