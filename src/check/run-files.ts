import { availableParallelism } from 'node:os';
import { checkAborted, onAbort } from '../bytes/abortable.ts';
import { trace } from '../bytes/trace.ts';
import { isRecordpipeError, type RecordpipeError } from '../errors.ts';
import { MAX_SMALL_BYTES } from '../storage/local/small-file.ts';
import { isRemote } from '../storage/registry.ts';
import type { FileProgress, FileTask, OnFileProgress } from './file-checker.ts';
import { type FileInput, storedBytes, uriOf } from './file-input.ts';
import { type FileReport, type Finding, judgeFile, type Requirements } from './file-report.ts';
import type { FilesOptions } from './files-options.ts';
import type { RangedFile } from './ranges/ranged-file.ts';
import { type Queue, shareFiles, type Work } from './share-files.ts';
import { withSizes } from './size-objects.ts';

/**
 * Minimum total size for using worker threads. For less data, checking takes about as long as
 * starting threads (40 ms), even if the data is compressed and slow to read.
 */
const MIN_WORKER_BYTES = 64 * 1024 * 1024;
/**
 * Minimum total size of objects for using worker threads. Each worker loads an S3 client, which
 * takes 200 ms: with 512 MiB, two threads take longer than one, over HTTP and over HTTPS.
 */
const MIN_CLIENT_BYTES = 1024 * 1024 * 1024;
/**
 * Maximum number of threads for objects. More threads do not increase throughput; each receives
 * about 1 GB/s.
 */
const MAX_CLIENTS = 4;

/**
 * Maximum number of small files to check at a time. A message to a worker takes as long as checking
 * a small file.
 */
const MAX_BATCH = 64;

/** Options and callbacks of a run over many files. */
export interface RunOptions extends Pick<FilesOptions, 'jobs' | 'onProgress' | 'signal'> {
  /** Called with the report of each file as soon as the file is done. */
  readonly onFile?: ((report: FileReport) => void) | undefined;
  /** Called with each report in input order, as soon as all earlier files are done. */
  readonly onFileInOrder?: ((report: FileReport) => void) | undefined;
  /** Called with each listed finding as soon as it occurs. */
  readonly onFinding?: ((finding: Finding & { readonly uri: string }) => void) | undefined;
  /** Requirements beyond valid data. Default: none. */
  readonly requirements?: Requirements;
}

/**
 * Runs a task over all files, several of them in parallel.
 * @returns reports in input order; with `failFast`, reports may be missing
 * @throws RecordpipeError `aborted`
 */
export async function runFiles(
  given: readonly FileInput[],
  task: FileTask,
  options: RunOptions,
): Promise<FileReport[]> {
  const { signal } = options;
  checkAborted(signal);
  const inputs = options.jobs === 1 ? given : await withSizes(given, task.reading.objects, signal);
  const run = new Run(inputs, task.failFast ?? false, options);
  const jobs = options.jobs ?? run.usefulJobs();
  const ranged = await run.divide(task, jobs);
  trace('threads', () => threadsText(inputs, jobs, ranged.size));
  const works = await shareFiles(inputs, task, jobs, ranged);
  const checkers = new Set(works.map(({ checker }) => checker));
  const close = (): Promise<unknown> => Promise.all([...checkers].map((checker) => checker.close()));
  run.stop = () => void close();
  onAbort(signal, run.stop);
  try {
    await Promise.all(works.map((work) => run.drain(work, ranged)));
  } finally {
    signal?.removeEventListener('abort', run.stop);
    await close();
  }
  checkAborted(signal);
  return run.finish();
}

function threadsText(inputs: readonly FileInput[], jobs: number, ranged: number): string {
  const bytes = inputs.reduce((sum, input) => sum + storedBytes(input), 0);
  const parts = ranged === 0 ? '' : `; divided large files: ${ranged}`;
  return `files: ${inputs.length}, bytes: ${bytes}, jobs: ${jobs}, cores: ${availableParallelism()}${parts}`;
}

