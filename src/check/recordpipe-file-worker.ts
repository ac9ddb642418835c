/**
 * Entry point of the worker threads that `workerChecker` starts. Checks the files that it receives.
 * The file name contains the package name because bundled code resolves it in the folder of the
 * bundle, next to workers of other packages.
 */
import { workerData } from 'node:worker_threads';
import { serveJobs } from '../records/workers/serve-jobs.ts';
import { checkFile } from './check-file.ts';
import type { FileTask } from './file-checker.ts';
import type { FileInput } from './file-input.ts';
import type { CheckOrder } from './ranges/range-order.ts';
import { watching } from './share-files.ts';

/** Interval between progress messages, in milliseconds. */
const PROGRESS_MS = 100;

serveJobs(async (content, note) => {
  let last = performance.now();
  const watch = watching((progress) => {
    const now = performance.now();
    if (progress.finding === undefined && now - last < PROGRESS_MS) return;
    last = now;
    note(progress);
  });
  const job = content as FileInput | CheckOrder;
  const task = workerData as FileTask;
  if (!('plan' in job)) return { value: await checkFile(job, task, watch) };
  const { checkRange } = await import('./ranges/check-range.ts');
  return { value: await checkRange(job, task, watch) };
});
