import type { OnBatch } from '../records/scan-source.ts';
import { type FileInput, uriOf } from './file-input.ts';
import type { FileReport } from './file-report.ts';
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
}

/** The report of a file whose record contents were examined. */
export interface LookedReport extends FileReport {
  /**
   * Statistics of the file. Those of the records of several small files are in the report of the
   * last one.
   */
  readonly stats?: DatasetStats;
}

/** What was found in the records of a part of a file. */
export interface LookedRecords {
  readonly schema?: SchemaFindings | undefined;
  /** Statistics of the records. */
  readonly stats?: DatasetStats | undefined;
}

/** Examines the record contents of one file. */
export interface Inside {
  readonly onBatch: OnBatch;
  /** Adds the results to the report of the file. */
  report(file: FileReport, maxErrors: number): LookedReport;
  /** Returns what was found, without a report of the file. */
  found(): LookedRecords;
}

export function lookInside(look: Look, input: FileInput): Inside {
  const looking = new Looking(look);
  const inside = looking.begin(input);
  return { ...inside, report: (file, maxErrors) => looking.finish(inside.report(file, maxErrors)) };
}

/**
 * Examines the record contents of several files, one after another. Their statistics are counted
 * together, because merging the statistics of a small file takes longer than counting its records.
 */
export class Looking {
  readonly #schema: RecordSchema | undefined;
  readonly #counter: DatasetCounter | undefined;
  /** Whether records of a file have been counted that has no report yet. */
  counting = false;

  constructor({ schema, stats }: Look) {
    this.#schema = schema;
    this.#counter = stats && new DatasetCounter(stats);
  }

  /** Starts the next file. Its report has no statistics. */
  begin(input: FileInput): Inside {
    const counter = this.#counter;
    const checker = this.#schema && new SchemaChecker(this.#schema);
    counter?.begin(uriOf(input));
    return {
      onBatch: (batch, format) => {
        this.counting = true;
        checker?.add(batch, format);
        counter?.add(batch, format);
      },
      report: (file, maxErrors) => {
        this.counting = false;
        return checker === undefined
          ? file
          : withViolations(file, checker.findings(), this.#schema!, maxErrors);
      },
      found: () => ({ schema: checker?.findings(), stats: counter?.stats() }),
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
  { schema, stats }: LookedRecords,
  look: Look,
  maxErrors: number,
): LookedReport {
  const report = schema === undefined ? file : withViolations(file, schema, look.schema!, maxErrors);
  return stats === undefined ? report : { ...report, stats: mergeStats(statsOfFile(report), stats) };
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
