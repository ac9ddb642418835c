import { availableParallelism } from 'node:os';
import { isObjectUri } from '../bytes/object-uri.ts';
import { type FileLane, localLane } from './file-lane.ts';
import type { FileInput, FileTask } from './file-task.ts';

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
  const threads = Math.max(1, Math.min(jobs, inputs.length));
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
  if (remote.length === 0) return { reading: {}, objects: [] };
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
