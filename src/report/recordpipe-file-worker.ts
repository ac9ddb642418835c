/**
 * Runs on a worker thread: checks the files it receives. Started by `workerLane`. The name of this file is recordpipe's
 * own, because a bundle looks for it beside itself, where other programs keep their workers.
 */
import { workerData } from 'node:worker_threads';
import { serveJobs } from '../files/thread-jobs.ts';
import { checkFile } from './check-file.ts';
import { watching } from './file-lane.ts';
import type { FileInput, FileTask } from './file-task.ts';

/** Progress of a file, before its report. */
export interface FileNote {
  readonly bytes: number;
  readonly retries: number;
}

/** Progress is for people: ten times a second is enough. */
const PROGRESS_MS = 100;

serveJobs(async (input, note) => {
  let last = performance.now();
  const watch = watching((bytes, retries) => {
    const now = performance.now();
    if (now - last < PROGRESS_MS) return;
    last = now;
    note({ bytes, retries } satisfies FileNote);
  });
  return { value: await checkFile(input as FileInput, workerData as FileTask, watch) };
});
