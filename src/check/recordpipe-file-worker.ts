/**
 * Entry point of the worker threads that `workerChecker` starts. Checks the files that it receives.
 * The file name contains the package name because bundled code resolves it in the folder of the
 * bundle, next to workers of other packages.
 */
import { workerData } from 'node:worker_threads';
import { serveJobs } from '../records/workers/serve-jobs.ts';
import { isRemote } from '../storage/registry.ts';
import { checkFile, checkFiles } from './check-file.ts';
import type { FileProgress, FilesNote, FileTask, Watch } from './file-checker.ts';
import type { FileReport } from './file-report.ts';
import type { FileJob } from './file-workers.ts';
import type { CheckedRange } from './ranges/range-order.ts';
import { watching } from './share-files.ts';

/** Interval between progress messages, in milliseconds. */
const PROGRESS_MS = 100;

/** The ranges of local files that this worker has received, one after another. */
let ranges: Promise<unknown> = Promise.resolve();

serveJobs(async (content, note) => {
  let last = performance.now();
  const watchWith = (send: (progress: FileProgress) => void): Watch =>
    watching((progress) => {
      const now = performance.now();
      if (progress.finding === undefined && now - last < PROGRESS_MS) return;
      last = now;
      send(progress);
    });
  const job = content as FileJob;
  const task = workerData as FileTask;
  if ('path' in job) return { value: await checkFile(job, task, watchWith(note)) };
  if ('plan' in job) {
    const { checkRange } = await import('./ranges/check-range.ts');
    const check = (): Promise<CheckedRange> => checkRange(job, task, watchWith(note));
    // While the bytes of one range of an object arrive, another one is checked.
    if (isRemote(job.input.path)) return { value: await check() };
    const checked = ranges.then(check);
    ranges = checked.catch(() => {});
    return { value: await checked };
  }
  const reports: FileReport[] = [];
  const watchOf = (index: number): Watch =>
    watchWith((progress) => note({ progress, index } satisfies FilesNote));
  await checkFiles(job, task, watchOf, (report) => reports.push(report));
  return { value: reports };
});
