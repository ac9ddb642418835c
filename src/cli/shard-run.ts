import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KnownFile } from 'recordpipe/check';
import { UsageError } from 'recordpipe/errors';
import {
  assign,
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
import { type InputCommandOptions, inputOptionsOf } from './input-options.ts';
import type { ObjectCommandOptions } from './object-options.ts';
import { complain } from './output.ts';
import { isS3, reachingOf } from './reaching.ts';
import { checkReportFolder, makeFolder } from './report-file.ts';
import type { ShardCommandOptions } from './shard-options.ts';
import { formatBytes, formatCount, formatNumberOf } from './text/sizes.ts';
import { visible } from './text/visible.ts';

/** The part of the work that this process does. */
export interface ShardRun<C extends ShardCommand> {
  /** Sorted; none where there are more shards than files. */
  readonly files: readonly KnownFile[];
  /** Those of all shards. */
  readonly all: readonly KnownFile[];
  /** Writes what was found where `--report` says: of one shard, or, of a run over all of a plan, the total. */
  write(result: ShardResults[C]): Promise<void>;
}

/** How a command's work is divided. */
export interface ShardWork<C extends ShardCommand> {
  readonly command: C;
  readonly inputs: readonly string[];
  readonly format: 'tfrecord' | 'recordio' | 'textline' | 'auto';
  /** Whether the command can do a part of a file. */
  readonly parts: boolean;
  /** The options that decide what is found; those that are undefined are left out. */
  readonly settings: Readonly<Record<string, string | number | boolean | undefined>>;
}

type Options = ShardCommandOptions & ObjectCommandOptions & InputCommandOptions & { readonly quiet?: true };

/**
 * The part of the work that is this process's.
 * @throws UsageError where it is not clear which that is
 */
export async function shardRun<C extends ShardCommand>(
  work: ShardWork<C>,
  options: Options,
): Promise<ShardRun<C>> {
  const { command, inputs, format } = work;
  const { plan: planFile, shard: choice, quiet, report } = options;
  const reaching = reachingOf(options);
  if (planFile !== undefined && inputs.length > 0)
    throw new UsageError(`--plan: the plan lists the inputs; remove ${inputs[0]}`);
  if (choice !== undefined && !('auto' in choice) && planFile === undefined && inputs.includes('-'))
    throw new UsageError('--shard: standard input cannot be divided; pass files');
  const found = planFile === undefined ? undefined : await readPlan(planFile, reaching);
  const { shard, shards, by, folders } = whichShard(choice, found?.shards);
  if (found === undefined) refuseSharded(inputs, folders);
  const planned =
    found ?? (await planShards(inputs, { ...reaching, format, ...inputOptionsOf(options, quiet) }));
  const plan = work.parts ? planned : uncut(planned);
  const files = assign(plan, shards)[shard];
  if (!quiet) {
    if (found === undefined) complain(NO_PLAN);
    if (choice !== undefined) complain(shardText({ shard, shards }, by, files, plan));
  }
  if (report !== undefined && !isS3(report)) {
    if (report.endsWith('/')) await makeFolder(report);
    await checkReportFolder(await named(report, 'x'));
  }
  return {
    files,
    all: plan.files,
    write: async (result) => {
      if (report === undefined) return;
      const part = shardReport(command, plan, { shard, shards }, result, givenOf(work.settings));
      const written = choice === undefined ? totalReport(part) : part;
      const output = await named(report, reportName(part));
      const isNew = await writeReport(written, output, reaching);
      if (!quiet) complain(isNew ? `wrote ${visible(output)}` : `${visible(output)} is up to date`);
    },
  };
}

const NO_PLAN =
  'recordpipe: without --plan each worker lists the inputs itself; if files are added or removed meanwhile, the reports cannot be merged (recordpipe plan writes a plan)';

interface Which extends Shard {
  readonly by: string | undefined;
  readonly folders: readonly string[];
}

function whichShard(choice: ShardChoice | undefined, planned: number | undefined): Which {
  if (choice === undefined) return { shard: 0, shards: 1, by: undefined, folders: [] };
  const { shards = planned } = choice;
  if (planned !== undefined && shards !== planned)
    throw new UsageError(`--shard: the plan has ${planned} shards, got ${shards}`);
  if (!('auto' in choice)) return { ...choice, by: undefined, folders: [] };
  const {
    shard,
    shards: count,
    shardedFolders: folders,
    ...from
  } = shardFromEnvironment(process.env, { shards });
  return { shard, shards: count, by: engineText(from), folders };
}

/** What SageMaker has divided by keys is not divided again. */
function refuseSharded(inputs: readonly string[], folders: readonly string[]): void {
  for (const folder of folders) {
    const inside = inputs.find((input) => input === folder || input.startsWith(`${folder}/`));
    if (inside !== undefined)
      throw new UsageError(
        `--shard: SageMaker has given each machine its part of ${folder} already (ShardedByS3Key), so dividing it again would skip most of it; remove --shard`,
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

/** A report's own name in a folder, or the one that was given. */
async function named(report: string, name: string): Promise<string> {
  if (report.endsWith('/')) return `${report}${name}`;
  const folder = !isS3(report) && (await stat(report).catch(() => undefined))?.isDirectory();
  return folder ? join(report, name) : report;
}

function givenOf(settings: ShardWork<'stats'>['settings']): ShardSettings {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as ShardSettings;
}
