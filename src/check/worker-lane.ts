// biome-ignore lint/style/useNodejsImportProtocol: webpack knows Workers by this name only.
import { Worker } from 'worker_threads';
import { isOutOfMemory, RecordpipeError } from '../errors.ts';
import { JobThread } from '../records/workers/job-thread.ts';
import { type FileLane, type FileProgress, stoppedEarly } from './file-lanes.ts';
import type { FileTask } from './file-task.ts';
import type { FileReport } from './validate-report.ts';

/**
 * Checks files on a worker thread, which starts with the first file. When the thread dies, `run` rejects: its end says nothing
 * about the data.
 * @param here checks the files instead where no thread can start
 * @param start only tests start another worker
 */
export function workerLane(
  task: FileTask,
  here: FileLane,
  start: () => Worker = () =>
    new Worker(new URL('./recordpipe-file-worker.js', import.meta.url), { workerData: task }),
): FileLane {
  const thread = new JobThread({ start, died, closed: stoppedEarly });
  return {
    run: (input, onProgress) =>
      thread.run({
        content: input,
        here: () => here.run(input, onProgress),
        onNote: (note) => onProgress(note as FileProgress),
      }) as Promise<FileReport>,
    close: async () => {
      await Promise.all([thread.close(), here.close()]);
    },
  };
}

const NEXT = 'use fewer jobs, or give the process more memory';

/** An error that a worker of ours did not catch is a bug in recordpipe, and stays what it is. */
function died(reason: unknown): Error {
  if (isOutOfMemory(reason))
    return new RecordpipeError('io-failure', `a worker thread ran out of memory; ${NEXT}`, {}, reason);
  if (reason instanceof Error) return reason;
  return new RecordpipeError('io-failure', `a worker thread died with exit code ${reason}; ${NEXT}`);
}
