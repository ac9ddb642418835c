import { availableParallelism } from 'node:os';
import { checkAborted } from '../bytes/abortable.ts';
import { isRecordpipeError } from '../errors.ts';
import { type FileLane, localLane } from './file-lane.ts';
import { type FileTask, storedBytes } from './file-task.ts';
import type { FilesOptions } from './report-options.ts';
import type { FileReport } from './validate-report.ts';

/** Below this many bytes in all, checking of fast and slow (compressed) data takes about as long as starting threads (40 ms). */
const WORTH_A_WORKER_BYTES = 64 * 1024 * 1024;

/** How many files are handled at once, and when to stop. */
export interface RunOptions extends Pick<FilesOptions, 'jobs' | 'onProgress' | 'signal'> {
  readonly failFast: boolean;
  /** Told of each file in the order of `paths`, as soon as those before it are done. */
  readonly onFile: ((report: FileReport) => void) | undefined;
}

/**
 * Runs the task over all files, several at once.
 * @returns reports in the order of `paths`, holes left out (only `failFast` leaves any)
 * @throws RecordpipeError `aborted`
 */
export async function runFiles(
  paths: readonly string[],
  task: FileTask,
  options: RunOptions,
): Promise<FileReport[]> {
  checkAborted(options.signal);
  const run = new Run(paths, options);
  const works = await share(paths, task, Math.min(options.jobs ?? run.usefulJobs(), paths.length));
  const close = (): Promise<unknown> => Promise.all(works.map(({ lane }) => lane.close()));
  run.stop = () => void close();
  options.signal?.addEventListener('abort', run.stop);
  try {
    await Promise.all(works.map(({ lane, queues }) => run.drain(lane, queues)));
  } finally {
    options.signal?.removeEventListener('abort', run.stop);
    await close();
  }
  checkAborted(options.signal);
  return run.finish();
}

/** A lane and the queues that it works off, one after the other. */
interface Work {
  readonly lane: FileLane;
  readonly queues: readonly number[][];
}

/**
 * One job runs on this thread, more on worker threads. This thread takes part where it may block, which saves starting one worker; standard
 * input belongs to it in any case.
 */
async function share(paths: readonly string[], task: FileTask, jobs: number): Promise<Work[]> {
  const all = paths.map((_, index) => index);
  if (jobs <= 1) return [{ lane: localLane({ ...task, alone: availableParallelism() > 1 }), queues: [all] }];
  const here = all.filter((index) => paths[index] === '-');
  const queue = all.filter((index) => paths[index] !== '-');
  const takesPart = task.blocking || here.length > 0;
  const { workerLane } = await import('./worker-lane.ts');
  const workers = Array.from({ length: Math.min(takesPart ? jobs - 1 : jobs, queue.length) }, () => ({
    lane: workerLane({ ...task, blocking: true }),
    queues: [queue],
  }));
  if (!takesPart) return workers;
  return [...workers, { lane: localLane(task), queues: task.blocking ? [here, queue] : [here] }];
}

class Run {
  stop: () => void = () => {};
  readonly #paths: readonly string[];
  readonly #options: RunOptions;
  readonly #sizes: readonly number[];
  readonly #totalBytes: number | undefined;
  readonly #reports: (FileReport | undefined)[];
  /** Bytes read of each file that is being read. */
  readonly #running = new Map<number, number>();
  #doneBytes = 0;
  #done = 0;
  #bad = 0;
  #told = 0;
  #stopped = false;

  constructor(paths: readonly string[], options: RunOptions) {
    this.#paths = paths;
    this.#options = options;
    const needed = options.onProgress !== undefined || options.jobs === undefined;
    this.#sizes = needed ? paths.map(storedBytes) : [];
    this.#totalBytes = paths.includes('-') ? undefined : this.#sizes.reduce((sum, size) => sum + size, 0);
    this.#reports = paths.map(() => undefined);
  }

  usefulJobs(): number {
    const worth =
      this.#sizes.length > 1 && (this.#totalBytes ?? Number.POSITIVE_INFINITY) >= WORTH_A_WORKER_BYTES;
    return worth ? availableParallelism() : 1;
  }

  /** Takes files off the queues until they are empty. */
  async drain(lane: FileLane, queues: readonly number[][]): Promise<void> {
    for (const queue of queues) {
      for (let index = queue.shift(); index !== undefined && !this.#ended; index = queue.shift())
        await this.#runOne(lane, index);
    }
  }

  finish(): FileReport[] {
    const reports = this.#reports.filter((report) => report !== undefined);
    for (const report of this.#reports.slice(this.#told))
      if (report !== undefined) this.#options.onFile?.(report);
    return reports;
  }

  get #ended(): boolean {
    return this.#stopped || this.#options.signal?.aborted === true;
  }

  async #runOne(lane: FileLane, index: number): Promise<void> {
    try {
      const report = await lane.run(this.#paths[index], (bytes) => {
        this.#running.set(index, bytes);
        this.#tell();
      });
      this.#take(index, report);
    } catch (error) {
      if (!this.#ended || !isRecordpipeError(error, 'aborted')) throw error;
    }
  }

  #take(index: number, report: FileReport): void {
    if (this.#ended) return;
    this.#reports[index] = report;
    this.#running.delete(index);
    this.#doneBytes += report.bytes;
    this.#done++;
    if (!report.ok) this.#bad++;
    for (let next = this.#reports[this.#told]; next !== undefined; next = this.#reports[++this.#told]) {
      this.#options.onFile?.(next);
    }
    this.#tell();
    if (!report.ok && this.#options.failFast) {
      this.#stopped = true;
      this.stop();
    }
  }

  #tell(): void {
    const { onProgress } = this.#options;
    if (onProgress === undefined) return;
    let bytes = this.#doneBytes;
    for (const running of this.#running.values()) bytes += running;
    onProgress({
      files: this.#paths.length,
      filesDone: this.#done,
      bad: this.#bad,
      bytes,
      totalBytes: this.#totalBytes,
    });
  }
}
