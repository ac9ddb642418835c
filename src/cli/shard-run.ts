import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { KnownFile } from 'recordpipe/check';
import { RecordpipeError, UsageError } from 'recordpipe/errors';
import { makeFolder } from 'recordpipe/records/write';
import {
  assign,
  type DoneFile,
  engineText,
  planShards,
  readPlan,
  reportName,
  type Shard,
  type ShardChoice,
  type ShardCommand,
  type ShardPlan,
  type ShardResults,
  type ShardSettings,
  shardFromEnvironment,
  shardReport,
  totalReport,
  uncut,
  writeReport,
} from 'recordpipe/scale';
import { statObject } from 'recordpipe/storage';
import { exitCodeOf, INVALID, IO_FAILURE, OK } from './exit-codes.ts';
import { type InputSelection, inputsOf } from './options/inputs.ts';
import { type AnyObjectOptions, accessOf, endsAsFolder, isAddress } from './options/objects.ts';
import { defined } from './options/option.ts';
import type { PayloadOptions, ReadingOptions } from './options/reading.ts';
import type { ShardOptions } from './options/reports.ts';
import { complain } from './output.ts';
import { checkReportFolder } from './output-files.ts';
import { formatBytes, formatCount, formatNumberOf, visible } from './text/format.ts';

/** Work assigned to this process. */
export interface ShardRun<C extends ShardCommand> {
  /** Files of this shard, sorted; empty if there are more shards than files. */
  readonly files: readonly KnownFile[];
  /** Files of all shards. */
  readonly all: readonly KnownFile[];
  /**
   * Writes the report of this shard, or the total report of a run over a whole plan, to `--report`.
   */
  write(result: ShardResults[C]): Promise<void>;
}

/** Properties of a command that can be sharded. */
export interface ShardWork<C extends ShardCommand> {
  readonly command: C;
  readonly inputs: readonly string[];
  readonly format: ReadingOptions['format'];
  /** Whether the command can process a part of a file. */
  readonly parts: boolean;
  /** Options that affect the results. Reports with different options cannot be merged. */
  readonly settings: Settings;
}

type Settings = Readonly<Record<string, string | number | boolean | undefined>>;
type Options = ShardOptions & AnyObjectOptions & InputSelection & { readonly quiet?: true };

/**
 * Determines the work of this process.
 * @throws UsageError if the shard cannot be determined
 */
export async function shardRun<C extends ShardCommand>(
  work: ShardWork<C>,
  options: Options,
): Promise<ShardRun<C>> {
  const { command, inputs, format } = work;
  const { plan: planFile, shard: choice, quiet, report } = options;
  const access = accessOf(options);
  if (planFile !== undefined && inputs.length > 0)
    throw new UsageError(`--plan: the plan lists the inputs; remove ${inputs[0]}`);
  if (choice !== undefined && !('auto' in choice) && planFile === undefined && inputs.includes('-'))
    throw new UsageError('--shard: standard input cannot be divided among shards; pass files instead');
  const found = planFile === undefined ? undefined : await readPlan(planFile, access);
  const { shard, shards, by, folders } = whichShard(choice, found?.shards);
  if (found === undefined) refuseSharded(inputs, folders);
  const planned = found ?? (await planShards(inputs, { ...access, format, ...inputsOf(options, quiet) }));
  const plan = work.parts ? planned : uncut(planned);
  const files = assign(plan, shards)[shard];
  if (!quiet) {
    if (found === undefined) complain(NO_PLAN);
    if (choice !== undefined) complain(shardText({ shard, shards }, by, files, plan));
  }
  if (report !== undefined && !isAddress(report)) {
    if (endsAsFolder(report)) makeFolder(report);
    await checkReportFolder(await named(report, 'x'));
  }
  return {
    files,
    all: plan.files,
    write: async (result) => {
      if (report === undefined) return;
      const part = shardReport(
        command,
        plan,
        { shard, shards },
        result,
        defined(work.settings) as ShardSettings,
      );
      const written = choice === undefined ? totalReport(part) : part;
      const output = await named(report, reportName(part));
      const isNew = await writeReport(written, output, access);
      if (!quiet) complain(isNew ? `wrote ${visible(output)}` : `${visible(output)} is up to date`);
    },
  };
}

const NO_PLAN =
  'recordpipe: without --plan, each worker lists the inputs itself, and the reports cannot be merged if files are added or removed before all workers have listed them; to prevent this, create a plan with recordpipe plan';

interface Which extends Shard {
  readonly by: string | undefined;
  readonly folders: readonly string[];
}

