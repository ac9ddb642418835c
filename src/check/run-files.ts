import { availableParallelism } from 'node:os';
import { checkAborted, onAbort } from '../bytes/abortable.ts';
import { isRecordpipeError } from '../errors.ts';
import { isRemote } from '../storage/registry.ts';
import type { FileLane } from './file-lanes.ts';
import { type Queue, shareOut } from './file-lanes.ts';
import { type FileInput, type FileTask, storedBytes } from './file-task.ts';
import type { FilesOptions } from './report-options.ts';
import type { FileReport, Finding } from './validate-report.ts';

/** Below this many bytes in all, checking of fast and slow (compressed) data takes about as long as starting threads (40 ms). */
const WORTH_A_WORKER_BYTES = 64 * 1024 * 1024;

/** Objects: each worker loads a client of the service, which takes 200 ms. */
const WORTH_A_CLIENT_BYTES = 256 * 1024 * 1024;
/** More threads bring nothing for objects: each takes in about 1 GB/s. */
const MAX_CLIENTS = 4;

/** How many files are handled at once, and when to stop. */
export interface RunOptions extends Pick<FilesOptions, 'jobs' | 'onProgress' | 'signal'> {
  readonly failFast: boolean;
  /** Called with the report of each file as soon as the file is done. */
  readonly onFile?: ((report: FileReport) => void) | undefined;
  /** Called with each report in the order of `inputs`, as soon as the files before it are done. */
  readonly onFileInOrder?: ((report: FileReport) => void) | undefined;
  /** Called with each finding that is kept, as soon as it is found. */
  readonly onFinding?: ((finding: Finding & { readonly uri: string }) => void) | undefined;
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
  onAbort(options.signal, run.stop);
  try {
    await Promise.all(works.map(({ lane, queues }) => run.drain(lane, queues)));
  } finally {
    options.signal?.removeEventListener('abort', run.stop);
    await close();
  }
  checkAborted(options.signal);
  return run.finish();
}

function uriOf({ path }: FileInput): string {
  return path === '-' ? '<stdin>' : path;
}

class Run {
  stop: () => void = () => {};
  readonly #inputs: readonly FileInput[];
  readonly #options: RunOptions;
  readonly #sizes: readonly number[];
  /** Files whose size is not known yet. */
  readonly #unsized = new Set<number>();
  /** Bytes of all files whose size is known. */
  #totalBytes = 0;
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
    for (const size of this.#sizes) this.#totalBytes += size;
    for (const [i, { path, size }] of inputs.entries())
      if (path === '-' || (size === undefined && isRemote(path))) this.#unsized.add(i);
    this.#reports = inputs.map(() => undefined);
  }

  usefulJobs(): number {
    const remote = this.#inputs.filter(({ path }) => isRemote(path)).length;
    const least = remote > 0 ? WORTH_A_CLIENT_BYTES : WORTH_A_WORKER_BYTES;
    const worth = this.#sizes.length > 1 && (this.#unsized.size > 0 || this.#totalBytes >= least);
    if (!worth) return 1;
    const cores = availableParallelism();
    return remote === this.#inputs.length ? Math.min(cores, MAX_CLIENTS) : cores;
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
      if (report !== undefined) this.#options.onFileInOrder?.(report);
    return reports;
  }

  get #ended(): boolean {
    return this.#stopped || this.#options.signal?.aborted === true;
  }

  async #runOne(lane: FileLane, index: number): Promise<void> {
    try {
      const report = await lane.run(this.#inputs[index], ({ bytes, retries, size, finding }) => {
        this.#running.set(index, bytes);
        if (retries > 0) this.#retries.set(index, retries);
        if (size !== undefined) this.#sized(index, size);
        if (finding !== undefined) this.#options.onFinding?.({ ...finding, uri: uriOf(this.#inputs[index]) });
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
    this.#sized(index, report.bytes);
    this.#running.delete(index);
    this.#doneBytes += report.bytes;
    this.#done++;
    if (!report.ok) this.#bad++;
    this.#options.onFile?.(report);
    for (let next = this.#reports[this.#told]; next !== undefined; next = this.#reports[++this.#told]) {
      this.#options.onFileInOrder?.(next);
    }
    this.#tell();
    if (!report.ok && this.#options.failFast) {
      this.#stopped = true;
      this.stop();
    }
  }

  #sized(index: number, bytes: number): void {
    if (this.#unsized.delete(index)) this.#totalBytes += bytes;
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
      totalBytes: this.#unsized.size === 0 ? this.#totalBytes : undefined,
      ...(retries > 0 && { retries }),
    });
  }
}
