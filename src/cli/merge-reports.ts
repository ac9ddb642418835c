import { type CheckedFile, type CheckedReport, type DatasetStats, statsHtml } from 'recordpipe/check';
import { UsageError } from 'recordpipe/errors';
import { writeWhole } from 'recordpipe/records/write';
import {
  findReports,
  isReport,
  type MergedReportFiles,
  mergeReportFiles,
  mergeReports,
  readReport,
  reportText,
  type ShardReport,
  shardList,
  type TotalReport,
  writeReport,
} from 'recordpipe/scale';
import { INVALID, IO_FAILURE, OK } from './exit-codes.ts';
import { accessOf } from './options/objects.ts';
import type { TransformingOptions } from './options/transform.ts';
import { complain, print, say } from './output.ts';
import { checkReplaceable, refuseReportOn, writeReport as writeDocument } from './output-files.ts';
import { badFileText, totalText, violationsText } from './text/findings.ts';
import { formatNumberOf, visible } from './text/format.ts';
import { schemaText, statsText } from './text/stats.ts';
import { type Painter, painter } from './text/terminal.ts';

/** Options of `recordpipe merge` for shard reports. */
interface Options extends TransformingOptions {
  readonly output?: string;
  readonly html?: string;
  readonly title?: string;
  readonly schema?: string;
  readonly partial?: true;
}

/** Returns the reports among the inputs; undefined if the inputs are other files. */
export async function reportsOf(inputs: readonly string[], options: Options): Promise<string[] | undefined> {
  const access = accessOf(options);
  const files = await findReports(inputs, access).catch((error: unknown) => {
    // A .json output can only be a merged report.
    if (options.output?.endsWith('.json')) throw error;
    return [];
  });
  // One valid report is enough; the other files are then treated as damaged reports rather than
  // text to merge.
  for (const file of files) if (await isReport(file, access).catch(() => false)) return files;
  return undefined;
}

/** Merges shard reports and returns the exit code. */
export async function mergeShards(files: readonly string[], options: Options): Promise<number> {
  const { output, html, schema, partial, json, quiet, force } = options;
  const access = accessOf(options);
  for (const [option, path] of Object.entries({ '--output': output, '--html': html, '--schema': schema }))
    if (path !== undefined && path !== '-') await refuseReportOn(files, path, option);
  if (partial) {
    if (output === undefined) throw new UsageError('--partial: requires --output');
    const reports: ShardReport[] = [];
    for (const file of files) reports.push(await readReport(file, access));
    const report = mergeReports(reports);
    if (output === '-') await print(reportText(report));
    else await write(report, output, options);
    return OK;
  }
  const merged = await mergeReportFiles(files, access);
  if (merged.missing.length > 0) return printMissing(merged, options);
  const total = merged.total();
  if (html === '-' && (json || output === '-'))
    throw new UsageError('--html: - cannot be combined with another option that writes to standard output');
  // Check all outputs before writing any.
  if (html !== undefined && html !== '-') await checkReplaceable(html, 'page', force);
  if (schema !== undefined) await checkReplaceable(schema, undefined, force);
  if (html !== undefined) {
    const page = statsHtml(statsOf(total, '--html'), { title: options.title });
    if (html === '-') await print(page);
    else await writeDocument(html, page, 'page', force);
  }
  if (schema !== undefined)
    await writeDocument(schema, `${JSON.stringify(schemaOf(total), undefined, 2)}\n`, undefined, force);
  if (output !== undefined && output !== '-') {
    const isNew = await write(total, output, options);
    if (!quiet) complain(isNew ? `wrote ${visible(output)}` : `${visible(output)} is up to date`);
  }
  if (json || output === '-') await print(reportText(total));
  else if (!quiet && html !== '-') await say(textOf(total, painter(1)));
  return total.ok ? OK : INVALID;
}

/**
 * Writes a report.
 * @returns true if the report was written; false if an equal file exists
 */
async function write(report: ShardReport | TotalReport, output: string, options: Options): Promise<boolean> {
  const access = accessOf(options);
  if (!options.force) return writeReport(report, output, access);
  await writeWhole(output, [Buffer.from(reportText(report))], { overwrite: true, ...access });
  return true;
}

/**
 * Prints the numbers of the missing shards. Standard output contains only these, in the syntax of
 * `sbatch --array`.
 */
async function printMissing(merged: MergedReportFiles, { json }: Options): Promise<number> {
  const { command, shards, plan, missing } = merged;
  const array = shardList(missing);
  if (json) await print(`${JSON.stringify({ command, plan: plan.hash, shards, missing, array })}\n`);
  else await print(`${array}\n`);
  complain(
    `recordpipe: missing-shards: no report from ${missing.length} of ${formatNumberOf(shards, 'shard')}: ${array}\n  next: run these shards (with sbatch --array=${array}, or each with --shard i/${shards}), then merge again`,
  );
  return IO_FAILURE;
}

function statsOf({ command, result }: TotalReport, option: string): DatasetStats {
  if (command === 'stats') return result as DatasetStats;
  if (command === 'schema') return (result as TotalReport<'schema'>['result']).stats;
  throw new UsageError(`${option}: applies to stats and schema reports, but these are ${command} reports`);
}

function schemaOf({ command, result }: TotalReport): unknown {
  if (command === 'schema') return (result as TotalReport<'schema'>['result']).schema;
  throw new UsageError(`--schema: applies to schema reports, but these are ${command} reports`);
}

function textOf({ command, result }: TotalReport, paint: Painter): string {
  if (command === 'validate') return validationText(result as CheckedReport, paint);
  if (command === 'stats') return statsText(result as DatasetStats, paint);
  if (command === 'schema') return schemaText(result as TotalReport<'schema'>['result'], paint);
  const { files } = result as TotalReport<'index'>['result'];
  const bad = files.filter(({ error }) => error !== undefined);
  const lines = bad.map(
    ({ uri, error }) =>
      `failed ${visible(uri)}: ${visible(String(error?.code))}: ${visible(error?.message ?? '')}\n`,
  );
  return `${lines.join('')}${command}: ${formatNumberOf(files.length, 'file')}, ${bad.length} failed\n`;
}

function validationText(report: CheckedReport, paint: Painter): string {
  const bad = report.files.filter(({ ok }: CheckedFile) => !ok);
  return (
    bad.map((file) => badFileText(file, paint)).join('') +
    violationsText(report, paint) +
    totalText(report, paint)
  );
}
