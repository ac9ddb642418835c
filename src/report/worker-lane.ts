import { Worker } from 'node:worker_threads';
import { RecordpipeError } from '../errors.ts';
import { failedFile } from './check-file.ts';
import { type FileLane, stoppedEarly } from './file-lane.ts';
import type { FileTask } from './file-task.ts';
import type { WorkerMessage } from './file-worker.ts';
import type { FileReport } from './validate-report.ts';

/**
 * Checks files on a worker thread of its own, which starts with the first file and is replaced when it dies: then its file is reported as
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
  readonly path: string;
  readonly onBytes: (bytes: number) => void;
  readonly resolve: (report: FileReport) => void;
  readonly reject: (error: unknown) => void;
}

class WorkerLane implements FileLane {
  readonly #task: FileTask;
  readonly #url: URL;
  #worker: Worker | undefined;
  #pending: Pending | undefined;
  #closed = false;

  constructor(task: FileTask, url: URL) {
    this.#task = task;
    this.#url = url;
  }

  run(path: string, onBytes: (bytes: number) => void): Promise<FileReport> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(stoppedEarly());
      this.#pending = { path, onBytes, resolve, reject };
      this.#worker ??= this.#start();
      this.#worker.postMessage(path);
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
      if ('bytes' in message) this.#pending?.onBytes(message.bytes);
      else this.#settle()?.resolve(message.report);
    });
    worker.on('error', (error: Error) => {
      reason = error.message;
    });
    worker.on('exit', () => {
      this.#worker = undefined;
      const pending = this.#settle();
      if (this.#closed) pending?.reject(stoppedEarly());
      else pending?.resolve(diedReport(pending.path, reason));
    });
    return worker;
  }

  #settle(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }
}

function diedReport(path: string, reason: string): FileReport {
  const text = `the worker thread that checked this file died: ${reason}; try again with fewer jobs`;
  return failedFile(path, new RecordpipeError('io-failure', text, { uri: path }));
}
