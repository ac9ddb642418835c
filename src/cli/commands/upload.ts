import { UsageError } from 'recordpipe/errors';
import type { UploadedFile, UploadReport } from 'recordpipe/upload';
import { cliMessage } from '../cli-words.ts';
import { command, type Register } from '../command.ts';
import { INVALID, IO_FAILURE, OK, worse } from '../exit-codes.ts';
import { inputSelection, inputsOf, LOCAL_INPUTS } from '../options/inputs.ts';
import { objectsOf, transferOptions } from '../options/objects.ts';
import { atLeast, defined, flag, negation, parsed, type Values, value } from '../options/option.ts';
import { payloadOptions, readingOf, readingOptions } from '../options/reading.ts';
import { linesOptions, runOptions } from '../options/reports.ts';
import { LiveReport, print, say } from '../output.ts';
import { readSchemaFile } from '../output-files.ts';
import { progressWith, uploadItems } from '../progress.ts';
import { badFileText, warningsText } from '../text/findings.ts';
import { formatBytes, formatNumberOf, formatSeconds, visible } from '../text/format.ts';
import { type Painter, painter } from '../text/terminal.ts';

const OPTIONS = {
  dryRun: flag('--dry-run', 'validate the files and show what would be uploaded'),
  ifChanged: flag(
    '--if-changed',
    'skip a file if an object with the same key, size and checksum exists',
  ).conflicts('clobber'),
  clobber: negation('--no-clobber', 'skip a file if an object with the same key exists').conflicts('force'),
  force: flag('-f, --force', 'overwrite existing objects and an existing --manifest file'),
  manifest: value(
    '--manifest <file>',
    'write a SageMaker ManifestFile to this file or s3://bucket/key after all uploads succeed',
  ),
  contentType: value('--content-type <type>', 'MIME type of the objects'),
  validate: negation('--no-validate', 'upload without validating'),
  schema: value('--schema <file>', 'also check record content against a schema written by recordpipe schema'),
  maxErrors: parsed(
    '--max-errors <n>',
    'maximum number of findings to list per file; all findings are counted',
    atLeast(0),
    100,
  ),
  failFast: flag(
    '--fail-fast',
    'start no more uploads after a file is found to be invalid or an upload fails',
  ),
  ...runOptions,
  ...linesOptions,
  ...readingOptions,
  payloadCrc: payloadOptions.payloadCrc,
  ...transferOptions,
  ...inputSelection,
};

export const register: Register = command({
  name: 'upload',
  description: 'Validate record files and upload the valid ones.',
  usage: '[options] <inputs...> <destination>',
  arguments: {
    '<inputs...>': `${LOCAL_INPUTS}; the last argument is the destination: s3://bucket/folder/, or s3://bucket/key for one file`,
  },
  options: OPTIONS,
  examples: `
recordpipe upload data/ s3://bucket/train/
recordpipe upload 'data/**/*.tfrecord' s3://bucket/train/ --force --if-changed --manifest train.manifest
recordpipe upload a.tfrecord s3://bucket/b.tfrecord --no-clobber
recordpipe upload data/ s3://bucket/train/ --dry-run --json`,
  notes: `A destination with a trailing slash is a folder. Files from directories and patterns keep their relative paths in the folder; other files keep only their base names. Any other destination is the key of a single object. If an object exists and has the same size and checksum as the file, upload keeps the object. If an object exists and differs from the file, upload fails unless you pass --force to overwrite the object or --no-clobber to keep it. With both --force and --if-changed, upload sends only files that differ from their objects.

upload validates each file and then uploads it, and processes several files in parallel. If a file changes before its upload ends, upload aborts the transfer of that file and reports an error. S3 verifies the received data against its CRC-32C checksum. On a signal, upload aborts incomplete transfers. If an earlier process was killed, upload reuses the parts that the earlier process uploaded.`,
  action: upload,
});

/**
 * Time for aborting incomplete uploads after a signal, in milliseconds. Aborting waits for a
 * response from the service.
 */
const GRACE_MS = 10_000;

