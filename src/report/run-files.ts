import { availableParallelism } from 'node:os';
import { checkAborted } from '../bytes/abortable.ts';
import { isObjectUri } from '../bytes/object-uri.ts';
import { isRecordpipeError } from '../errors.ts';
import type { FileLane } from './file-lane.ts';
import { type FileInput, type FileTask, storedBytes } from './file-task.ts';
import { type Queue, shareOut } from './file-works.ts';
import type { FilesOptions } from './report-options.ts';
import type { FileReport } from './validate-report.ts';

/** Below this many bytes in all, checking of fast and slow (compressed) data takes about as long as starting threads (40 ms). */
const WORTH_A_WORKER_BYTES = 64 * 1024 * 1024;

/** Objects: each worker loads a client of the service, which takes 200 ms. */
const WORTH_A_CLIENT_BYTES = 256 * 1024 * 1024;
/** More threads bring nothing for objects: each takes in about 1 GB/s. */
const MOST_CLIENTS = 4;

/** How many files are handled at once, and when to stop. */
export interface RunOptions extends Pick<FilesOptions, 'jobs' | 'onProgress' | 'signal'> {
  readonly failFast: boolean;
  /** Told of each file in the order of `inputs`, as soon as those before it are done. */
  readonly onFile: ((report: FileReport) => void) | undefined;
  /** Adds to the report of a file what follows from more than its data. */
  readonly judge?: (report: FileReport, input: FileInput) => FileReport;
}

/**
 * Runs the task over all files, several at once.
 * @returns reports in the order of `inputs`, holes left out (only `failFast` leaves any)
 * @throws RecordpipeError `aborted`
 */
export async function runFiles(
  inputs: readonly FileInput[],
  task: FileTask,
  options: RunOptions,
): Promise<FileReport[]> {
  checkAborted(options.signal);
  const run = new Run(inputs, options);
  const works = await shareOut(inputs, task, options.jobs ?? run.usefulJobs());
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

class Run {
  stop: () => void = () => {};
  readonly #inputs: readonly FileInput[];
  readonly #options: RunOptions;
  readonly #sizes: readonly number[];
  readonly #totalBytes: number | undefined;
  readonly #reports: (FileReport | undefined)[];
  /** Bytes read of each file that is being read. */
  readonly #running = new Map<number, number>();
  /** Further attempts of requests, of each file that needed any. */
  readonly #retries = new Map<number, number>();
  #doneBytes = 0;
  #done = 0;
  #bad = 0;
  #told = 0;
  #stopped = false;

  constructor(inputs: readonly FileInput[], options: RunOptions) {
    this.#inputs = inputs;
    this.#options = options;
    const needed = options.onProgress !== undefined || options.jobs === undefined;
    this.#sizes = needed ? inputs.map(storedBytes) : [];
    const known = inputs.every(
      ({ path, size }) => path !== '-' && (size !== undefined || !isObjectUri(path)),
    );
    this.#totalBytes = known ? this.#sizes.reduce((sum, size) => sum + size, 0) : undefined;
    this.#reports = inputs.map(() => undefined);
  }

  usefulJobs(): number {
    const remote = this.#inputs.filter(({ path }) => isObjectUri(path)).length;
    const least = remote > 0 ? WORTH_A_CLIENT_BYTES : WORTH_A_WORKER_BYTES;
    const worth = this.#sizes.length > 1 && (this.#totalBytes ?? Number.POSITIVE_INFINITY) >= least;
    if (!worth) return 1;
    const cores = availableParallelism();
    return remote === this.#inputs.length ? Math.min(cores, MOST_CLIENTS) : cores;
  }

  /** Takes files off the queues until they are empty. */
  async drain(lane: FileLane, queues: readonly Queue[]): Promise<void> {
    for (const queue of queues) {
      const { files, atOnce } = queue;
      const one = async (): Promise<void> => {
        while (queue.next < files.length && !this.#ended) await this.#runOne(lane, files[queue.next++]);
      };
      await Promise.all(Array.from({ length: Math.min(atOnce, files.length - queue.next) }, one));
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
      const report = await lane.run(this.#inputs[index], (bytes, retries) => {
        this.#running.set(index, bytes);
        if (retries > 0) this.#retries.set(index, retries);
        this.#tell();
      });
      this.#take(index, report);
    } catch (error) {
      if (!this.#ended || !isRecordpipeError(error, 'aborted')) throw error;
    }
  }

  #take(index: number, found: FileReport): void {
    if (this.#ended) return;
    const report = this.#options.judge?.(found, this.#inputs[index]) ?? found;
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
    let retries = 0;
    for (const more of this.#retries.values()) retries += more;
    onProgress({
      files: this.#inputs.length,
      filesDone: this.#done,
      bad: this.#bad,
      bytes,
      totalBytes: this.#totalBytes,
      ...(retries > 0 && { retries }),
    });
  }
}
