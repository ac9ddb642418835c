import type { RecordSchema } from 'recordpipe/check';
import {
  expandInputs,
  type FileReport,
  type Finding,
  type ValidateReport,
  validateFiles,
  validateReport,
} from 'recordpipe/check';
import { UsageError } from 'recordpipe/errors';
import { INVALID, IO_FAILURE, OK } from '../exit-codes.ts';
import { inputOptionsOf, quietly } from '../input-options.ts';
import { interruption } from '../interrupt.ts';
import { type PayloadOptions, type ReportingOptions, readingOptions } from '../options.ts';
import { ClosedOutput, complain, print, say } from '../output.ts';
import { isLiveApart, progressOn } from '../progress.ts';
import { reachingOf } from '../reaching.ts';
import { isSharded, noInputs, type ShardCommandOptions } from '../shard-options.ts';
import type { ShardWork } from '../shard-run.ts';
import {
  badFileText,
  interruptedText,
  summaryText,
  violationsText,
  warningsText,
} from '../text/findings-text.ts';
import { painter } from '../text/style.ts';

/** Options of `recordpipe validate`. */
export interface ValidateCommandOptions extends ReportingOptions, PayloadOptions, ShardCommandOptions {
  readonly maxErrors: number;
  readonly failFast?: true;
  readonly force?: true;
  readonly failOnEmpty?: true;
  readonly schema?: string;
  readonly unknownFeatures?: 'error' | 'allow';
}

/** Printing what was found until a signal came may take a while on a busy machine. */
const GRACE_MS = 1000;

/** Maximum findings shown per file. */
const MAX_SHOWN = 10;

/** Validates files and reports findings. Returns the exit code. */
export async function validate(inputs: string[], options: ValidateCommandOptions): Promise<number> {
  const { json, jsonl, quiet, maxErrors, failFast = false, failOnEmpty = false, jobs } = options;
  if (inputs.length === 0 && options.plan === undefined) throw noInputs();
  if (options.report === '-')
    throw new UsageError('--report: expected a file, got -; --json prints the report to standard output');
  const schema = await schemaOption(options);
  // Loaded on demand: start-up time matters.
  const shard = isSharded(options)
    ? await (await import('../shard-run.ts')).shardRun(await workOf(inputs, options, schema), options)
    : undefined;
  const reportFile = shard === undefined ? options.report : undefined;
  const reports = reportFile === undefined ? undefined : await import('../report-file.ts');
  const lists = inputs.filter((input) => /^@./.test(input)).map((input) => input.slice(1));
  const { schema: schemaPath } = options;
  await reports?.refuseReportOn(schemaPath === undefined ? lists : [...lists, schemaPath], reportFile!);
  // A list from standard input can be read only once.
  if (reports !== undefined && !inputs.includes('@-'))
    await reports.refuseReportOn(
      await expandInputs(inputs, options.format, { ...reachingOf(options), ...quietly(options) }),
      reportFile!,
    );
  await reports?.checkReportFolder(reportFile!);
  await reports?.checkReplaceable(reportFile!, 'validation', options.force);
  const forPeople = !json && !jsonl;
  const paint = painter(options.color, json ? 2 : 1);
  const progress = progressOn('validate', !quiet && options.progress && (forPeople || isLiveApart()));
  const closed = new AbortController();
  let exitCode = OK;
  let unreadable = false;
  const soFar = new PartialRun();
  const onFile = (file: FileReport): void => {
    soFar.add(file);
    exitCode = worse(exitCode, file);
    unreadable ||= file.unreadable;
    const text = jsonl ? `${JSON.stringify({ event: 'file', ...file })}\n` : forPerson(file);
    if (text === '') return;
    progress.clear();
    // The document comes at the end; findings need not wait for it.
    if (json) complain(text.trimEnd());
    else (jsonl ? print : say)(text).catch((error) => closed.abort(error));
  };
  const forPerson = (file: FileReport): string =>
    (file.ok || (json && quiet) ? '' : badFileText(file, MAX_SHOWN, paint)) +
    (quiet || json ? '' : warningsText(file, paint));
  const start = performance.now();
  // At once: what is being read may take longer to stop than a process that was interrupted should live.
  const onInterrupt = (): void => {
    progress.clear();
    const report = soFar.report();
    if (report === undefined) return;
    const seconds = (performance.now() - start) / 1000;
    const text = json
      ? document(report)
      : jsonl
        ? `${JSON.stringify({ event: 'summary', ok: false, totals: report.totals, interrupted: report.interrupted })}\n`
        : interruptedText(report, seconds, MAX_SHOWN, paint);
    (json || jsonl ? print : say)(text).catch(() => {});
  };
  interruption().addEventListener('abort', onInterrupt);
  try {
    const report = await validateFiles(shard?.files ?? inputs, {
      ...readingOptions(options),
      // An explicit encoding asks for a check of the text.
      ...(options.encoding !== undefined && { fatal: true }),
      jobs,
      blocking: true,
      maxErrors,
      failFast,
      failOnEmpty,
      ...inputOptionsOf(options, quiet),
      schema,
      onFile,
      onFinding: soFar.addFinding,
      onProgress: (state) => {
        soFar.files = state.files;
        progress.update?.(state);
      },
      signal: AbortSignal.any([interruption(GRACE_MS), closed.signal]),
    });
    progress.clear();
    if (!report.ok && exitCode === OK) exitCode = INVALID;
    await reports?.refuseReportOn(
      report.files.map(({ uri }) => uri),
      reportFile!,
    );
    await reports?.writeReport(reportFile!, document(report), 'validation', options.force);
    // Reading may succeed next time: without a report, the shard is run again.
    if (shard !== undefined && unreadable) exitCode = IO_FAILURE;
    else await shard?.write({ files: report.files.map(({ seconds: _, ...file }) => file) });
    if (json) await print(document(report));
    else if (jsonl)
      await print(
        `${JSON.stringify({ event: 'summary', ok: report.ok, totals: report.totals, notices: report.notices })}\n`,
      );
    else
      await say(
        quiet
          ? ''
          : violationsText(report, paint) + summaryText(report, (performance.now() - start) / 1000, paint),
      );
  } catch (error) {
    progress.clear();
    // The reader has closed the pipe; the findings so far determine the exit code.
    if (error instanceof ClosedOutput || closed.signal.reason instanceof ClosedOutput) return exitCode;
    throw closed.signal.aborted ? closed.signal.reason : error;
  } finally {
    interruption().removeEventListener('abort', onInterrupt);
  }
  return exitCode;
}

