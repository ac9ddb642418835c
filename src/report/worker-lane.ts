import { Worker } from 'node:worker_threads';
import { RecordpipeError } from '../errors.ts';
import { failedFile } from './check-file.ts';
import { type FileLane, type OnFileProgress, stoppedEarly } from './file-lane.ts';
import type { FileInput, FileTask } from './file-task.ts';
import type { WorkerMessage, WorkerOrder } from './file-worker.ts';
import type { FileReport } from './validate-report.ts';

/**
 * Checks files on a worker thread of its own, which starts with the first file and is replaced when it dies: then its files are reported as
 * unreadable, and the others go on.
 * @param url the worker's module; only tests name another one
 */
export function workerLane(
  task: FileTask,
  url: URL = new URL('./file-worker.js', import.meta.url),
): FileLane {
  return new WorkerLane(task, url);
}

interface Pending {
  readonly input: FileInput;
  readonly onProgress: OnFileProgress;
  readonly resolve: (report: FileReport) => void;
  readonly reject: (error: unknown) => void;
}

class WorkerLane implements FileLane {
  readonly #task: FileTask;
  readonly #url: URL;
  #worker: Worker | undefined;
  /** By the numbers of their orders. */
  readonly #pending = new Map<number, Pending>();
  #orders = 0;
  #closed = false;

  constructor(task: FileTask, url: URL) {
    this.#task = task;
    this.#url = url;
  }

  run(input: FileInput, onProgress: OnFileProgress): Promise<FileReport> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(stoppedEarly());
      const id = this.#orders++;
      this.#pending.set(id, { input, onProgress, resolve, reject });
      this.#worker ??= this.#start();
      this.#worker.postMessage({ id, input } satisfies WorkerOrder);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(this.#url, { workerData: this.#task });
    let reason = 'it ended without a report';
    worker.on('message', (message: WorkerMessage) => {
      const pending = this.#pending.get(message.id);
      if ('progress' in message) return pending?.onProgress(message.progress);
      this.#pending.delete(message.id);
      pending?.resolve(message.report);
    });
    worker.on('error', (error: Error) => {
      reason = error.message;
    });
    worker.on('exit', () => {
      this.#worker = undefined;
      const pending = [...this.#pending.values()];
      this.#pending.clear();
      for (const { input, resolve, reject } of pending) {
        if (this.#closed) reject(stoppedEarly());
        else resolve(diedReport(input, reason));
      }
    });
    return worker;
  }
}

function diedReport(input: FileInput, reason: string): FileReport {
  const text = `the worker thread that checked this file died: ${reason}; try again with fewer jobs`;
  return failedFile(input, new RecordpipeError('io-failure', text, { uri: input.path }));
}
