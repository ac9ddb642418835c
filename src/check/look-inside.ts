import type { OnBatch } from '../records/scan-source.ts';
import { type FileInput, uriOf } from './file-input.ts';
import type { FileReport } from './file-report.ts';
import type { RecordSchema } from './schema/schema.ts';
import { SchemaChecker } from './schema/schema-checker.ts';
import { violationError } from './schema/violations.ts';
import { DatasetCounter, type StatsOptions } from './stats/dataset-counter.ts';
import { compareFindings, type DatasetStats, MAX_FINDINGS, NO_STATS } from './stats/dataset-stats.ts';

/** How to examine record contents. It can be sent to a worker. */
export interface Look {
  readonly schema?: RecordSchema | undefined;
  readonly stats?: StatsOptions | undefined;
}

/** The report of a file whose record contents were examined. */
export interface LookedReport extends FileReport {
  readonly stats?: DatasetStats;
}

/** Examines the record contents of one file. */
export interface Inside {
  readonly onBatch: OnBatch;
  /** Adds the results to the report of the file. */
  report(file: FileReport, maxErrors: number): LookedReport;
}

export function lookInside({ schema, stats }: Look, input: FileInput): Inside {
  const checker = schema && new SchemaChecker(schema);
  const counter = stats && new DatasetCounter(uriOf(input), stats);
  return {
    onBatch: (batch, format) => {
      checker?.add(batch, format);
      counter?.add(batch, format);
    },
    report: (file, maxErrors) => {
      const looked = checker === undefined ? file : withViolations(file, checker, maxErrors);
      return counter === undefined ? looked : { ...looked, stats: statsOfFile(looked, counter) };
    },
  };
}

/** Adds a finding for each violated rule, at the first record that violates it. */
function withViolations(file: FileReport, checker: SchemaChecker, maxErrors: number): FileReport {
  const violations = checker.violations();
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
    schema: { violations, unlisted: checker.unlisted() },
  };
}

/**
 * Returns the statistics of a file. Without a counter, they are limited to what its report implies.
 */
export function statsOfFile(report: FileReport, counter?: DatasetCounter): DatasetStats {
  const { uri, format, compression, records, bytes, errors, errorCount, unreadable } = report;
  const file = { uri, format, compression, records, bytes, findings: errorCount, unreadable };
  const findings = errors
    .slice(0, MAX_FINDINGS)
    .map(({ code, record, offset, message }) => ({ uri, code, record, offset, message }));
  findings.sort(compareFindings);
  if (counter !== undefined) return counter.stats(file, findings);
  return { ...NO_STATS, files: [file], findings: { count: errorCount, first: findings } };
}
