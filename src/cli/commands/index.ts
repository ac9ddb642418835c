import { statSync } from 'node:fs';
import { UsageError } from 'recordpipe/errors';
import type { FrameScanOptions, WrittenKind } from 'recordpipe/records/indexes';
import type { DoneFile } from 'recordpipe/scale';
import { command, type Register } from '../command.ts';
import type { IndexReport } from '../json-documents.ts';
import { expanded, inputSelection, noInputs, STORED_INPUTS } from '../options/inputs.ts';
import { accessOf, isAddress, objectReadOptions } from '../options/objects.ts';
import { choice, defined, flag, type Values, value } from '../options/option.ts';
import { payloadOptions, readingOptions } from '../options/reading.ts';
import { isSharded, linesOptions, runOptions, shardOptions } from '../options/reports.ts';
import { complain, isGuarded, print, say } from '../output.ts';
import { eachFile } from '../output-files.ts';
import { progressOf } from '../progress.ts';
import type { ShardFiles } from '../shard-run.ts';
import { formatBytes, formatNumberOf, formatSeconds, visible } from '../text/format.ts';

const { format, maxRecordSize, multipart, cr, delimiter } = readingOptions;

const OPTIONS = {
  kind: choice(
    '--kind <kind>',
    'kind of index; rpidx (native) writes FILE.rpidx; vahidk and dali (TFRecord) and mx (RecordIO) write NAME.idx',
    ['rpidx', 'vahidk', 'dali', 'mx'],
    'rpidx',
  ),
  output: value('-o, --output <file>', 'file to write the index to (requires a single input)'),
  check: flag('--check', 'verify existing indexes against their data; write nothing'),
  force: flag('-f, --force', 'rebuild all indexes, and overwrite files that are not indexes').conflicts(
    'check',
  ),
  full: flag('--full', 'also verify payload checksums'),
  format,
  maxRecordSize,
  payloadCrc: payloadOptions.payloadCrc,
  ...runOptions,
  ...linesOptions,
  multipart,
  cr,
  delimiter,
  ...objectReadOptions,
  ...inputSelection,
  ...shardOptions,
};

export const register: Register = command({
  name: 'index',
  description: 'Build or verify indexes, which store record offsets for random access.',
  arguments: { '[inputs...]': STORED_INPUTS },
  options: OPTIONS,
  examples: `
recordpipe index data/                    # FILE.rpidx next to each
recordpipe index train.tfrecord --kind dali  # the format of tfrecord2idx
recordpipe index train.rec --kind mx      # train.idx, as MXNet expects it
recordpipe index 'train-*' --check`,
  notes: `index keeps each index that is up to date with its data file and rebuilds the others. Rebuilding an MXNet index discards the keys in the index and therefore requires --force. Overwriting a file that is not an index also requires --force. In directories, --kind vahidk and --kind dali select TFRecord files, and --kind mx selects RecordIO files.`,
  action: index,
});

type Options = Values<typeof OPTIONS>;

async function index(inputs: string[], options: Options): Promise<number> {
  const { json, jsonl, quiet, check } = options;
  const isText = !json && !jsonl;
  const shard = await shardOf(inputs, options);
  const files = shard?.files.map(({ uri }) => uri) ?? (await filesOf(inputs, options));
  checkOutput(files, options);
  const progress = progressOf(check ? 'check' : 'index', isText && !quiet && options.progress);
  const totalBytes = files.some(isAddress) ? undefined : storedBytes(files);
  const reports: IndexReport[] = [];
  const start = performance.now();
  const taken = new Set<string>();
  let doneBytes = 0;
  let bad = 0;
  const add = async (report: IndexReport): Promise<void> => {
    reports.push(report);
    progress.clear();
    if (jsonl) await print(`${JSON.stringify({ event: 'file', ...report })}\n`);
    else if (isText && !quiet && report.status !== 'failed') {
      // With --output -, standard output contains the index.
      if (report.index === '-') complain(reportText(report));
      else await say(`${reportText(report)}\n`);
    }
  };
  const work = async (uri: string, filesDone: number): Promise<void> => {
    const onProgress = (bytes: number): void =>
      progress.update?.({ files: files.length, filesDone, bad, bytes: doneBytes + bytes, totalBytes });
    await shard?.check(uri);
    const report = await (check ? checked(uri, options, onProgress) : built(uri, options, taken, onProgress));
    doneBytes += report.bytes ?? 0;
    await add(report);
  };
  const done = await eachFile(files, work, (error, uri) => {
    bad++;
    return add({ uri, status: 'failed', error: error.toJSON() });
  });
  const ok = bad === 0;
  if (files.length > 1 && isText && !quiet)
    complain(summaryText(reports, bad, (performance.now() - start) / 1000));
  const exitCode = shard === undefined ? done.exitCode : await shard.end(reports.map(doneFile));
  if (json) await print(`${JSON.stringify({ ok, files: reports }, undefined, 2)}\n`);
  if (jsonl) await print(`${JSON.stringify({ event: 'summary', ok, files: files.length, bad })}\n`);
  return exitCode;
}

/** Format that each kind of index requires of its file. */
const FORMAT_OF_KIND = { rpidx: 'auto', vahidk: 'tfrecord', dali: 'tfrecord', mx: 'recordio' } as const;

async function filesOf(inputs: string[], options: Options): Promise<string[]> {
  const { format, kind, check } = options;
  return expanded(inputs, options, format === 'auto' && !check ? FORMAT_OF_KIND[kind] : format);
}