/** Traces the result of one file. */
function traceFile({ uri, format, compression, records, bytes, seconds, errorCount }: FileReport): void {
  trace('file', () => {
    const kind = `${format ?? 'unknown format'}, compression ${compression ?? 'unknown'}`;
    return `${uri}: ${kind}, records: ${records}, bytes: ${bytes}, findings: ${errorCount}, ${Math.round(seconds * 1000)} ms`;
  });
}

/** Tracks the progress and reports of one run. */
class Run {
  /** Aborts running checks. */
  stop: () => void = () => {};
  readonly #inputs: readonly FileInput[];
  readonly #failFast: boolean;
  readonly #options: RunOptions;
  readonly #sizes: readonly number[];
  /** Indexes of the files whose size is unknown. */
  readonly #unsized = new Set<number>();
  /** Total size of the files whose size is known. */
  #totalBytes = 0;
  readonly #reports: (FileReport | undefined)[];
  /** Number of reports passed to `onFileInOrder`. */
  #reported = 0;
  /** Number of bytes read from each file in progress. */
  readonly #running = new Map<number, number>();
  /** Number of retried requests of each file that has any. */
  readonly #retries = new Map<number, number>();
  #doneBytes = 0;
  #done = 0;
  #bad = 0;
  #stopped = false;

