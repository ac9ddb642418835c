/**
 * Runs on a worker thread: checks the files it receives. Started by `workerChecker`. The name of
 * this file is recordpipe's own, because a bundle looks for it in its own folder, where other
 * programs keep their workers.
 */
import { workerData } from 'node:worker_threads';
import { serveJobs } from '../records/workers/serve-jobs.ts';
import { checkFile } from './check-file.ts';
import type { FileInput } from './file-input.ts';
import type { FileTask } from './file-task.ts';
import { watching } from './share-files.ts';

/** Progress is for people: ten times a second is enough. */
const PROGRESS_MS = 100;

serveJobs(async (input, note) => {
  let last = performance.now();
  const watch = watching((progress) => {
    const now = performance.now();
    if (progress.finding === undefined && now - last < PROGRESS_MS) return;
    last = now;
    note(progress);
  });
  return { value: await checkFile(input as FileInput, workerData as FileTask, watch) };
});
