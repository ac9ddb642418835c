import type { FileReport, Finding, RecordSchema, ValidateReport, validateReport } from 'recordpipe/check';
import { UsageError } from 'recordpipe/errors';
import { command, type Register } from '../command.ts';
import { INVALID, IO_FAILURE, OK, worse } from '../exit-codes.ts';
import { INPUTS, inputSelection, inputsOf, noInputs } from '../options/inputs.ts';
import { accessOf, objectReadOptions } from '../options/objects.ts';
import { atLeast, choice, flag, grouped, parsed, type Values, value } from '../options/option.ts';
import { payloadOptions, readingOf, readingOptions } from '../options/reading.ts';
import { isSharded, linesOptions, runOptions, SHARDS_HEADING, shardOptions } from '../options/reports.ts';
import { complain, LiveReport, print, say } from '../output.ts';
import {
  checkOutput,
  checkReplaceable,
  readSchemaFile,
  refuseReportOn,
  writeReport,
} from '../output-files.ts';
import { isLiveApart, progressOf } from '../progress.ts';
import type { ShardRun } from '../shard-run.ts';
import { badFileText, interruptedText, summaryText, violationsText, warningsText } from '../text/findings.ts';
import { painter } from '../text/terminal.ts';

const OPTIONS = {
  schema: value('--schema <file>', 'also check record content against a schema written by recordpipe schema'),
  unknownFeatures: choice(
    '--unknown-features <what>',
    'how to treat features that are not in the schema (default: as the schema specifies)',
    ['error', 'allow'],
  ),
  maxErrors: parsed(
    '--max-errors <n>',
    'maximum number of findings to list per file; all findings are counted',
    atLeast(0),
    100,
  ),
  failFast: flag('--fail-fast', 'stop at the first invalid file'),
  failOnEmpty: flag('--fail-on-empty', 'treat files without records and runs without files as invalid'),
  force: flag('-f, --force', 'overwrite the --report file even if it is not a report'),
  ...runOptions,
  ...linesOptions,
  ...readingOptions,
  ...payloadOptions,
  ...objectReadOptions,
  ...inputSelection,
  ...shardOptions,
  ...grouped(SHARDS_HEADING, {
    report: value(
      '--report <file>',
      'also write the JSON report to this file; with --shard or --plan, write the shard report for recordpipe merge instead; to write a separate file for each shard, pass a directory/ or s3://bucket/prefix/',
    ),
  }),
};

export const register: Register = command({
  name: 'validate',
  description: 'Validate the framing, lengths and checksums of records.',
  arguments: { '[inputs...]': INPUTS },
  options: OPTIONS,
  examples: `
recordpipe validate data/ extra.tfrecord.gz
recordpipe validate 'train-*' --fail-fast
recordpipe validate damaged.tfrecord --recover
recordpipe validate --format textline --encoding utf8 *.jsonl
recordpipe validate data/ --schema schema.json
recordpipe validate agent.rec --multipart concat
recordpipe validate @shards.txt --json --report report.json
recordpipe validate --plan plan.jsonl --shard 3/8 --report reports/
curl -s https://example.org/x.tfrecord | recordpipe validate -`,
  notes: `validate detects the format of a file from its content, not from its name. In directories, validate selects TFRecord and RecordIO files; with --format textline, it selects text files (*.txt, *.jsonl, *.csv, …) instead. RecordIO has no checksums. In RecordIO files, validate therefore verifies parts, lengths and padding but cannot verify payloads.

After an incorrect payload checksum, validate continues with the next record. If a header is damaged or a record is truncated, validate cannot locate the next record and stops reading the file. To also check the records after such damage, pass --recover.`,
  action: validate,
});

type Options = Values<typeof OPTIONS>;

/**
 * Time allowed for printing partial results after a signal, in milliseconds. It is long enough for
 * a busy machine.
 */
const GRACE_MS = 1000;

