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
 * Merges the reports of shards. Associative and commutative: the order of merging does not change
 * the JSON text. A shard may occur twice, because it ran again, if both reports are equal.
 *
 * @param reports one or more
 * @throws UsageError for none
 * @throws RecordpipeError `report-mismatch` for reports of different plans, commands, numbers of
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
          `two reports of shard ${part.shard} say different things: what it read has changed, or was written by different versions; make a new plan and run all again`,
        );
      parts.set(part.shard, part);
    }
  }
  if (first === undefined) throw new UsageError('reports: expected one or more, got none');
  return { ...first, parts: [...parts.values()].sort((a, b) => a.shard - b.shard) };
}

/** The merged reports of files. */
export interface MergedReportFiles extends Pick<ShardReport, 'command' | 'plan' | 'shards' | 'settings'> {
  /** Shards without a report. */
  readonly missing: readonly number[];
  /** @throws RecordpipeError `missing-shards` */
  total(): TotalReport;
}

/** Files read in parallel. */
const PARALLEL_READS = 8;

/**
 * Reads reports and merges them as `totalReport(mergeReports(…))` would, without holding all of
 * them in memory.
 *
 * @param files paths and `s3://` addresses, as `findReports` finds them
 * @throws UsageError for none
 * @throws RecordpipeError as `readReport` and `mergeReports`
 */
export async function mergeReportFiles(
  files: readonly string[],
  { objects, signal: given }: Reaching = {},
): Promise<MergedReportFiles> {
  if (files.length === 0) throw new UsageError('files: expected one or more reports, got none');
  // A signal of its own: Node warns of a leak when this many listen to one.
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
  /** The file of each shard. */
  readonly #from = new Map<number, string>();
  readonly #results: ShardResults[keyof ShardResults][] = [];
  /** Number of shards in each of the results. */
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
    // Rare: read the earlier report again, to compare.
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

  /** Merges statistics as they arrive, those of equal numbers of shards with each other. */
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

/** @throws RecordpipeError `report-mismatch` for reports of different runs */
function checkSame(a: ShardReport, b: ShardReport): void {
  const differing = ASPECTS.find(([, of]) => of(a) !== of(b));
  if (differing === undefined) return;
  const [what, of] = differing;
  throw mismatch(`the reports are of different ${what}: ${of(a)} and ${of(b)}; merge those of one run alone`);
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