async function upload(words: string[], options: Values<typeof OPTIONS>): Promise<number> {
  const files = words.slice(0, -1);
  const destination = words.at(-1)!;
  if (files.length === 0) throw new UsageError(`expected files and a destination, got only ${destination}`);
  const { json, jsonl, quiet, ifChanged, clobber, force, jobs, manifest, contentType, validate } = options;
  const { uploadFiles } = await import('recordpipe/upload');
  const isText = !json && !jsonl;
  const paint = painter(1);
  const progress = progressWith(
    (state: Parameters<typeof uploadItems>[0], seconds) => uploadItems(state, validate, seconds),
    isText && !quiet && options.progress,
  );
  const output = new LiveReport(isText, progress.clear);
  let exitCode = OK;
  const onFile = (file: UploadedFile): void => {
    exitCode = worse(exitCode, EXIT_CODES[file.status]);
    if (jsonl) output.write(`${JSON.stringify({ event: 'file', ...file })}\n`);
    else if (!json) output.write(fileText(file, !quiet, paint));
  };
  const schema = options.schema === undefined ? undefined : await readSchemaFile(options.schema);
  const start = performance.now();
  const work = async (signal: AbortSignal): Promise<void> => {
    const report = await uploadFiles(files, destination, {
      ...readingOf(options),
      ...(options.encoding !== undefined && { fatal: true }),
      objects: objectsOf(options),
      validate,
      schema,
      overwrite: force === true,
      skip: !clobber ? 'existing' : ifChanged ? 'unchanged' : undefined,
      dryRun: options.dryRun === true,
      failFast: options.failFast === true,
      maxErrors: options.maxErrors,
      ...defined({ jobs }),
      ...inputsOf(options, quiet),
      manifest,
      contentType,
      onFile,
      onProgress: progress.update,
      signal,
    });
    progress.clear();
    const { ok, totals } = report;
    const seconds = (performance.now() - start) / 1000;
    if (json) await print(`${JSON.stringify(report, undefined, 2)}\n`);
    else if (jsonl)
      await print(`${JSON.stringify({ event: 'summary', ok, totals, manifest: report.manifest })}\n`);
    else if (!quiet) await say(summary(report, options.dryRun === true, seconds, paint));
  };
  return output.run(work, { exitCode: () => exitCode, graceMs: GRACE_MS, mustFinish: true });
}

type Status = UploadedFile['status'];

const EXIT_CODES: Record<Status, number> = {
  uploaded: OK,
  unchanged: OK,
  kept: OK,
  'would-upload': OK,
  refused: INVALID,
  failed: IO_FAILURE,
};

const STATUS_TEXT: Record<Status, string> = {
  uploaded: 'uploaded',
  unchanged: 'unchanged',
  kept: 'kept',
  'would-upload': 'would upload',
  refused: 'rejected',
  failed: 'failed',
};

/**
 * Formats a file.
 * @param all whether to include files without errors
 */
function fileText(file: UploadedFile, all: boolean, paint: Painter): string {
  const { path, uri, status, bytes, records, report, error, resumedParts = 0 } = file;
  if (status === 'refused' && report !== undefined) return badFileText(report, paint);
  if (error !== undefined)
    return `${paint('red', STATUS_TEXT[status])} ${paint('bold', visible(path))}: ${error.code}: ${visible(cliMessage(error))}\n`;
  if (!all) return '';
  const contents = records === null ? '' : `${formatNumberOf(records, 'record')}, `;
  const resumed = resumedParts === 0 ? '' : `, ${formatNumberOf(resumedParts, 'part')} reused`;
  const warnings = report === undefined ? '' : warningsText(report, paint);
  return `${STATUS_TEXT[status]} ${visible(uri)}: ${contents}${formatBytes(bytes)}${resumed}\n${warnings}`;
}

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
  return `${paint(ok ? 'green' : 'red', ok ? 'ok' : 'failed')} ${parts.join(', ')}, ${formatBytes(totals.bytes)} in ${formatSeconds(seconds)}${written}\n`;
}
