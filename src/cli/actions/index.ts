import { statSync } from 'node:fs';
import { expandInputs } from 'recordpipe/check';
import { type ErrorJson, isItemFailure, UsageError } from 'recordpipe/errors';
import {
  buildIndex,
  checkIndex,
  defaultIndexPath,
  type FrameScanOptions,
  type WrittenKind,
} from 'recordpipe/records/indexes';
import type { DoneFile } from 'recordpipe/scale';
import { errorText } from '../advice.ts';
import { INVALID, OK } from '../exit-codes.ts';
import { type InputCommandOptions, inputOptionsOf } from '../input-options.ts';
import type { ObjectCommandOptions } from '../object-options.ts';
import { complain, isGuarded, print, say } from '../output.ts';
import { progressOn } from '../progress.ts';
import { isS3, reachingOf } from '../reaching.ts';
import type { ShardFiles } from '../shard-files.ts';
import { isSharded, noInputs, type ShardCommandOptions } from '../shard-options.ts';
import { formatBytes, formatNumberOf, formatSeconds } from '../text/sizes.ts';
import { visible } from '../text/visible.ts';

/** Options of `recordpipe index`. */
export interface IndexCommandOptions extends ObjectCommandOptions, ShardCommandOptions, InputCommandOptions {
  readonly kind: WrittenKind;
  readonly output?: string;
  readonly check?: true;
  readonly force?: true;
  readonly full?: true;
  readonly format: FrameScanOptions['format'];
  readonly maxRecordSize?: number;
  readonly payloadCrc: FrameScanOptions['payloadCrc'];
  readonly multipart?: FrameScanOptions['multipart'];
  readonly cr?: FrameScanOptions['cr'];
  readonly delimiter?: Uint8Array;
  readonly json?: true;
  readonly jsonl?: true;
  readonly quiet?: true;
  readonly progress: boolean;
}

/** The result for the index of one file. A stable contract; fields may be added. */
interface IndexReport {
  readonly uri: string;
  readonly index?: string;
  readonly kind?: string;
  readonly format?: string;
  readonly records?: number;
  readonly bytes?: number;
  readonly status: 'written' | 'up-to-date' | 'fits' | 'failed';
  readonly error?: ErrorJson;
}

/** Builds or verifies indexes. Returns the exit code. */
export async function index(inputs: string[], options: IndexCommandOptions): Promise<number> {
  const { json, jsonl, quiet, check, output } = options;
  const shard = await shardOf(inputs, options);
  const files =
    shard?.files.map(({ uri }) => uri) ??
    (await expandInputs(inputs, options.format, {
      ...reachingOf(options),
      ...inputOptionsOf(options, quiet),
    }));
  if (files.includes('-'))
    throw new UsageError('inputs: standard input does not support random access; pass a file');
  if (output !== undefined && files.length > 1)
    throw new UsageError(`--output: names one index, but there are ${files.length} input files`);
  if (!check && !quiet && output === undefined && files.some(isS3))
    complain(
      'recordpipe: warning: indexes are written next to the data; a SageMaker channel of type S3Prefix feeds them to the training program. Stream with recordpipe, use a ManifestFile (recordpipe manifest create skips indexes), or write each index elsewhere with --output',
    );
  if (output === '-' && !check) {
    if (json || jsonl)
      throw new UsageError(
        `--${json ? 'json' : 'jsonl'}: standard output receives the index; name a file with --output instead of -`,
      );
    // Indexes of the other kinds are text.
    if (options.kind === 'rpidx' && isGuarded(options))
      throw new UsageError(
        'index: the index is binary and standard output is a terminal; redirect it to a file, name a file with --output, or pass --force to write it anyway',
      );
  }
  const progress = progressOn(check ? 'check' : 'index', !json && !jsonl && !quiet && options.progress);
  const totalBytes = files.some(isS3) ? undefined : totalOf(files);
  const reports: IndexReport[] = [];
  const start = performance.now();
  const taken = new Set<string>();
  let exitCode = OK;
  let done = 0;
  let bad = 0;
  for (const [filesDone, uri] of files.entries()) {
    const onProgress = (bytes: number): void =>
      progress.update?.({ files: files.length, filesDone, bad, bytes: done + bytes, totalBytes });
    let report: IndexReport;
    try {
      await shard?.check(uri);
      report = await (check ? checked : made)(uri, { ...options, taken }, onProgress);
      done += report.bytes ?? 0;
    } catch (error) {
      // Imported on failure only: loading the codec takes 20 ms.
      const { exitCodeOf } = await import('../exit-codes.ts');
      if (!isItemFailure(error)) throw error;
      report = { uri, status: 'failed', error: error.toJSON() };
      bad++;
      if (exitCode !== INVALID) exitCode = exitCodeOf(error.code);
      progress.clear();
      complain(errorText(error));
    }
    reports.push(report);
    progress.clear();
    if (jsonl) await print(`${JSON.stringify({ event: 'file', ...report })}\n`);
    else if (!json && !quiet && report.status !== 'failed') {
      // With -o - standard output is the index.
      if (report.index === '-') complain(reportText(report));
      else await say(`${reportText(report)}\n`);
    }
  }
  const ok = bad === 0;
  if (files.length > 1 && !json && !jsonl && !quiet)
    complain(summaryText(reports, bad, (performance.now() - start) / 1000));
  if (shard !== undefined) exitCode = await shard.end(reports.map(doneFile));
  if (json) await print(`${JSON.stringify({ ok, files: reports }, undefined, 2)}\n`);
  if (jsonl) await print(`${JSON.stringify({ event: 'summary', ok, files: files.length, bad })}\n`);
  return exitCode;
}