function whichShard(choice: ShardChoice | undefined, planned: number | undefined): Which {
  if (choice === undefined) return { shard: 0, shards: 1, by: undefined, folders: [] };
  const { shards = planned } = choice;
  if (planned !== undefined && shards !== planned)
    throw new UsageError(
      `--shard: the plan has ${formatNumberOf(planned, 'shard')}, but --shard specifies ${shards}`,
    );
  if (!('auto' in choice)) return { ...choice, by: undefined, folders: [] };
  const {
    shard,
    shards: count,
    shardedFolders: folders,
    ...from
  } = shardFromEnvironment(process.env, { shards });
  return { shard, shards: count, by: engineText(from), folders };
}

/** Throws an error for folders whose files SageMaker has already distributed (ShardedByS3Key). */
function refuseSharded(inputs: readonly string[], folders: readonly string[]): void {
  const isIn = (path: string, folder: string): boolean => `${path}/`.startsWith(`${folder}/`);
  for (const folder of folders) {
    const whole = resolve(folder);
    const paths = inputs.map((input) => resolve(input));
    if (paths.some((path) => isIn(path, whole) || isIn(whole, path)))
      throw new UsageError(
        `--shard: SageMaker has already divided ${folder} among the machines (ShardedByS3Key), and dividing the files again would skip most of the data; remove --shard`,
      );
  }
}

function shardText(
  { shard, shards }: Shard,
  by: string | undefined,
  files: readonly KnownFile[],
  plan: ShardPlan,
): string {
  const bytes = files.reduce((sum, { size, range }) => sum + (range ? range.end - range.start : size), 0);
  const share = `${formatCount(files.length)} of ${formatNumberOf(plan.files.length, 'file')}, ${formatBytes(bytes)}`;
  return `recordpipe: shard ${shard} of ${shards} (zero-based)${by === undefined ? '' : `, by ${visible(by)}`}: ${share}`;
}

/** Returns the path of a report. If the path is a directory, appends the name of the report. */
async function named(report: string, name: string): Promise<string> {
  if (endsAsFolder(report)) return `${report}${name}`;
  const folder = !isAddress(report) && (await stat(report).catch(() => undefined))?.isDirectory();
  return folder ? join(report, name) : report;
}

/** Work assigned to this process in a command that writes an output for each file. */
export interface ShardFiles {
  readonly files: readonly KnownFile[];
  /** Files of all shards. */
  readonly all: readonly KnownFile[];
  /** Throws an error if a file has changed since it was planned. */
  check(uri: string): Promise<void>;
  /** Writes the report, unless a file could not be read or written, and returns the exit code. */
  end(done: readonly DoneFile[]): Promise<number>;
}

/** Like {@link shardRun}, but for a command that writes an output for each file. */
export async function shardFiles(
  work: ShardWork<'index'> | ShardWork<'convert'>,
  options: Options,
): Promise<ShardFiles> {
  const { files, all, write } = await shardRun(work as ShardWork<'index'>, options);
  const known = new Map(files.map((file) => [file.uri, file]));
  return {
    files,
    all,
    check: async (uri) => checkPlanned(known.get(uri)!, options),
    end: async (done) => {
      const codes = done.map(({ error }) => (error === undefined ? OK : exitCodeOf(error.code as never)));
      if (codes.includes(IO_FAILURE)) return IO_FAILURE;
      await write({ files: done });
      return codes.includes(INVALID) ? INVALID : OK;
    },
  };
}

async function checkPlanned({ uri, size, etag }: KnownFile, options: AnyObjectOptions): Promise<void> {
  const remote = isAddress(uri);
  const { objects, signal } = accessOf(options);
  const found = remote
    ? await statObject(uri, { ...objects, signal })
    : { size: statSync(uri, { throwIfNoEntry: false })?.size, etag: undefined };
  if (found.size === size && (etag === undefined || found.etag === etag)) return;
  const text = 'the file has changed since the plan was written; regenerate the plan';
  throw new RecordpipeError(remote ? 'object-changed' : 'source-changed', text, { uri });
}

/** Returns the reading options that affect the results of a command. */
export function settingsOf(options: ReadingOptions & Partial<PayloadOptions>): Settings {
  const { format, compression, maxRecordSize, onTruncated, trailing, payloadCrc, recover } = options;
  const { multipart, cr, delimiter, encoding, skipBlank, stripBom } = options;
  return {
    format,
    compression,
    maxRecordSize,
    onTruncated,
    trailing,
    payloadCrc,
    recover,
    multipart,
    cr,
    delimiter: delimiter && Buffer.from(delimiter).toString('hex'),
    encoding,
    skipBlank,
    stripBom,
  };
}

/** Returns a short hash of a document. */
export function digest(document: unknown): string {
  return createHash('sha256').update(JSON.stringify(document)).digest('hex').slice(0, 16);
}
