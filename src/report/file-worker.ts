/** Runs on a worker thread: checks the files it is sent, local ones one at a time. Started by `workerLane`. */
import { parentPort, workerData } from 'node:worker_threads';
import { checkFile } from './check-file.ts';
import { type FileProgress, watching } from './file-lane.ts';
import type { FileInput, FileTask } from './file-task.ts';
import type { FileReport } from './validate-report.ts';

/** A file to check; `id` comes back with all that is said of it. */
export interface WorkerOrder {
  readonly id: number;
  readonly input: FileInput;
}

/** What a worker sends: the progress of a file, and finally its report. */
export type WorkerMessage =
  | { readonly id: number; readonly progress: FileProgress }
  | { readonly id: number; readonly report: FileReport };

/** Progress is for people: ten times a second is enough. */
const PROGRESS_MS = 100;

const port = parentPort;
if (port === null) throw new Error('file-worker: not on a worker thread');
const send = (message: WorkerMessage): void => port.postMessage(message);
const task = workerData as FileTask;

port.on('message', async ({ id, input }: WorkerOrder) => {
  let last = performance.now();
  const watch = watching((progress) => {
    const now = performance.now();
    if (progress.finding === undefined && now - last < PROGRESS_MS) return;
    last = now;
    send({ id, progress });
  });
  send({ id, report: await checkFile(input, task, watch) });
});
