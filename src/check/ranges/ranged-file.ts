import type { RecordpipeError } from '../../errors.ts';
import type { FileChecker, FileTask } from '../file-checker.ts';
import { type FileInput, storedBytes } from '../file-input.ts';
import { examinedFile, type FileReport } from '../file-report.ts';
import { type LookedReport, statsOfFile } from '../look-inside.ts';
import { mergeStats, StatsMerger } from '../stats/dataset-stats.ts';
import type { RangeOrder, RangePlan } from './range-order.ts';
import { type CheckRange, type ProvenRange, RangePass } from './range-pass.ts';

/** Callbacks of a file that is checked in ranges. */
export interface RangedWatch {
  /** Called with the number of bytes checked so far. */
  onProgress(bytes: number): void;
  /** Called with each listed finding, in file order. */
  onFinding(error: RecordpipeError): void;
}

/**
 * A large file, whose ranges are checked by several threads. Its report equals that of `checkFile`.
 */
export class RangedFile {
  readonly input: FileInput;
  readonly #plan: RangePlan;
  readonly #task: FileTask;
  readonly #watch: RangedWatch;
  readonly #start: number = performance.now();
  /**
   * Finds the numbers of the first records of all ranges, which statistics contain. Undefined if
   * they are not needed: findings are numbered later.
   */
  readonly #numbering: RangePass | undefined;
  readonly #numbered: ProvenRange[] = [];
  #checking: RangePass | undefined;
  readonly #found = { records: 0, errors: [] as RecordpipeError[], errorCount: 0, warnings: 0 };
  readonly #stats = new StatsMerger();
  /** Number of bytes read so far of each range in progress. */
  readonly #running = new Map<RangeOrder, number>();
  #doneBytes = 0;
  #reported = false;

  constructor(input: FileInput, plan: RangePlan, task: FileTask, watch: RangedWatch) {
    this.input = input;
    this.#plan = plan;
    this.#task = task;
    this.#watch = watch;
    const cuts = Array.from({ length: Math.ceil(plan.size / plan.rangeBytes) }, (_, cut) => cut);
    const orders = (work: RangeOrder['work']): RangeOrder[] =>
      cuts.map((cut) => ({ input, plan, from: cut, until: cut + 1, work }));
    if (task.look === undefined) this.#checking = new RangePass(orders('check'), (range) => this.#add(range));
    else this.#numbering = new RangePass(orders('number'), (range) => this.#numbered.push(range));
  }

  /**
   * Checks ranges until none is left, together with the other threads that call this method. One of
   * the calls returns the report, or null if the caller must check the file from beginning to end.
   * @throws RecordpipeError `aborted`
   */
  async help(checker: FileChecker): Promise<FileReport | null | undefined> {
    const check: CheckRange = async (order) => {
      const result = await checker.checkRange(order, ({ bytes }) => this.#progress(order, bytes));
      this.#progress(order, 0);
      return result;
    };
    await this.#numbering?.help(check);
    if (this.#numbering?.failure === undefined) {
      this.#checking ??= new RangePass(
        this.#numbered.map(({ first, until }) => this.#order(first, until)),
        (range) => this.#add(range),
      );
      await this.#checking.help(check);
    }
    if (this.#reported) return undefined;
    this.#reported = true;
    return this.#report();
  }

  #order(from: RangeOrder['from'], until: number): RangeOrder {
    return { input: this.input, plan: this.#plan, from, until, work: 'check' };
  }

  #progress(order: RangeOrder, bytes: number): void {
    if (order.work !== 'check') return;
    if (bytes === 0) this.#running.delete(order);
    else this.#running.set(order, bytes);
    let sum = this.#doneBytes;
    for (const running of this.#running.values()) sum += running;
    this.#watch.onProgress(Math.min(sum, this.#plan.size));
  }

  #add({ scan, findings, stats, first, end }: ProvenRange): void {
    const found = this.#found;
    for (const error of findings) {
      if (found.errors.length === this.#task.maxErrors) break;
      found.errors.push(error);
      this.#watch.onFinding(error);
    }
    found.records += scan.records;
    found.errorCount += scan.errorCount;
    found.warnings += scan.warnings;
    if (stats !== undefined) this.#stats.add(stats);
    this.#doneBytes += end - first.offset;
  }

  #report(): FileReport | null {
    const { format, size } = this.#plan;
    const failed = this.#numbering?.failure ?? this.#checking?.failure;
    // A file that has changed is read to its new end.
    if (failed !== undefined || storedBytes(this.input) !== size) return null;
    const seconds = Math.round((performance.now() - this.#start) * 1000) / 1e6;
    const examined = { ...this.#found, format, compression: 'none', bytes: size } as const;
    const detected = (this.#task.reading.format ?? 'auto') === 'auto';
    const report = examinedFile(this.input, examined, { seconds, detected });
    if (this.#task.look === undefined) return report;
    const stats = mergeStats(statsOfFile(report), this.#stats.merged());
    const looked: LookedReport = { ...report, stats };
    return looked;
  }
}
