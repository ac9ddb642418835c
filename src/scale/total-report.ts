import type { CheckedFile, FileReport, FileSchemaReport } from '../check/file-report.ts';
import { schemaOf, type TypeConflict } from '../check/schema/infer-schema.ts';
import type { RecordSchema } from '../check/schema/schema.ts';
import { type DatasetStats, type FileStats, mergeStats, NO_STATS } from '../check/stats/dataset-stats.ts';
import { type CheckedReport, validateReport, withSchemaTotals } from '../check/validate-report.ts';
import { RecordpipeError } from '../errors.ts';
import { compareFiles } from './plan.ts';
import { shardList } from './shard.ts';
import {
  type DoneFile,
  type DoneFiles,
  missingShards,
  type PlanSummary,
  type ShardCommand,
  type ShardReport,
  type ShardResults,
  type ShardSettings,
} from './shard-report.ts';

/** Returns the report of a file without the fields that vary between runs. */
export function checkedFile({ seconds: _, ...file }: FileReport): CheckedFile {
  return file;
}

/** Merged results of all shards, by command. */
export interface TotalResults {
  /** Report of all files. */
  readonly validate: CheckedReport;
  /** Statistics of all files. */
  readonly stats: DatasetStats;
  /** The inferred schema, features with several types, and the statistics. */
  readonly schema: {
    /** The inferred schema. */
    readonly schema: RecordSchema;
    /** Features with several types. */
    readonly conflicts: readonly TypeConflict[];
    /** Statistics of all files. */
    readonly stats: DatasetStats;
  };
  /** Indexes that were written. */
  readonly index: DoneFiles;
  /** Files that were written. */
  readonly convert: DoneFiles;
}

/** Merged report of all shards. It is byte-for-byte identical to the report of a single run. */
export interface TotalReport<C extends ShardCommand = ShardCommand> {
  /** Identifies the kind of document. */
  readonly recordpipe: 'total-report';
  /** Version of this layout. */
  readonly version: 1;
  /** The command. */
  readonly command: C;
  /** The plan. */
  readonly plan: PlanSummary;
  /** Options that affect the results. */
  readonly settings: ShardSettings;
  /** Whether every file is ok. */
  readonly ok: boolean;
  /** Results of the command, for all files. */
  readonly result: TotalResults[C];
}

/**
 * Builds the total report from a merged report of all shards. The result is byte-for-byte identical
 * to the report of a single run.
 *
 * @throws RecordpipeError `missing-shards`, with the missing shard numbers
 * @throws UsageError for a schema if no record is an Example
 * @example see `mergeReports`
 */
export function totalReport<C extends ShardCommand>(report: ShardReport<C>): TotalReport<C> {
  const results = report.parts.map(({ result }) => result);
  return totalOf(report, missingShards(report), results);
}

/** Like {@link totalReport}, but accepts the results of the shards in any order. */
export function totalOf<C extends ShardCommand>(
  { command, plan, shards, settings }: Pick<ShardReport<C>, 'command' | 'plan' | 'shards' | 'settings'>,
  missing: readonly number[],
  results: readonly ShardResults[C][],
): TotalReport<C> {
  checkComplete(shards, missing);
  const { ok, result } = TOTALS[command](results as never, settings) as {
    ok: boolean;
    result: TotalResults[C];
  };
  return { recordpipe: 'total-report', version: 1, command, plan, settings, ok, result };
}

interface Total<C extends ShardCommand> {
  readonly ok: boolean;
  readonly result: TotalResults[C];
}

const TOTALS: {
  readonly [C in ShardCommand]: (results: readonly ShardResults[C][], settings: ShardSettings) => Total<C>;
} = {
  validate: (results, { maxErrors, schema }) => {
    const result = totalValidation(
      results.flatMap(({ files }) => files),
      typeof maxErrors === 'number' ? maxErrors : Number.POSITIVE_INFINITY,
      schema !== undefined,
    );
    return { ok: result.ok, result };
  },
  stats: (results) => {
    const result = totalStats(results);
    return { ok: result.findings.count === 0, result };
  },
  schema: (results, { loose }) => {
    const stats = totalStats(results);
    const found = schemaOf(stats, { loose: loose === true });
    return { ok: stats.findings.count === 0, result: { ...found, stats } };
  },
  index: totalDone,
  convert: totalDone,
};

