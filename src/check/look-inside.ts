import { isItemFailure, type RecordpipeError } from '../errors.ts';
import type { RecordBatch } from '../formats/batch.ts';
import type { FilterCounts } from '../messages/filter/filter-report.ts';
import type { RecordFilter } from '../messages/filter/record-filter.ts';
import type { OnBatch } from '../records/scan-source.ts';
import { type FileInput, uriOf } from './file-input.ts';
import type { Examined, FileReport } from './file-report.ts';
import type { RecordSchema } from './schema/schema.ts';
import { SchemaChecker } from './schema/schema-checker.ts';
import { type SchemaFindings, unlistedFeatures } from './schema/schema-findings.ts';
import { violationError } from './schema/violations.ts';
import { DatasetCounter, type StatsOptions } from './stats/dataset-counter.ts';
import {
  compareFindings,
  type DatasetStats,
  MAX_FINDINGS,
  mergeStats,
  NO_STATS,
} from './stats/dataset-stats.ts';

/** How to examine record contents. It can be sent to a worker. */
export interface Look {
  readonly schema?: RecordSchema | undefined;
  readonly stats?: StatsOptions | undefined;
  /** Expression that selects the records of the statistics: see `compileFilter`. */
  readonly where?: string | undefined;
}

/** The report of a file whose record contents were examined. */
export interface LookedReport extends FileReport {
  /**
   * Statistics of the file. If several small files are checked together, the report of the last
   * one contains the statistics of all their records.
   */
  readonly stats?: DatasetStats;
  /** Numbers of records that the filter tested and accepted. Omitted without a filter. */
  readonly where?: FilterCounts;
}

/** What was found in the records of a part of a file. */
export interface LookedRecords {
  readonly schema?: SchemaFindings | undefined;
  /** Statistics of the records. */
  readonly stats?: DatasetStats | undefined;
  readonly where?: FilterCounts | undefined;
}

/** Records that a filter could not test. */
export interface FilterFailures {
  /** The first errors, in file order. */
  readonly errors: readonly RecordpipeError[];
  readonly count: number;
}

/** Examines the record contents of one file. */
export interface Inside {
  readonly onBatch: OnBatch;
  readonly failures: FilterFailures;
  /** Adds the results to the report of the file. */
  report(file: FileReport): LookedReport;
  /** Returns what was found, without a report of the file. */
  found(): LookedRecords;
}

export async function lookInside(look: Look, input: FileInput, maxErrors: number): Promise<Inside> {
  const looking = await Looking.open(look, maxErrors);
  const inside = looking.begin(input);
  return { ...inside, report: (file) => looking.finish(inside.report(file)) };
}

/**
 * Examines the record contents of several files, one after another. Their statistics are counted
 * together, because merging the statistics of a small file takes longer than counting its records.
 */
export class Looking {
  readonly #schema: RecordSchema | undefined;
  readonly #counter: DatasetCounter | undefined;
  readonly #filter: RecordFilter | undefined;
  readonly #maxErrors: number;
  /** Whether records of a file that has no report yet have been counted. */
  counting = false;

  private constructor({ schema, stats }: Look, filter: RecordFilter | undefined, maxErrors: number) {
    this.#schema = schema;
    this.#counter = stats && new DatasetCounter(stats);
    this.#filter = filter;
    this.#maxErrors = maxErrors;
  }

  /** @param maxErrors maximum number of listed findings per file */
  static async open(look: Look, maxErrors: number): Promise<Looking> {
    if (look.where === undefined) return new Looking(look, undefined, maxErrors);
    const { compileFilter } = await import('../messages/filter/index.ts');
    return new Looking(look, await compileFilter(look.where), maxErrors);
  }

  /** Starts the next file. Its report has no statistics. */
  begin(input: FileInput): Inside {
    const counter = this.#counter;
    const filter = this.#filter;
    const maxErrors = this.#maxErrors;
    const checker = this.#schema && new SchemaChecker(this.#schema);
    counter?.begin(uriOf(input));
    filter?.reset();
    const failures = { errors: [] as RecordpipeError[], count: 0 };
    const passes = (batch: RecordBatch, i: number): boolean => {
      try {
        return filter!.matchesIn(batch, i, { uri: uriOf(input) });
      } catch (error) {
        if (!isItemFailure(error)) throw error;
        if (failures.count++ < maxErrors) failures.errors.push(error);
        return false;
      }
    };
    return {
      failures,
      onBatch: (batch, format) => {
        this.counting = true;
        checker?.add(batch, format);
        if (filter === undefined) counter?.add(batch, format);
        else
          for (let i = 0; i < batch.length; i++) if (passes(batch, i)) counter?.addRecord(batch, i, format);
      },
      report: (file) => {
        this.counting = false;
        const checked =
          checker === undefined ? file : withViolations(file, checker.findings(), this.#schema!, maxErrors);
        return filter === undefined ? checked : { ...checked, where: filter.counts };
      },
      found: () => ({ schema: checker?.findings(), stats: counter?.stats(), where: filter?.counts }),
    };
  }

  /** Adds the statistics of the records of all files to the report of the last one. */
  finish(report: LookedReport): LookedReport {
    const counter = this.#counter;
    if (counter === undefined) return report;
    return { ...report, stats: mergeStats(report.stats ?? statsOfFile(report), counter.stats()) };
  }
}

/** Adds what was found in the records of a file to its report. */
export function lookedReport(
  file: FileReport,
  { schema, stats, where }: LookedRecords,
  look: Look,
  maxErrors: number,
): LookedReport {
  const checked = schema === undefined ? file : withViolations(file, schema, look.schema!, maxErrors);
  const report = where === undefined ? checked : { ...checked, where };
  return stats === undefined ? report : { ...report, stats: mergeStats(statsOfFile(report), stats) };
}

/** Adds the records that a filter could not test to the findings of a scan. */
export function withFailures<T extends Pick<Examined, 'errors' | 'errorCount'>>(
  found: T,
  { errors, count }: FilterFailures,
  maxErrors: number,
): T {
  if (count === 0) return found;
  const all = [...found.errors, ...errors].sort((a, b) => (a.offset ?? -1) - (b.offset ?? -1));
  return { ...found, errors: all.slice(0, maxErrors), errorCount: found.errorCount + count };
}

/** Adds a finding for each violated rule, at the first record that violates it. */
function withViolations(
  file: FileReport,
  findings: SchemaFindings,
  schema: RecordSchema,
  maxErrors: number,
): FileReport {
  const { violations } = findings;
  const compressed = file.compression !== 'none';
  const errors = [
    ...file.errors,
    ...violations.map((one) => violationError(one, file.uri, compressed).toJSON()),
  ];
  const errorCount = file.errorCount + violations.length;
  return {
    ...file,
    ok: errorCount === 0,
    errors: errors.sort((a, b) => (a.offset ?? -1) - (b.offset ?? -1)).slice(0, maxErrors),
    errorCount,
    schema: { violations, unlisted: unlistedFeatures(schema, findings) },
  };
}

/** Returns the statistics of a file that its report implies: everything except its records. */
export function statsOfFile(report: FileReport): DatasetStats {
  const { uri, format, compression, records, bytes, errors, errorCount, unreadable } = report;
  const file = { uri, format, compression, records, bytes, findings: errorCount, unreadable };
  const findings = errors
    .slice(0, MAX_FINDINGS)
    .map(({ code, record, offset, message }) => ({ uri, code, record, offset, message }));
  findings.sort(compareFindings);
  return { ...NO_STATS, files: [file], findings: { count: errorCount, first: findings } };
}
