import { setMaxListeners } from 'node:events';
import type { Reaching } from '../check/expand-inputs.ts';
import { type DatasetStats, mergeStats } from '../check/stats/dataset-stats.ts';
import { RecordpipeError, UsageError } from '../errors.ts';
import { readReport } from './report-files.ts';
import {
  missingShards,
  type ShardCommand,
  type ShardPart,
  type ShardReport,
  type ShardResults,
} from './shard-report.ts';
import { type TotalReport, totalOf } from './total-report.ts';

/**
 * Merges shard reports. Merging is associative and commutative: its order does not affect the
 * resulting JSON text. A shard that ran twice may occur twice if both of its reports are equal.
 *
 * @param reports one or more
 * @throws UsageError if there are no reports
 * @throws RecordpipeError `report-mismatch` for reports with different plans, commands, numbers of
 *   shards or settings, and for different reports of one shard
 * @example
 * ```ts
 * import { NO_STATS } from 'recordpipe/check';
 * import { mergeReports, missingShards, planShards, shardReport, totalReport } from 'recordpipe/scale';
 * const plan = await planShards([]);
 * const reports = [0, 1, 2].map((shard) => shardReport('stats', plan, { shard, shards: 3 }, NO_STATS));
 * console.log(missingShards(mergeReports([reports[2], reports[0]]))); // [ 1 ]
 * console.log(totalReport(mergeReports(reports)).ok); // true
 * ```
 */
export function mergeReports<C extends ShardCommand>(reports: Iterable<ShardReport<C>>): ShardReport<C> {
  let first: ShardReport<C> | undefined;
  const parts = new Map<number, ShardPart<C>>();
  for (const report of reports) {
    first ??= report;
    checkSame(first, report);
    for (const part of report.parts) {
      const known = parts.get(part.shard);
      if (known !== undefined && JSON.stringify(known) !== JSON.stringify(part))
        throw mismatch(
          `two reports of shard ${part.shard} differ: the data has changed, or different versions of recordpipe wrote them; regenerate the plan and rerun all shards`,
        );
      parts.set(part.shard, part);
    }
  }
  if (first === undefined) throw new UsageError('reports: expected at least one, got none');
  return { ...first, parts: [...parts.values()].sort((a, b) => a.shard - b.shard) };
}

/** Result of merging report files. */
export interface MergedReportFiles extends Pick<ShardReport, 'command' | 'plan' | 'shards' | 'settings'> {
  /** Numbers of the shards without a report. */
  readonly missing: readonly number[];
  /** Returns the total report. @throws RecordpipeError `missing-shards` */
  total(): TotalReport;
}

/** Number of files to read in parallel. */
const PARALLEL_READS = 8;

/**
 * Reads and merges report files. Equivalent to `totalReport(mergeReports(…))`, but does not hold
 * all reports in memory at once.
 *
 * @param files paths and `s3://` addresses, as returned by `findReports`
 * @throws UsageError if there are no files
 * @throws RecordpipeError the same errors as `readReport` and `mergeReports`
 */
export async function mergeReportFiles(
  files: readonly string[],
  { objects, signal: given }: Reaching = {},
): Promise<MergedReportFiles> {
  if (files.length === 0) throw new UsageError('files: expected at least one report, got none');
  // Derive a signal to avoid Node's leak warning about many listeners.
  const signal = given && AbortSignal.any([given]);
  if (signal !== undefined) setMaxListeners(0, signal);
  const reading = (file: string): Promise<ShardReport> => readReport(file, { objects, signal });
  const adding = new Adding(reading);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < files.length; i = next++) await adding.add(await reading(files[i]), files[i]);
  };
  await Promise.all(Array.from({ length: PARALLEL_READS }, work));
  return adding.merged();
}

class Adding {
  readonly #read: (file: string) => Promise<ShardReport>;
  /** The first report, without its results. */
  #head: ShardReport | undefined;
  /** File that contains the report of each shard. */
  readonly #from = new Map<number, string>();
  readonly #results: ShardResults[keyof ShardResults][] = [];
  /** Number of shards merged into each result. */
  readonly #counts: number[] = [];

  constructor(read: (file: string) => Promise<ShardReport>) {
    this.#read = read;
  }

  async add(report: ShardReport, file: string): Promise<void> {
    this.#head ??= { ...report, parts: [] };
    checkSame(this.#head, report);
    const again = new Set<string>();
    for (const { shard, result } of report.parts) {
      const before = this.#from.get(shard);
      if (before !== undefined) {
        again.add(before);
        continue;
      }
      this.#from.set(shard, file);
      this.#take(result);
    }
    // In this rare case, read the earlier report again and compare.
    for (const before of again) mergeReports([await this.#read(before), report]);
  }

  merged(): MergedReportFiles {
    const { command, plan, shards, settings } = this.#head!;
    const parts = [...this.#from.keys()].map((shard) => ({ shard }));
    const missing = missingShards({ shards, parts: parts as never });
    const results = this.#results;
    return {
      command,
      plan,
      shards,
      settings,
      missing,
      total: () => totalOf({ command, plan, shards, settings }, missing, results),
    };
  }

  /**
   * Adds a result. Merges statistics as they arrive, in pairs that cover equal numbers of shards.
   */
  #take(result: ShardResults[keyof ShardResults]): void {
    this.#results.push(result);
    this.#counts.push(1);
    const { command } = this.#head!;
    if (command !== 'stats' && command !== 'schema') return;
    const [results, counts] = [this.#results as DatasetStats[], this.#counts];
    for (let last = counts.length - 1; last > 0 && counts[last] === counts[last - 1]; last--) {
      results.splice(last - 1, 2, mergeStats(results[last - 1], results[last]));
      counts.splice(last - 1, 2, 2 * counts[last]);
    }
  }
}

/**
 * Throws an error unless two reports are of the same run.
 * @throws RecordpipeError `report-mismatch`
 */
function checkSame(a: ShardReport, b: ShardReport): void {
  const differing = ASPECTS.find(([, of]) => of(a) !== of(b));
  if (differing === undefined) return;
  const [what, of] = differing;
  throw mismatch(`the reports have different ${what}: ${of(a)} and ${of(b)}; merge only reports of one run`);
}

const ASPECTS: readonly (readonly [what: string, of: (report: ShardReport) => string])[] = [
  ['commands', ({ command }) => command],
  ['plans', ({ plan }) => plan.hash],
  ['numbers of shards', ({ shards }) => String(shards)],
  ['settings', ({ settings }) => JSON.stringify(settings)],
];

function mismatch(text: string): RecordpipeError {
  return new RecordpipeError('report-mismatch', text);
}