/** What a run has found so far. */
class PartialRun {
  /** Files of the run; undefined before it has started. */
  files: number | undefined;
  readonly #done: FileReport[] = [];
  #unfinished: (Finding & { readonly uri: string })[] = [];

  add(file: FileReport): void {
    this.#done.push(file);
    if (this.#unfinished.length > 0)
      this.#unfinished = this.#unfinished.filter(({ uri }) => uri !== file.uri);
  }

  readonly addFinding = (finding: Finding & { readonly uri: string }): void => {
    this.#unfinished.push(finding);
  };

  report(): ValidateReport | undefined {
    if (this.files === undefined) return undefined;
    const files = this.#done.sort((a, b) => Buffer.compare(Buffer.from(a.uri), Buffer.from(b.uri)));
    const report = validateReport(files, this.files - files.length);
    return { ...report, ok: false, interrupted: { unfinished: this.#unfinished }, notices: [] };
  }
}

async function workOf(
  inputs: string[],
  options: ValidateCommandOptions,
  schema: RecordSchema | undefined,
): Promise<ShardWork<'validate'>> {
  if (options.failFast)
    throw new UsageError(
      '--fail-fast: cannot be combined with --shard or --plan, because unchecked files would be missing from the report',
    );
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

/** The schema in the file of `--schema`. */
async function schemaOption(options: ValidateCommandOptions): Promise<RecordSchema | undefined> {
  const { schema: file, unknownFeatures } = options;
  if (file === undefined) {
    if (unknownFeatures === undefined) return undefined;
    throw new UsageError('--unknown-features: expected --schema as well');
  }
  const { schemaFile } = await import('../schema-file.ts');
  const schema = await schemaFile(file);
  return unknownFeatures === undefined ? schema : { ...schema, unknownFeatures };
}

/** Invalid data takes precedence over files that could not be read. */
function worse(exitCode: number, { ok, unreadable }: FileReport): number {
  if (ok || exitCode === INVALID) return exitCode;
  return unreadable ? IO_FAILURE : INVALID;
}

function document(report: ValidateReport): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
