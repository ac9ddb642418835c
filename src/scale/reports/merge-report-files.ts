import { setMaxListeners } from 'node:events';
import type { Reaching } from '../../check/expand-inputs.ts';
import { type DatasetStats, type FileStats, mergeStats } from '../../check/stats/dataset-stats.ts';
import { UsageError } from '../../errors.ts';
import { checkSame, mergeReports, missingShards } from './merge-reports.ts';
import { readReport } from './report-files.ts';
import type { ShardReport, ShardResults } from './shard-report.ts';
import { type TotalReport, totalOf } from './total-report.ts';

/** The statistics with one entry for each file, also where parts of it were looked at one by one. */
export function withFilesOnce(stats: DatasetStats): DatasetStats {
  const files: FileStats[] = [];
  for (const file of stats.files) {
    const last = files[files.length - 1];
    if (last?.uri === file.uri) files[files.length - 1] = together(last, file);
    else files.push(file);
  }
  return files.length === stats.files.length ? stats : { ...stats, files };
}

function together(a: FileStats, b: FileStats): FileStats {
  return {
    uri: a.uri,
    format: a.format ?? b.format,
    compression: a.compression ?? b.compression,
    records: a.records + b.records,
    bytes: a.bytes + b.bytes,
    findings: a.findings + b.findings,
    unreadable: a.unreadable || b.unreadable,
  };
}

/** What the reports of files say together. */
export interface MergedReportFiles extends Pick<ShardReport, 'command' | 'plan' | 'shards' | 'settings'> {
  /** Shards that none of them is about. */
  readonly missing: readonly number[];
  /** @throws RecordpipeError `missing-shards` */
  total(): TotalReport;
}

/** Files read at once. */
const READ_AT_ONCE = 8;

/**
 * Reads reports and makes of them what `totalReport(mergeReports(…))` would, without holding all of them: each is given up when it has been added.
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
  // One of its own: so many wait for it at once that the host would take it for a leak.
  const signal = given && AbortSignal.any([given]);
  if (signal !== undefined) setMaxListeners(0, signal);
  const reading = (file: string): Promise<ShardReport> => readReport(file, { objects, signal });
  const adding = new Adding(reading);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < files.length; i = next++) await adding.add(await reading(files[i]), files[i]);
  };
  await Promise.all(Array.from({ length: READ_AT_ONCE }, work));
  return adding.merged();
}

class Adding {
  readonly #read: (file: string) => Promise<ShardReport>;
  /** Of the first report, without what it found. */
  #head: ShardReport | undefined;
  /** The file that each shard is in. */
  readonly #from = new Map<number, string>();
  readonly #results: ShardResults[keyof ShardResults][] = [];
  /** How many shards each of the results is of. */
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
    // Rare: read once more, to be compared.
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

  /** Statistics are merged as they come, those of equally many shards with each other. */
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