  constructor(inputs: readonly FileInput[], failFast: boolean, options: RunOptions) {
    this.#inputs = inputs;
    this.#failFast = failFast;
    this.#options = options;
    this.#sizes = inputs.map(storedBytes);
    for (const size of this.#sizes) this.#totalBytes += size;
    for (const [i, { path, size }] of inputs.entries())
      if (path === '-' || (size === undefined && isRemote(path))) this.#unsized.add(i);
    this.#reports = inputs.map(() => undefined);
  }

  usefulJobs(): number {
    const remote = this.#inputs.filter(({ path }) => isRemote(path)).length;
    const minBytes = remote > 0 ? MIN_CLIENT_BYTES : MIN_WORKER_BYTES;
    const several = this.#sizes.length > 1;
    const worth = this.#totalBytes >= minBytes || (several && this.#unsized.size > 0);
    if (!worth) return 1;
    const cores = availableParallelism();
    return remote === this.#inputs.length ? Math.min(cores, MAX_CLIENTS) : cores;
  }

  /** Returns the files whose ranges several threads check, by their indexes. */
  async divide(task: FileTask, jobs: number): Promise<ReadonlyMap<number, RangedFile>> {
    // Imported lazily to reduce startup time.
    if (jobs === 1) return new Map();
    const { planRanges } = await import('./ranges/plan-ranges.ts');
    const plans = await planRanges(this.#inputs, task, jobs, this.#options.signal);
    if (plans.size === 0) return new Map();
    const { RangedFile } = await import('./ranges/ranged-file.ts');
    return new Map(
      [...plans].map(([index, plan]) => {
        const watch = this.#watching(index);
        const onFinding = (error: RecordpipeError, progress: FileProgress): void =>
          watch({ ...progress, finding: error.toJSON() });
        return [index, new RangedFile(this.#inputs[index], plan, task, { onProgress: watch, onFinding })];
      }),
    );
  }

  /** Checks ranges of large files until none is left, and then files until all queues are empty. */
  async drain({ checker, ranges, queues }: Work, ranged: ReadonlyMap<number, RangedFile>): Promise<void> {
    for (const [index, file] of ranges > 0 ? ranged : []) {
      if (this.#ended) return;
      const report = await this.#unlessEnded(file.help(checker, ranges));
      if (report === null)
        await this.#check(
          checker,
          index,
          file.findings.map((one) => one.toJSON()),
        );
      else if (report !== undefined) this.#take(index, report);
    }
    for (const queue of queues) {
      const { files, parallel } = queue;
      const lane = async (): Promise<void> => {
        while (queue.next < files.length && !this.#ended) {
          const small = this.#takeSmall(queue);
          if (small.length > 1) await this.#checkAll(checker, small);
          else await this.#check(checker, small[0] ?? files[queue.next++]);
        }
      };
      await Promise.all(Array.from({ length: Math.min(parallel, files.length - queue.next) }, lane));
    }
  }

  finish(): FileReport[] {
    const isReport = (report: FileReport | undefined): report is FileReport => report !== undefined;
    for (const report of this.#reports.slice(this.#reported).filter(isReport))
      this.#options.onFileInOrder?.(report);
    return this.#reports.filter(isReport);
  }

  get #ended(): boolean {
    return this.#stopped || this.#options.signal?.aborted === true;
  }

  /** Takes the next files from a queue as long as they are small. */
  #takeSmall(queue: Queue): number[] {
    const { files, next } = queue;
    const end = Math.min(files.length, next + MAX_BATCH);
    while (queue.next < end && this.#isSmall(files[queue.next])) queue.next++;
    return files.slice(next, queue.next);
  }

  #isSmall(index: number): boolean {
    const { path, range } = this.#inputs[index];
    const size = this.#sizes[index];
    return size > 0 && size <= MAX_SMALL_BYTES && range === undefined && !isRemote(path);
  }

  /** @param known findings that have been passed on, which the check finds again */
  async #check(checker: Work['checker'], index: number, known: readonly Finding[] = []): Promise<void> {
    const report = await this.#unlessEnded(checker.check(this.#input(index), this.#watching(index, known)));
    if (report !== undefined) this.#take(index, report);
  }

  /** Checks small files, one after another. */
  async #checkAll(checker: Work['checker'], indexes: readonly number[]): Promise<void> {
    const inputs = indexes.map((index) => this.#input(index));
    const watches = indexes.map((index) => this.#watching(index));
    await this.#unlessEnded(
      checker.checkAll(inputs, {
        onProgress: (progress, at) => watches[at](progress),
        onReport: (report, at) => this.#take(indexes[at], report),
      }),
    );
  }

  #input(index: number): FileInput {
    return { ...this.#inputs[index], stored: this.#sizes[index] };
  }

  /**
   * Returns the callback that receives the progress of a file.
   * @param known findings that have been passed on
   */
  #watching(index: number, known: readonly Finding[] = []): OnFileProgress {
    const passed = new Set(known.map(placeOf));
    return ({ bytes, retries, size, finding }) => {
      // After the first invalid file, the others have no report.
      if (this.#stopped) return;
      this.#running.set(index, bytes);
      if (retries > 0) this.#retries.set(index, retries);
      if (size !== undefined) this.#sized(index, size);
      if (finding !== undefined && !passed.delete(placeOf(finding)))
        this.#options.onFinding?.({ ...finding, uri: uriOf(this.#inputs[index]) });
      this.#reportProgress();
    };
  }

  /** Returns the result of a check, or undefined if the run ended before it. */
  async #unlessEnded<T>(check: Promise<T>): Promise<T | undefined> {
    try {
      return await check;
    } catch (error) {
      if (!this.#ended || !isRecordpipeError(error, 'aborted')) throw error;
      return undefined;
    }
  }

  #take(index: number, found: FileReport): void {
    // The reports of a batch arrive together, and their findings have been passed on.
    if (this.#options.signal?.aborted) return;
    const { requirements, onFile, onFileInOrder } = this.#options;
    const report = requirements === undefined ? found : judgeFile(found, this.#inputs[index], requirements);
    this.#reports[index] = report;
    traceFile(report);
    this.#sized(index, report.bytes);
    this.#running.delete(index);
    this.#doneBytes += report.bytes;
    this.#done++;
    if (!report.ok) this.#bad++;
    onFile?.(report);
    for (let next = this.#reports[this.#reported]; next !== undefined; next = this.#reports[++this.#reported])
      onFileInOrder?.(next);
    this.#reportProgress();
    if (!report.ok && this.#failFast && !this.#stopped) {
      this.#stopped = true;
      this.stop();
    }
  }

  #sized(index: number, bytes: number): void {
    if (this.#unsized.delete(index)) this.#totalBytes += bytes;
  }

  #reportProgress(): void {
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

/** Returns what identifies a finding in its file. */
function placeOf({ code, record, offset }: Finding): string {
  return `${code} ${record} ${offset}`;
}
