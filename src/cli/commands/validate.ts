import { UsageError } from 'recordpipe/errors';
import { expandInputs, type FileReport, type ValidateReport, validateFiles } from 'recordpipe/report';
import type { RecordSchema } from 'recordpipe/stats';
import { INVALID, IO_FAILURE, OK } from '../exit-codes.ts';
import { badFileText, summaryText, violationsText, warningsText } from '../findings-text.ts';
import { inputOptionsOf, quietly } from '../input-options.ts';
import { interruption } from '../interrupt.ts';
import { type PayloadOptions, type ReportingOptions, readingOptions } from '../options.ts';
import { ClosedOutput, print } from '../output.ts';
import { progressOn } from '../progress.ts';
import { reachingOf } from '../reaching.ts';
import { isSharded, noInputs, type ShardCommandOptions } from '../shard-options.ts';
import type { ShardWork } from '../shard-run.ts';
import { painter } from '../style.ts';

/** Options of `recordpipe validate`. */
export interface ValidateCommandOptions extends ReportingOptions, PayloadOptions, ShardCommandOptions {
  readonly maxErrors: number;
  readonly failFast?: true;
  readonly force?: true;
  readonly failOnEmpty?: true;
  readonly schema?: string;
  readonly unknownFeatures?: 'error' | 'allow';
}

/** Findings per file that people are shown. */
const MOST_SHOWN = 10;

/** Checks files and says what is wrong; the exit code. */
export async function validate(inputs: string[], options: ValidateCommandOptions): Promise<number> {
  const { json, jsonl, quiet, maxErrors, failFast = false, failOnEmpty = false, jobs } = options;
  if (inputs.length === 0 && options.plan === undefined) throw noInputs();
  const schema = await schemaOption(options);
  // Imported when wanted: start-up time counts.
  const shard = isSharded(options)
    ? await (await import('../shard-run.ts')).shardRun(await workOf(inputs, options, schema), options)
    : undefined;
  const reportFile = shard === undefined ? options.report : undefined;
  const reports = reportFile === undefined ? undefined : await import('../report-file.ts');
  const lists = inputs.filter((input) => /^@./.test(input)).map((input) => input.slice(1));
  await reports?.refuseReportOn(lists, reportFile!);
  // A list from standard input can be read only once.
  if (reports !== undefined && !inputs.includes('@-'))
    await reports.refuseReportOn(
      await expandInputs(inputs, options.format, { ...reachingOf(options), ...quietly(options) }),
      reportFile!,
    );
  await reports?.checkReportFolder(reportFile!);
  await reports?.checkReplaceable(reportFile!, 'validation', options.force);
  const forPeople = !json && !jsonl;
  const paint = painter(options.color, 1);
  const progress = progressOn('validate', forPeople && !quiet && options.progress);
  const closed = new AbortController();
  let exitCode = OK;
  let unreadable = false;
  const onFile = (file: FileReport): void => {
    exitCode = worse(exitCode, file);
    unreadable ||= file.unreadable;
    const text = jsonl ? `${JSON.stringify({ event: 'file', ...file })}\n` : json ? '' : forPerson(file);
    if (text === '') return;
    progress.clear();
    print(text).catch((error) => closed.abort(error));
  };
  const forPerson = (file: FileReport): string =>
    (file.ok ? '' : badFileText(file, MOST_SHOWN, paint)) + (quiet ? '' : warningsText(file, paint));
  const start = performance.now();
  try {
    const report = await validateFiles(shard?.files ?? inputs, {
      ...readingOptions(options),
      // Who names an encoding wants to know whether the text is in it.
      ...(options.encoding !== undefined && { fatal: true }),
      jobs,
      blocking: true,
      maxErrors,
      failFast,
      failOnEmpty,
      ...inputOptionsOf(options, quiet),
      schema,
      onFile,
      onProgress: progress.update,
      signal: AbortSignal.any([interruption(), closed.signal]),
    });
    progress.clear();
    if (!report.ok && exitCode === OK) exitCode = INVALID;
    await reports?.refuseReportOn(
      report.files.map(({ uri }) => uri),
      reportFile!,
    );
    await reports?.writeReport(reportFile!, document(report), 'validation', options.force);
    // What could not be read may be readable next time: such a shard has no report, and is run again.
    if (shard !== undefined && unreadable) exitCode = IO_FAILURE;
    else await shard?.write({ files: report.files.map(({ seconds: _, ...file }) => file) });
    if (json) await print(document(report));
    else if (jsonl)
      await print(
        `${JSON.stringify({ event: 'summary', ok: report.ok, totals: report.totals, notices: report.notices })}\n`,
      );
    else
      await print(
        quiet
          ? ''
          : violationsText(report, paint) + summaryText(report, (performance.now() - start) / 1000, paint),
      );
  } catch (error) {
    progress.clear();
    // Nobody reads on; what was found so far still counts.
    if (error instanceof ClosedOutput || closed.signal.reason instanceof ClosedOutput) return exitCode;
    throw closed.signal.aborted ? closed.signal.reason : error;
  }
  return exitCode;
}

async function workOf(
  inputs: string[],
  options: ValidateCommandOptions,
  schema: RecordSchema | undefined,
): Promise<ShardWork<'validate'>> {
  if (options.failFast)
    throw new UsageError('--fail-fast: what is left out would be missing from the report of a shard');
  const { digest, settingsOf } = await import('../shard-settings.ts');
  return {
    command: 'validate',
    inputs,
    format: options.format,
    parts: true,
    settings: {
      ...settingsOf(options),
      failOnEmpty: options.failOnEmpty,
      maxErrors: options.maxErrors,
      schema: schema && digest(schema),
    },
  };
}

/** The schema of the file that is named. */
async function schemaOption(options: ValidateCommandOptions): Promise<RecordSchema | undefined> {
  const { schema: file, unknownFeatures } = options;
  if (file === undefined) {
    if (unknownFeatures === undefined) return undefined;
    throw new UsageError('--unknown-features: expected a --schema with it, got none');
  }
  const { schemaFile } = await import('../schema-file.ts');
  const schema = await schemaFile(file);
  return unknownFeatures === undefined ? schema : { ...schema, unknownFeatures };
}

/** Invalid data anywhere comes before files that could not be read. */
function worse(exitCode: number, { ok, unreadable }: FileReport): number {
  if (ok || exitCode === INVALID) return exitCode;
  return unreadable ? IO_FAILURE : INVALID;
}

function document(report: ValidateReport): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
