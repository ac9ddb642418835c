/** Runs on a worker thread: checks the files it is sent, one at a time. Started by {@link FileLane}. */
import { parentPort, workerData } from 'node:worker_threads';
import { checkFile } from './check-file.ts';
import type { FileTask } from './file-task.ts';
import type { FileReport } from './validate-report.ts';

/** What a worker says: how far it is in its file, and in the end its report. */
export type WorkerMessage = { readonly bytes: number } | { readonly report: FileReport };

/** Progress is for people: ten times a second is enough. */
const PROGRESS_MS = 100;

const port = parentPort;
if (port === null) throw new Error('file-worker: not on a worker thread');
const send = (message: WorkerMessage): void => port.postMessage(message);

port.on('message', async (path: string) => {
  let last = performance.now();
  const onProgress = (bytes: number): void => {
    const now = performance.now();
    if (now - last < PROGRESS_MS) return;
    last = now;
    send({ bytes });
  };
  send({ report: await checkFile(path, workerData as FileTask, { onProgress }) });
});
