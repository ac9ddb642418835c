import { RecordpipeError, sentenceOf } from '../../errors.ts';
import { type FilterCounts, mergeFilterCounts } from '../../messages/filter/filter-report.ts';
import { type ProvenPlace, RangePass } from '../../records/workers/range-pass.ts';
import { unpackError } from '../../records/workers/serve-jobs.ts';
import type { FileChecker, FileProgress, FileTask } from '../file-checker.ts';
import { changedSincePlan, type FileInput, storedBytes } from '../file-input.ts';
import { examinedFile, type FileReport, failedFile } from '../file-report.ts';
import { lookedReport } from '../look-inside.ts';
import { SchemaMerger } from '../schema/schema-findings.ts';
import { StatsMerger } from '../stats/dataset-stats.ts';
import { renumberedStats } from '../stats/renumber-stats.ts';
import type { FilePlan } from './plan-ranges.ts';
import type { CheckedRange, CheckOrder } from './range-order.ts';

/** Callbacks of a file that is checked in ranges. */
export interface RangedWatch {
  onProgress(progress: FileProgress): void;
  /** Called with each listed finding, in file order. */
  onFinding(error: RecordpipeError, progress: FileProgress): void;
}

/**
 * A large file, whose ranges are checked by several threads. Its report equals that of `checkFile`.
 */
export class RangedFile {
  readonly input: FileInput;
  readonly #plan: FilePlan;
  readonly #task: FileTask;
  readonly #watch: RangedWatch;
  readonly #start: number = performance.now();
  readonly #pass: RangePass<CheckOrder, CheckedRange>;
  readonly #found = { records: 0, errors: [] as RecordpipeError[], errorCount: 0, warnings: 0 };
  #stoppedAt: number | undefined;
  readonly #stats = new StatsMerger();
  readonly #schema = new SchemaMerger();
  #where: FilterCounts | undefined;
  /** Whether the results of the ranges cannot be merged. */
  #separate = false;
  /** Number of bytes read so far of each range in progress. */
  readonly #running = new Map<CheckOrder, number>();
  #doneBytes = 0;
  /**
   * Last progress. It never decreases, although ranges are checked in any order, and some twice.
   */
  #progressBytes = 0;
  /** Number of retried requests of each range that has any. */
  readonly #retries = new Map<CheckOrder, number>();
  #reported = false;

  constructor(input: FileInput, plan: FilePlan, task: FileTask, watch: RangedWatch) {
    this.input = input;
    this.#plan = plan;
    this.#task = task;
    this.#watch = watch;
    const { format, ranges, remote } = plan;
    const orders = Array.from({ length: Math.ceil(ranges.size / ranges.rangeBytes) }, (_, cut) => ({
      input,
      format,
      plan: ranges,
      objects: remote?.objects,
      from: cut,
      until: cut + 1,
    }));
    this.#pass = new RangePass(orders, this.#add);
  }

  /** The listed findings so far. */
  get findings(): readonly RecordpipeError[] {
    return this.#found.errors;
  }