/** Checks the options for the output. */
function checkOutput(files: readonly string[], options: Options): void {
  const { json, jsonl, quiet, check, output, kind } = options;
  if (files.includes('-'))
    throw new UsageError('inputs: standard input does not support random access; pass a file');
  if (output !== undefined && files.length > 1)
    throw new UsageError(`--output: specifies one index, but there are ${files.length} input files`);
  if (check) return;
  if (!quiet && output === undefined && files.some(isAddress))
    complain(
      'recordpipe: warning: indexes are written next to the data, so a SageMaker channel of type S3Prefix would send the indexes to the training program; to avoid this, stream with recordpipe, use a ManifestFile (recordpipe manifest create skips indexes), or write each index elsewhere with --output',
    );
  if (output !== '-') return;
  if (json || jsonl)
    throw new UsageError(
      `--${json ? 'json' : 'jsonl'}: standard output receives the index; specify a file with --output instead of -`,
    );
  // All other kinds are text.
  if (kind === 'rpidx' && isGuarded(options))
    throw new UsageError(
      'index: the index is binary and standard output is a terminal; redirect the output to a file, specify a file with --output, or pass --force to write it anyway',
    );
}

/** Returns the work of this process; undefined if the command is not sharded. */
async function shardOf(inputs: string[], options: Options): Promise<ShardFiles | undefined> {
  if (inputs.length === 0 && options.plan === undefined) throw noInputs();
  if (!isSharded(options)) return undefined;
  if (options.output !== undefined)
    throw new UsageError(
      '--output: cannot be combined with --shard or --plan; each index is written next to its file',
    );
  const { shardFiles } = await import('../shard-run.ts');
  const { kind, check, full, format, maxRecordSize, payloadCrc, multipart, cr } = options;
  const delimiter = options.delimiter && Buffer.from(options.delimiter).toString('hex');
  const settings = { kind, check, full, format, maxRecordSize, payloadCrc, multipart, cr, delimiter };
  return shardFiles({ command: 'index', inputs, format, parts: false, settings }, options);
}

/**
 * Returns the result for a report. Omits whether the index was rebuilt, because that depends on
 * earlier runs.
 */
function doneFile({ uri, index, records, bytes, error }: IndexReport): DoneFile {
  if (error !== undefined) return { uri, error: { code: error.code, message: error.message } };
  return { uri, ...defined({ output: index || undefined, records, bytes }) };
}

function storedBytes(files: readonly string[]): number {
  return files.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
}

type OnProgress = (bytes: number) => void;

/**
 * Builds the index of a file.
 * @param taken default paths of earlier indexes
 */
async function built(
  uri: string,
  options: Options,
  taken: Set<string>,
  onProgress: OnProgress,
): Promise<IndexReport> {
  const { buildIndex, defaultIndexPath } = await import('recordpipe/records/indexes');
  const { kind, output, force, jobs } = options;
  // If two file names differ only in their extension, the name of the second index includes the
  // extension.
  const path = defaultIndexPath(uri, kind);
  const indexPath = output ?? (taken.has(path) ? `${uri}.idx` : undefined);
  taken.add(path);
  const index = await buildIndex(uri, {
    ...scanningOf(options, onProgress),
    kind,
    indexPath,
    overwrite: force === true,
    ...defined({ jobs }),
  });
  const { format, records, bytes, written } = index;
  const status = written ? 'written' : 'up-to-date';
  return { uri, index: index.indexPath, kind, format, records, bytes, status };
}

async function checked(uri: string, options: Options, onProgress: OnProgress): Promise<IndexReport> {
  const { checkIndex } = await import('recordpipe/records/indexes');
  // Without --kind, any index next to the file is checked.
  const kind: WrittenKind | undefined = options.kind === 'rpidx' ? undefined : options.kind;
  const index = await checkIndex(uri, {
    ...scanningOf(options, onProgress),
    indexPath: options.output,
    kind,
  });
  const { format, records, bytes } = index;
  return { uri, index: index.indexPath, kind: index.kind, format, records, bytes, status: 'fits' };
}

function scanningOf(options: Options, onProgress: OnProgress): Partial<FrameScanOptions> {
  const { format, maxRecordSize, payloadCrc, multipart, cr, delimiter, full } = options;
  return {
    format,
    payloadCrc,
    checksum: full ? 'full' : 'length',
    onProgress,
    ...accessOf(options),
    ...defined({ maxRecordBytes: maxRecordSize, multipart, cr, delimiter }),
  };
}

function summaryText(reports: readonly IndexReport[], bad: number, seconds: number): string {
  const records = reports.reduce((sum, report) => sum + (report.records ?? 0), 0);
  const bytes = reports.reduce((sum, report) => sum + (report.bytes ?? 0), 0);
  const files = formatNumberOf(reports.length, 'file');
  const state = bad === 0 ? `ok ${files}` : `failed ${bad} of ${files}`;
  return `${state}; ${formatNumberOf(records, 'record')}, ${formatBytes(bytes)} in ${formatSeconds(seconds)}`;
}

const STATUS = { written: 'written', 'up-to-date': 'up to date', fits: 'matches', failed: 'failed' };

function reportText({ uri, index = '', records = 0, bytes = 0, status }: IndexReport): string {
  return `${STATUS[status]} ${visible(index)}: ${formatNumberOf(records, 'record')} of ${visible(uri)}, ${formatBytes(bytes)}`;
}