async function validate(inputs: string[], options: Options): Promise<number> {
  const { json, jsonl, quiet, maxErrors, failFast = false, failOnEmpty = false, jobs, force } = options;
  if (inputs.length === 0 && options.plan === undefined) throw noInputs();
  if (options.report === '-')
    throw new UsageError('--report: expected a file, got -; --json prints the report to standard output');
  const schema = await schemaOf(options);
  const shard = isSharded(options) ? await shardOf(inputs, options, schema) : undefined;
  const reportPath = shard === undefined ? options.report : undefined;
  if (reportPath !== undefined) {
    const others = options.schema === undefined ? [] : [options.schema];
    await checkOutput(inputs, reportPath, '--report', options, others);
    await checkReplaceable(reportPath, 'validation', force);
  }
  const { validateFiles, validateReport: reportOf } = await import('recordpipe/check');
  const isText = !json && !jsonl;
  const paint = painter(json ? 2 : 1);
  const progress = progressOf('validate', !quiet && options.progress && (isText || isLiveApart()));
  const output = new LiveReport(isText, progress.clear);
  let exitCode = OK;
  let unreadable = false;
  const soFar = new PartialRun(reportOf);
  const onFile = (file: FileReport): void => {
    soFar.add(file);
    exitCode = worse(exitCode, exitCodeOf(file));
    unreadable ||= file.unreadable;
    if (jsonl) {
      output.write(`${JSON.stringify({ event: 'file', ...file })}\n`);
      return;
    }
    const findings = file.ok || (json && quiet) ? '' : badFileText(file, paint);
    const text = findings + (quiet || json ? '' : warningsText(file, paint));
    if (!json) output.write(text);
    else if (text !== '') {
      // Findings are printed immediately; the document follows at the end.
      progress.clear();
      complain(text.trimEnd());
    }
  };
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  const onInterrupt = (): void => {
    const report = soFar.report();
    if (report === undefined) return;
    const { totals, interrupted } = report;
    output.write(
      json
        ? document(report)
        : jsonl
          ? `${JSON.stringify({ event: 'summary', ok: false, totals, interrupted })}\n`
          : interruptedText(report, seconds(), paint),
    );
  };
  const work = async (signal: AbortSignal): Promise<void> => {
    const report = await validateFiles(shard?.files ?? inputs, {
      ...readingOf(options),
      // An explicit encoding requests validation of the text.
      ...(options.encoding !== undefined && { fatal: true }),
      jobs,
      blocking: true,
      maxErrors,
      failFast,
      failOnEmpty,
      ...inputsOf(options, quiet),
      schema,
      onFile,
      onFinding: soFar.addFinding,
      onProgress: (state) => {
        soFar.files = state.files;
        progress.update?.(state);
      },
      signal,
    });
    progress.clear();
    const { ok, totals, notices } = report;
    if (!ok && exitCode === OK) exitCode = INVALID;
    if (reportPath !== undefined) {
      await refuseReportOn(
        report.files.map(({ uri }) => uri),
        reportPath,
      );
      await writeReport(reportPath, document(report), 'validation', force, accessOf(options));
    }
    // Write no report, so that the shard is rerun: another attempt may succeed.
    if (shard !== undefined && unreadable) exitCode = IO_FAILURE;
    else await shard?.write({ files: report.files.map(({ seconds: _, ...file }) => file) });
    if (json) await print(document(report));
    else if (jsonl) await print(`${JSON.stringify({ event: 'summary', ok, totals, notices })}\n`);
    else if (!quiet) await say(violationsText(report, paint) + summaryText(report, seconds(), paint));
  };
  return output.run(work, { exitCode: () => exitCode, graceMs: GRACE_MS, onInterrupt });
}

/** Partial results of a run. */
class PartialRun {
  /** Number of files in the run; undefined before it starts. */
  files: number | undefined;
  readonly #done: FileReport[] = [];
  readonly #reportOf: typeof validateReport;
  #unfinished: (Finding & { readonly uri: string })[] = [];

  constructor(reportOf: typeof validateReport) {
    this.#reportOf = reportOf;
  }

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
    const report = this.#reportOf(files, this.files - files.length);
    return { ...report, ok: false, interrupted: { unfinished: this.#unfinished }, notices: [] };
  }
}

/** Returns the work of this process. */
async function shardOf(
  inputs: string[],
  options: Options,
  schema: RecordSchema | undefined,
): Promise<ShardRun<'validate'>> {
  const { failFast, failOnEmpty, maxErrors, format } = options;
  if (failFast)
    throw new UsageError(
      '--fail-fast: cannot be combined with --shard or --plan, because unchecked files would be missing from the report',
    );
  const { digest, settingsOf, shardRun } = await import('../shard-run.ts');
  const settings = { ...settingsOf(options), failOnEmpty, maxErrors, schema: schema && digest(schema) };
  return shardRun({ command: 'validate', inputs, format, parts: true, settings }, options);
}

/** Reads the schema of `--schema`. */
async function schemaOf({ schema: path, unknownFeatures }: Options): Promise<RecordSchema | undefined> {
  if (path === undefined) {
    if (unknownFeatures === undefined) return undefined;
    throw new UsageError('--unknown-features: requires --schema');
  }
  const schema = await readSchemaFile(path);
  return unknownFeatures === undefined ? schema : { ...schema, unknownFeatures };
}

function exitCodeOf({ ok, unreadable }: FileReport): number {
  if (ok) return OK;
  return unreadable ? IO_FAILURE : INVALID;
}

function document(report: ValidateReport): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