  /**
   * Checks ranges until none is left, together with the other threads that call this method. One of
   * the calls returns the report, or null if the caller must check the file from beginning to end.
   * @param ahead number of ranges that the checker receives at once, if the file is local
   * @throws RecordpipeError `aborted`; the error of a thread that died
   */
  async help(checker: FileChecker, ahead: number): Promise<FileReport | null | undefined> {
    const parallel = this.#plan.remote?.ahead ?? ahead;
    const check = async (order: CheckOrder): Promise<CheckedRange> => {
      const result = await checker.checkRange(order, ({ bytes, retries }) => {
        if (retries > 0) this.#retries.set(order, retries);
        this.#progressed(order, bytes);
      });
      this.#progressed(order, 0);
      return result;
    };
    await Promise.all(Array.from({ length: parallel }, () => this.#pass.help(check)));
    if (this.#reported) return undefined;
    this.#reported = true;
    return this.#report();
  }

  #progressed(order: CheckOrder, bytes: number): void {
    // Other threads may still check ranges that are not needed.
    if (this.#reported) return;
    if (bytes === 0) this.#running.delete(order);
    else this.#running.set(order, bytes);
    let sum = this.#doneBytes;
    for (const running of this.#running.values()) sum += running;
    this.#progressBytes = Math.max(this.#progressBytes, Math.min(sum, this.#plan.ranges.size));
    this.#watch.onProgress(this.#progress());
  }

  #progress(): FileProgress {
    let retries = 0;
    for (const more of this.#retries.values()) retries += more;
    return { bytes: this.#progressBytes, retries };
  }

  readonly #add = ({ scan, looked, end }: CheckedRange, { first, before }: ProvenPlace): void => {
    const found = this.#found;
    for (const packed of scan.errors) {
      if (found.errors.length === this.#task.maxErrors) break;
      const error = moved(unpackError(packed) as RecordpipeError, before);
      found.errors.push(error);
      this.#watch.onFinding(error, this.#progress());
    }
    found.records += scan.records;
    found.errorCount += scan.errorCount;
    found.warnings += scan.warnings;
    this.#stoppedAt = scan.stoppedAt;
    const { schema, stats, where } = looked ?? {};
    if (where !== undefined) this.#where = this.#where ? mergeFilterCounts(this.#where, where) : where;
    if (stats !== undefined) this.#stats.add(renumberedStats(stats, before));
    if (schema !== undefined && !this.#schema.add(schema, before)) {
      this.#separate = true;
      this.#pass.end();
    }
    this.#doneBytes += end - first.offset;
  };

  #report(): FileReport | null {
    const {
      format,
      ranges: { size },
    } = this.#plan;
    const { failure } = this.#pass;
    if (this.#separate || (failure !== undefined && this.#plan.remote === undefined)) return null;
    const seconds = Math.round((performance.now() - this.#start) * 1000) / 1e6;
    if (failure !== undefined) return this.#failed(failure, seconds);
    // A file that has changed is read to its new end.
    if (storedBytes(this.input) !== size) return null;
    const stop = this.#stoppedAt === undefined ? {} : { stoppedAt: this.#stoppedAt };
    const examined = { ...this.#found, ...stop, format, compression: 'none', bytes: size } as const;
    const detected = (this.#task.reading.format ?? 'auto') === 'auto';
    const report = examinedFile(this.input, examined, { seconds, detected });
    const { look, maxErrors } = this.#task;
    if (look === undefined) return report;
    const looked = {
      schema: look.schema && this.#schema.merged(),
      stats: look.stats && this.#stats.merged(),
      where: this.#where,
    };
    return lookedReport(report, looked, look, maxErrors);
  }

  /** Returns the report of an object that cannot be read. Another attempt would not, either. */
  #failed(failure: RecordpipeError, seconds: number): FileReport {
    const { input } = this;
    const { format = 'auto', compression = 'auto' } = this.#task.reading;
    const changed = input.frozen && failure.code === 'object-changed';
    const error = changed
      ? changedSincePlan('object-changed', input.path, 'the object was overwritten')
      : unnumbered(failure);
    return failedFile(input, error, {
      seconds,
      format: format === 'auto' ? undefined : format,
      compression: compression === 'auto' ? undefined : compression,
    });
  }
}

/**
 * Returns an error without its record number, which is that in the range, and unknown for the file.
 */
function unnumbered(error: RecordpipeError): RecordpipeError {
  const { code, uri, offset } = error;
  return new RecordpipeError(code, sentenceOf(error), { uri, offset });
}

/** Adds `before` to the record number of a finding. */
function moved(error: RecordpipeError, before: number): RecordpipeError {
  const { code, uri, record, offset, compressed } = error;
  const number = record === undefined ? undefined : record + before;
  return new RecordpipeError(code, sentenceOf(error), { uri, record: number, offset, compressed });
}
