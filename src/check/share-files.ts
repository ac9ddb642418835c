import { availableParallelism } from 'node:os';
import { EventLoopTurns } from '../bytes/event-loop-turns.ts';
import { isRemote } from '../storage/registry.ts';
import { checkFile, checkFiles } from './check-file.ts';
import type { FileTask, Watch } from './file-checker.ts';
import { type FileChecker, type FileProgress, type OnFileProgress, stoppedEarly } from './file-checker.ts';
import type { FileInput } from './file-input.ts';

/**
 * Number of ranges that a worker receives at once. With only one, it would be idle after each range
 * until this thread, which also checks ranges, reads its message.
 */
const WORKER_RANGES = 2;

/** A checker and the queues that it processes one after another. */
export interface Work {
  readonly checker: FileChecker;
  /**
   * Number of ranges of large files that it receives at once, before the queues; 0 if it checks
   * none.
   */
  readonly ranges: number;
  readonly queues: readonly Queue[];
}

/** Indexes of files, shared by all checkers. */
export interface Queue {
  readonly files: readonly number[];
  /** Position of the next file. Advancing it avoids removing elements from the array. */
  next: number;
  /** Number of files that one checker processes concurrently. */
  readonly parallel: number;
}

/**
 * Distributes files over threads. A single job runs on this thread; several jobs run on worker
 * threads. If this thread may block, it runs one of the jobs, so that one worker fewer is started.
 * It always checks standard input itself. At a time, each thread checks one local file, a batch of
 * small ones, or several objects.
 * @param ranged indexes of the files whose ranges all threads check
 */
export async function shareFiles(
  inputs: readonly FileInput[],
  task: FileTask,
  jobs: number,
  ranged: ReadonlyMap<number, unknown>,
): Promise<Work[]> {
  const indexes = (wanted: (path: string) => boolean): number[] =>
    inputs.flatMap(({ path }, index) => (wanted(path) && !ranged.has(index) ? [index] : []));
  const remote = indexes(isRemote);
  // A function cannot be sent to another thread.
  const bound = typeof task.reading.objects?.credentials === 'function';
  const threads =
    bound && remote.length > 0 ? 1 : Math.max(1, ranged.size > 0 ? jobs : Math.min(jobs, inputs.length));
  const { shared, objects } = await withObjects(remote, inputs, task, threads);
  if (threads === 1) {
    const files = indexes((path) => !isRemote(path));
    const checker = localChecker({ ...shared, alone: availableParallelism() > 1 });
    return [{ checker, ranges: 1, queues: [{ files, next: 0, parallel: 1 }, ...objects] }];
  }
  const stdin = { files: indexes((path) => path === '-'), next: 0, parallel: 1 };
  const local = { files: indexes((path) => path !== '-' && !isRemote(path)), next: 0, parallel: 1 };
  const takesPart = task.blocking || stdin.files.length > 0;
  const size = takesPart ? threads - 1 : threads;
  const { workerChecker } = await import('./file-workers.ts');
  const onThisThread = localChecker(shared);
  const onWorkers = workerChecker({ ...shared, blocking: true }, size, onThisThread);
  const works: Work[] = Array.from({ length: size }, () => ({
    checker: onWorkers,
    ranges: WORKER_RANGES,
    queues: [local, ...objects],
  }));
  if (takesPart)
    works.push({
      checker: onThisThread,
      ranges: task.blocking ? 1 : 0,
      queues: task.blocking ? [stdin, local, ...objects] : [stdin],
    });
  return works;
}

/**
 * Returns the queues of objects, if there are any, and the task with their memory and request
 * limits.
 */
async function withObjects(
  remote: readonly number[],
  inputs: readonly FileInput[],
  task: FileTask,
  threads: number,
): Promise<{ shared: FileTask; objects: Queue[] }> {
  const { reading } = task;
  if (remote.length === 0)
    return { shared: { ...task, reading: { ...reading, objects: undefined } }, objects: [] };
  // Imported lazily to reduce startup time.
  const { shareOfObjects } = await import('./share-objects.ts');
  const { queues, objects, requests } = shareOfObjects(inputs, remote, threads, reading.objects);
  return {
    shared: { ...task, reading: { ...reading, objects }, requests },
    objects: queues.map(({ files, parallel }) => ({
      files,
      next: 0,
      parallel: Math.max(1, Math.ceil(parallel / threads)),
    })),
  };
}

/** Returns a checker that runs on this thread. */
function localChecker(task: FileTask): FileChecker {
  const stop = new AbortController();
  const turns = new EventLoopTurns();
  return {
    check: async (input, onProgress) => {
      // Small files are read synchronously, so yield to the event loop periodically.
      if (turns.due()) await turns.take();
      return checkFile(input, task, { signal: stop.signal, ...watching(onProgress) });
    },
    checkAll: (inputs, { onProgress, onReport }) => {
      const watchOf = (index: number): Watch => ({
        signal: stop.signal,
        ...watching((progress) => onProgress(progress, index)),
      });
      return checkFiles(inputs, task, watchOf, onReport, turns);
    },
    checkRange: async (order, onProgress) => {
      const { checkRange } = await import('./ranges/check-range.ts');
      // The other threads wait for this one to read their messages.
      await turns.take();
      return checkRange(order, task, { signal: stop.signal, ...watching(onProgress) });
    },
    close: async () => {
      stop.abort(stoppedEarly());
      if (task.requests !== undefined) (await import('./share-objects.ts')).shareRequests(undefined);
    },
  };
}

/** Returns callbacks for `checkFile` that call `onProgress`. */
export function watching(onProgress: OnFileProgress): Watch {
  let progress: FileProgress = { bytes: 0, retries: 0 };
  const update = (change: Partial<FileProgress>): void => {
    progress = { ...progress, ...change };
    onProgress(progress);
  };
  return {
    onProgress: (bytes) => update({ bytes }),
    onRetry: () => update({ retries: progress.retries + 1 }),
    onSize: (size) => update({ size }),
    onFinding: (error) => onProgress({ ...progress, finding: error.toJSON() }),
  };
}
