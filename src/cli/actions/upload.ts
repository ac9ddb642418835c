import { UsageError } from 'recordpipe/errors';
import { type UploadedFile, type UploadReport, uploadFiles } from 'recordpipe/upload';
import { INVALID, IO_FAILURE, OK } from '../exit-codes.ts';
import { inputOptionsOf } from '../input-options.ts';
import { interruption } from '../interrupt.ts';
import { type ObjectCommandOptions, objectOptionsOf } from '../object-options.ts';
import { type PayloadOptions, type ReportingOptions, readingOptions } from '../options.ts';
import { ClosedOutput, print, say } from '../output.ts';
import { progressOn } from '../progress.ts';
import { badFileText, warningsText } from '../text/findings-text.ts';
import { formatBytes, formatNumberOf, formatSeconds } from '../text/sizes.ts';
import { type Painter, painter } from '../text/style.ts';
import { visible } from '../text/visible.ts';

/** Options of `recordpipe upload`. */
export interface UploadCommandOptions
  extends ReportingOptions,
    Pick<PayloadOptions, 'payloadCrc'>,
    ObjectCommandOptions {
  readonly validate: boolean;
  readonly schema?: string;
  readonly clobber: boolean;
  readonly ifChanged?: true;
  readonly force?: true;
  readonly dryRun?: true;
  readonly manifest?: string;
  readonly contentType?: string;
  readonly maxErrors: number;
  readonly failFast?: true;
}

/** Maximum findings shown per file. */
const MAX_SHOWN = 10;
/** Taking back what is under way needs an answer of the service. */
const GRACE_MS = 10_000;

/** Validates and uploads files. Returns the exit code. */
export async function upload(
  files: string[],
  destination: string,
  options: UploadCommandOptions,
): Promise<number> {
  if (files.length === 0) throw new UsageError(`expected files and a destination, got only ${destination}`);
  const { json, jsonl, quiet, ifChanged, clobber, force, jobs, manifest, contentType } = options;
  const forPeople = !json && !jsonl;
  const paint = painter(options.color, 1);
  const progress = progressOn('upload', forPeople && !quiet && options.progress);
  const closed = new AbortController();
  let exitCode = OK;
  const onFile = (file: UploadedFile): void => {
    exitCode = worse(exitCode, file);
    const text = jsonl
      ? `${JSON.stringify({ event: 'file', ...file })}\n`
      : json
        ? ''
        : fileText(file, !quiet, paint);
    if (text === '') return;
    progress.clear();
    (jsonl ? print : say)(text).catch((error) => closed.abort(error));
  };
  const schema =
    options.schema === undefined
      ? undefined
      : await (await import('../schema-file.ts')).schemaFile(options.schema);
  const start = performance.now();
  try {
    const report = await uploadFiles(files, destination, {
      ...readingOptions(options),
      ...(options.encoding !== undefined && { fatal: true }),
      objects: objectOptionsOf(options),
      validate: options.validate,
      schema,
      overwrite: force === true,
      skip: !clobber ? 'existing' : ifChanged ? 'unchanged' : undefined,
      dryRun: options.dryRun === true,
      failFast: options.failFast === true,
      maxErrors: options.maxErrors,
      ...(jobs !== undefined && { jobs }),
      ...inputOptionsOf(options, quiet),
      manifest,
      contentType,
      onFile,
      onProgress: progress.update,
      signal: AbortSignal.any([interruption(GRACE_MS), closed.signal]),
    });
    progress.clear();
    const { ok, totals } = report;
    if (json) await print(`${JSON.stringify(report, undefined, 2)}\n`);
    else if (jsonl)
      await print(`${JSON.stringify({ event: 'summary', ok, totals, manifest: report.manifest })}\n`);
    else if (!quiet)
      await say(summary(report, options.dryRun === true, (performance.now() - start) / 1000, paint));
  } catch (error) {
    progress.clear();
    // Nobody reads on; what was sent so far still counts.
    if (error instanceof ClosedOutput) return exitCode;
    throw closed.signal.aborted && !(closed.signal.reason instanceof ClosedOutput)
      ? closed.signal.reason
      : error;
  }
  return exitCode;
}

/** Bad data anywhere comes before what could not be read or sent. */
function worse(exitCode: number, { status }: UploadedFile): number {
  if (status === 'refused' || exitCode === INVALID) return INVALID;
  return status === 'failed' ? IO_FAILURE : exitCode;
}

function fileText(file: UploadedFile, all: boolean, paint: Painter): string {
  const { path, uri, status, bytes, records, report, error, resumedParts = 0 } = file;
  if (status === 'refused' && report !== undefined) return badFileText(report, MAX_SHOWN, paint);
  if (error !== undefined)
    return `${paint('red', status)} ${paint('bold', visible(path))}: ${error.code}: ${visible(error.message)}\n`;
  if (!all) return '';
  const held = records === null ? '' : `${formatNumberOf(records, 'record')}, `;
  const resumed = resumedParts === 0 ? '' : `, ${formatNumberOf(resumedParts, 'part')} reused`;
  const warnings = report === undefined ? '' : warningsText(report, paint);
  return `${SAID[status]} ${visible(uri)}: ${held}${formatBytes(bytes)}${resumed}\n${warnings}`;
}

const SAID: Record<UploadedFile['status'], string> = {
  uploaded: 'uploaded',
  unchanged: 'unchanged',
  kept: 'left alone',
  'would-upload': 'would upload',
  refused: 'rejected',
  failed: 'failed',
};

function summary(
  { ok, totals, manifest, files }: UploadReport,
  dryRun: boolean,
  seconds: number,
  paint: Painter,
): string {
  const parts = [
    dryRun
      ? `${formatNumberOf(files.filter(({ status }) => status === 'would-upload').length, 'file')} to upload`
      : `${formatNumberOf(totals.uploaded, 'file')} uploaded`,
  ];
  if (totals.skipped > 0) parts.push(`${totals.skipped} unchanged or skipped`);
  if (totals.refused > 0) parts.push(`${totals.refused} rejected`);
  if (totals.failed > 0) parts.push(`${totals.failed} failed`);
  if (totals.notBegun > 0) parts.push(`${totals.notBegun} not started (--fail-fast)`);
  const written = manifest === null ? '' : `; manifest ${visible(manifest)}`;
  return `${paint(ok ? 'green' : 'red', ok ? 'ok' : 'bad')} ${parts.join(', ')}, ${formatBytes(totals.bytes)} in ${formatSeconds(seconds)}${written}\n`;
}