/** The part of the work that is this process's; undefined where it is not divided. */
async function shardOf(inputs: string[], options: IndexCommandOptions): Promise<ShardFiles | undefined> {
  if (inputs.length === 0 && options.plan === undefined) throw noInputs();
  if (!isSharded(options)) return undefined;
  // Imported when wanted: start-up time counts.
  const { shardFiles } = await import('../shard-files.ts');
  const { kind, check, full, format, maxRecordSize, payloadCrc, multipart, cr, delimiter } = options;
  if (options.output !== undefined)
    throw new UsageError(
      '--output: cannot be combined with --shard or --plan; each index is written next to its file',
    );
  const settings = { kind, check, full, format, maxRecordSize, payloadCrc, multipart, cr };
  return shardFiles(
    {
      command: 'index',
      inputs,
      format: format ?? 'auto',
      parts: false,
      settings: { ...settings, delimiter: delimiter && Buffer.from(delimiter).toString('hex') },
    },
    options,
  );
}

/** Whether an index was written or was there depends on the runs before: it is left out. */
function doneFile({ uri, index, records, bytes, error }: IndexReport): DoneFile {
  return error === undefined
    ? {
        uri,
        ...(index && { output: index }),
        ...(records !== undefined && { records }),
        ...(bytes !== undefined && { bytes }),
      }
    : { uri, error: { code: error.code, message: error.message } };
}

function totalOf(files: readonly string[]): number {
  return files.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
}

type Watched = (bytes: number) => void;

async function made(
  uri: string,
  options: IndexCommandOptions & { readonly taken: Set<string> },
  onProgress: Watched,
): Promise<IndexReport> {
  const { kind, output, force, taken } = options;
  // Two files whose names differ in the extension only: the second index has the longer name.
  const usual = defaultIndexPath(uri, kind);
  const indexPath = output ?? (taken.has(usual) ? `${uri}.idx` : undefined);
  taken.add(usual);
  const built = await buildIndex(uri, {
    ...scanning(options, onProgress),
    kind,
    indexPath,
    overwrite: force === true,
  });
  const { format, records, bytes, written } = built;
  return {
    uri,
    index: built.indexPath,
    kind,
    format,
    records,
    bytes,
    status: written ? 'written' : 'up-to-date',
  };
}

async function checked(uri: string, options: IndexCommandOptions, onProgress: Watched): Promise<IndexReport> {
  const { kind, output: indexPath } = options;
  // Without --kind, any index beside the file is checked.
  const wanted = kind === 'rpidx' ? undefined : kind;
  const found = await checkIndex(uri, { ...scanning(options, onProgress), indexPath, kind: wanted });
  const { format, records, bytes } = found;
  return { uri, index: found.indexPath, kind: found.kind, format, records, bytes, status: 'fits' };
}

function scanning(options: IndexCommandOptions, onProgress: Watched): Partial<FrameScanOptions> {
  const { format, maxRecordSize, payloadCrc, multipart, cr, delimiter, full } = options;
  return {
    format,
    payloadCrc,
    checksum: full ? 'full' : 'length',
    onProgress,
    ...reachingOf(options),
    ...(maxRecordSize !== undefined && { maxRecordBytes: maxRecordSize }),
    ...(multipart !== undefined && { multipart }),
    ...(cr !== undefined && { cr }),
    ...(delimiter !== undefined && { delimiter }),
  };
}

function summaryText(reports: readonly IndexReport[], bad: number, seconds: number): string {
  let records = 0;
  let bytes = 0;
  for (const report of reports) {
    records += report.records ?? 0;
    bytes += report.bytes ?? 0;
  }
  const files =
    bad === 0
      ? formatNumberOf(reports.length, 'file')
      : `${bad} of ${formatNumberOf(reports.length, 'file')}`;
  return `${bad === 0 ? 'ok' : 'bad'} ${files}; ${formatNumberOf(records, 'record')}, ${formatBytes(bytes)} in ${formatSeconds(seconds)}`;
}

function reportText({ uri, index = '', records = 0, bytes = 0, status }: IndexReport): string {
  if (status === 'failed') return '';
  const told = { written: 'written', 'up-to-date': 'up to date', fits: 'fits' }[status];
  return `${told} ${visible(index)}: ${formatNumberOf(records, 'record')} of ${visible(uri)}, ${formatBytes(bytes)}`;
}