/**
 * Merges statistics pairwise in rounds, because merging a thousand of them one by one would sort
 * them a thousand times.
 */
function totalStats(results: readonly DatasetStats[]): DatasetStats {
  let level = results.length === 0 ? [NO_STATS] : results;
  do {
    const next: DatasetStats[] = [];
    for (let i = 0; i < level.length; i += 2) next.push(mergeStats(level[i], level[i + 1] ?? NO_STATS));
    level = next;
  } while (level.length > 1);
  return withFilesOnce(level[0]);
}

function totalDone(results: readonly { readonly files: readonly DoneFile[] }[]): {
  ok: boolean;
  result: { files: DoneFile[] };
} {
  const files = results.flatMap((one) => one.files).sort(compareFiles);
  return { ok: files.every(({ error }) => error === undefined), result: { files } };
}

/**
 * Throws an error if shards are missing.
 * @throws RecordpipeError `missing-shards`, with the missing shard numbers in the syntax of engines
 */
function checkComplete(shards: number, missing: readonly number[]): void {
  if (missing.length === 0) return;
  const text = `${missing.length} of ${shards} shards have no report; rerun them: ${shardList(missing)}`;
  throw new RecordpipeError('missing-shards', text);
}

/** Builds the report of all files from the reports of their parts. */
function totalValidation(
  files: readonly CheckedFile[],
  maxErrors: number,
  withSchema: boolean,
): CheckedReport {
  const sorted = [...files].sort(compareFiles);
  const once: CheckedFile[] = [];
  for (const file of sorted) {
    const last = once[once.length - 1];
    if (file.range !== undefined && last?.uri === file.uri)
      once[once.length - 1] = joined(last, file, maxErrors);
    else once.push(file);
  }
  const report = validateReport(once.map(whole), 0);
  return withSchema ? withSchemaTotals(report) : report;
}

/** Returns the report of a file without the range that remains after joining its parts. */
function whole({ range: _, ...file }: CheckedFile): CheckedFile {
  return file;
}

/** Joins the reports of two consecutive parts of a file. */
function joined(a: CheckedFile, b: CheckedFile, maxErrors: number): CheckedFile {
  const schema = a.schema && b.schema && joinedSchemas(a.schema, b.schema);
  const codes = new Set(a.warnings.map(({ code }) => code));
  const { stoppedAt = b.stoppedAt } = a;
  return {
    uri: a.uri,
    format: a.format ?? b.format,
    compression: a.compression ?? b.compression,
    ok: a.ok && b.ok,
    records: a.records + b.records,
    bytes: a.bytes + b.bytes,
    errors: [...a.errors, ...b.errors].slice(0, maxErrors),
    errorCount: a.errorCount + b.errorCount,
    unreadable: a.unreadable || b.unreadable,
    warnings: [...a.warnings, ...b.warnings.filter(({ code }) => !codes.has(code))],
    ...(stoppedAt !== undefined && { stoppedAt }),
    ...(a.range && { range: a.range }),
    ...(schema && { schema }),
  };
}

function joinedSchemas(a: FileSchemaReport, b: FileSchemaReport): FileSchemaReport {
  const key = (one: { readonly feature: string | null; readonly isList: boolean }, more: string): string =>
    JSON.stringify([one.feature, one.isList, more]);
  const violations = new Map(a.violations.map((one) => [key(one, one.rule), one]));
  for (const one of b.violations) {
    const known = violations.get(key(one, one.rule));
    violations.set(key(one, one.rule), known ? { ...known, count: known.count + one.count } : one);
  }
  const unlisted = new Map([...a.unlisted, ...b.unlisted].map((one) => [key(one, one.type), one]));
  return { violations: [...violations.values()], unlisted: [...unlisted.values()] };
}

/** Returns statistics with one entry per file, even if its parts were checked separately. */
function withFilesOnce(stats: DatasetStats): DatasetStats {
  const files: FileStats[] = [];
  for (const file of stats.files) {
    const last = files[files.length - 1];
    if (last?.uri === file.uri) files[files.length - 1] = joinedStats(last, file);
    else files.push(file);
  }
  return files.length === stats.files.length ? stats : { ...stats, files };
}

function joinedStats(a: FileStats, b: FileStats): FileStats {
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
