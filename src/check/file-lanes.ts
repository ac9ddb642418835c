import { availableParallelism } from 'node:os';
import { EventLoopTurns } from '../bytes/event-loop-turns.ts';
import { isObjectUri } from '../bytes/object-uri.ts';
import { RecordpipeError } from '../errors.ts';
import { checkFile } from './check-file.ts';
import type { FileInput, FileTask, Watch } from './file-task.ts';
import type { FileReport, Finding } from './validate-report.ts';

/** The state of a file that is being checked. */
export interface FileProgress {
  /** Stored bytes read. */
  readonly bytes: number;
  /** Requests that were repeated. */
  readonly retries: number;
  /** Stored size, once it is known; missing for files whose size needs no reading. */
  readonly size?: number;
  /** A finding, as soon as it is found. */
  readonly finding?: Finding;
}

/** Called periodically while a file is checked, and for each finding. */
export type OnFileProgress = (progress: FileProgress) => void;

/** Checks files: local ones one at a time, of objects several. */
export interface FileLane {
  run(input: FileInput, onProgress: OnFileProgress): Promise<FileReport>;
  /** Ends what is running, whose `run` then rejects, and frees all. */
  close(): Promise<void>;
}

/** What a `run` that was ended by `close` rejects with. */
export function stoppedEarly(): RecordpipeError {
  return new RecordpipeError('aborted', 'stopped before the end of the file');
}

/** Checks files on this thread. */
export function localLane(task: FileTask): FileLane {
  const stop = new AbortController();
  const turns = new EventLoopTurns();
  return {
    run: async (input, onProgress) => {
      // Small files are read without waiting.
      if (turns.due()) await turns.take();
      return checkFile(input, task, { signal: stop.signal, ...watching(onProgress) });
    },
    close: async () => {
      stop.abort(stoppedEarly());
      if (task.requests !== undefined) (await import('./count-quickly.ts')).shareRequests(undefined);
    },
  };
}

/** The callbacks of `checkFile` that report to `onProgress`. */
export function watching(
  onProgress: OnFileProgress,
): Pick<Watch, 'onProgress' | 'onRetry' | 'onSize' | 'onFinding'> {
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

/** A lane and the queues that it works off, one after the other; of each queue several files at once where it says so. */
export interface Work {
  readonly lane: FileLane;
  readonly queues: readonly Queue[];
}

/** Numbers of files that several lanes take from. */
export interface Queue {
  readonly files: readonly number[];
  /** Which of them is the next: shared by all lanes. Taking them off the array would copy it each time. */
  next: number;
  /** Files of it that one lane has under way at once. */
  readonly atOnce: number;
}

/**
 * One job runs on this thread, more on worker threads. This thread takes part where it may block, which saves starting one worker; standard
 * input belongs to it in any case. Of objects each thread has several under way.
 */
export async function shareOut(inputs: readonly FileInput[], task: FileTask, jobs: number): Promise<Work[]> {
  const where = (wanted: (path: string) => boolean): number[] =>
    inputs.flatMap(({ path }, index) => (wanted(path) ? [index] : []));
  const remote = where(isObjectUri);
  // A function cannot be handed to another thread.
  const bound = typeof task.reading.objects?.credentials === 'function';
  const threads = bound && remote.length > 0 ? 1 : Math.max(1, Math.min(jobs, inputs.length));
  const { reading, objects } = await withObjects(remote, inputs, task, threads);
  if (threads === 1) {
    const all = where((path) => !isObjectUri(path));
    const lane = localLane({ ...task, ...reading, alone: availableParallelism() > 1 });
    return [{ lane, queues: [{ files: all, next: 0, atOnce: 1 }, ...objects] }];
  }
  const here = { files: where((path) => path === '-'), next: 0, atOnce: 1 };
  const queue = { files: where((path) => path !== '-' && !isObjectUri(path)), next: 0, atOnce: 1 };
  const takesPart = task.blocking || here.files.length > 0;
  const { workerLane } = await import('./worker-lane.ts');
  const local = localLane({ ...task, ...reading });
  const workers = Array.from({ length: takesPart ? threads - 1 : threads }, () => ({
    lane: workerLane({ ...task, ...reading, blocking: true }, local),
    queues: [queue, ...objects],
  }));
  if (!takesPart) return workers;
  const queues = task.blocking ? [here, queue, ...objects] : [here];
  return [...workers, { lane: local, queues }];
}

/** The queue of objects, if there are any, and what of the task is different for them. */
async function withObjects(
  remote: number[],
  inputs: readonly FileInput[],
  task: FileTask,
  threads: number,
): Promise<{ reading: Partial<FileTask>; objects: Queue[] }> {
  if (remote.length === 0)
    return { reading: { reading: { ...task.reading, objects: undefined } }, objects: [] };
  // Imported when wanted: start-up time counts.
  const { shareOfObjects } = await import('./remote-lanes.ts');
  const given = task.reading.objects;
  const share = shareOfObjects(
    remote.map((index) => inputs[index]),
    threads,
    given,
  );
  const atOnce = Math.max(1, Math.ceil(share.lanes / threads));
  return {
    reading: { reading: { ...task.reading, objects: share.objects }, requests: share.requests },
    objects: [{ files: remote, next: 0, atOnce }],
  };
}
