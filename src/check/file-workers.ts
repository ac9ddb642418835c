// biome-ignore lint/style/useNodejsImportProtocol: webpack recognizes Workers by this name only.
import { Worker } from 'worker_threads';
import { isOutOfMemory, RecordpipeError } from '../errors.ts';
import { WorkerPool } from '../records/workers/worker-pool.ts';
import type { FileTask } from './file-checker.ts';
import {
  type FileChecker,
  type FileProgress,
  type FilesNote,
  type OnFileProgress,
  stoppedEarly,
} from './file-checker.ts';
import type { FileInput } from './file-input.ts';
import type { FileReport } from './file-report.ts';
import type { CheckedRange, CheckOrder } from './ranges/range-order.ts';

/** What a worker checks: a file, several files or a range. */
export type FileJob = FileInput | readonly FileInput[] | CheckOrder;

/**
 * Returns a checker that uses worker threads. If a thread dies, its checks reject, which says
 * nothing about the validity of the data.
 * @param here checks the files instead if no thread can start
 * @param start starts a worker; only tests replace it
 */
export function workerChecker(
  task: FileTask,
  size: number,
  here: FileChecker,
  start: () => Worker = () =>
    new Worker(new URL('./recordpipe-file-worker.js', import.meta.url), { workerData: task }),
): FileChecker {
  const pool = new WorkerPool<FileJob>({
    size,
    start,
    here: (job, onNote) => {
      if ('plan' in job) return here.checkRange(job, onNote);
      return 'path' in job ? here.check(job, onNote) : checkedHere(here, job, onNote);
    },
    died,
    closed: stoppedEarly,
  });
  const run = (job: FileInput | CheckOrder, onProgress: OnFileProgress): Promise<unknown> =>
    pool.run(job, (note) => onProgress(note as FileProgress));
  return {
    check: (input, onProgress) => run(input, onProgress) as Promise<FileReport>,
    checkAll: async (inputs, { onProgress, onReport }) => {
      const onNote = (note: unknown): void => {
        const { progress, index } = note as FilesNote;
        onProgress(progress, index);
      };
      const reports = (await pool.run(inputs, onNote)) as FileReport[];
      reports.forEach(onReport);
    },
    checkRange: (order, onProgress) => run(order, onProgress) as Promise<CheckedRange>,
    close: async () => {
      await Promise.all([pool.close(), here.close()]);
    },
  };
}

async function checkedHere(
  here: FileChecker,
  inputs: readonly FileInput[],
  onNote: (note: FilesNote) => void,
): Promise<FileReport[]> {
  const reports: FileReport[] = [];
  await here.checkAll(inputs, {
    onProgress: (progress, index) => onNote({ progress, index }),
    onReport: (report) => reports.push(report),
  });
  return reports;
}

const NEXT = 'use fewer jobs, or allow the process more memory';

/**
 * Converts the reason for a worker's death to an error. An error that the worker did not catch is a
 * bug in recordpipe and is returned unchanged.
 */
function died(reason: unknown): Error {
  if (isOutOfMemory(reason))
    return new RecordpipeError('io-failure', `a worker thread ran out of memory; ${NEXT}`, {}, reason);
  if (reason instanceof Error) return reason;
  return new RecordpipeError('io-failure', `a worker thread died with exit code ${reason}; ${NEXT}`);
}
