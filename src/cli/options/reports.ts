import { InvalidArgumentError } from 'commander';
import type { ShardChoice } from 'recordpipe/scale';
import { atLeast, flag, grouped, negation, type OptionsOf, parsed, value } from './option.ts';

/** Options of commands that can run on several machines. */
export interface ShardOptions {
  readonly shard?: ShardChoice;
  readonly plan?: string;
  readonly report?: string;
}

/** Reports whether the command runs on a shard or from a plan. */
export function isSharded({ shard, plan }: ShardOptions): boolean {
  return shard !== undefined || plan !== undefined;
}

export const SHARDS_HEADING = 'Several machines:';

export const shardOptions: OptionsOf<ShardOptions> = grouped(SHARDS_HEADING, {
  shard: parsed(
    '--shard <i/n>',
    'process only shard I of N (zero-based); auto reads I and N from the environment (AWS Batch, Kubernetes, SageMaker, Slurm, RANK and WORLD_SIZE), and auto/N reads only I',
    shardChoice,
  ),
  plan: value('--plan <file>', 'read the inputs from a plan written by recordpipe plan'),
  report: value(
    '--report <file>',
    'with --shard or --plan: write the shard report for recordpipe merge to this file; to write a separate file for each shard, pass a directory/ or s3://bucket/prefix/',
  ),
});

/** Copy of MAX_SHARDS in recordpipe/scale, which is not loaded at startup. */
const MAX_SHARDS = 100_000;
const SHARD = /^(?:auto|\d{1,9})(?:\/\d{1,9})?$/;

/** Parses `--shard`. Does not use the library's parser, which would increase startup time. */
function shardChoice(text: string): ShardChoice {
  const [which, count] = text.split('/');
  const shards = count === undefined ? undefined : Number(count);
  if (!SHARD.test(text) || shards === 0 || (which !== 'auto' && shards === undefined))
    throw new InvalidArgumentError('Expected I/N (e.g. 0/8), auto or auto/N.');
  if (shards !== undefined && shards > MAX_SHARDS)
    throw new InvalidArgumentError(`Expected at most ${MAX_SHARDS} shards.`);
  if (which === 'auto') return { auto: true, shards };
  if (Number(which) < shards!) return { shard: Number(which), shards: shards! };
  throw new InvalidArgumentError(
    `Expected 0/${shards} to ${shards! - 1}/${shards}: shard numbers start at 0.`,
  );
}

/** Options of commands that print a report. */
export interface ReportOptions {
  readonly json?: true;
  readonly quiet?: true;
  readonly progress: boolean;
}

export const reportOptions: OptionsOf<ReportOptions> = {
  json: flag('--json', 'print the result as one JSON document'),
  quiet: flag('-q, --quiet', 'hide progress, notices and the summary'),
  progress: negation('--no-progress', 'hide progress'),
};

/** Options of commands that process many files in parallel. */
export interface RunOptions extends ReportOptions {
  readonly jobs?: number;
}

/** Maximum number of jobs. Each thread uses about 10 MB. */
const MAX_JOBS = 256;

export const runOptions: OptionsOf<RunOptions> = {
  ...reportOptions,
  jobs: parsed('-j, --jobs <n>', `number of threads, up to ${MAX_JOBS} (default: one per core)`, (text) => {
    const jobs = atLeast(1)(text);
    if (jobs <= MAX_JOBS) return jobs;
    throw new InvalidArgumentError(`Expected an integer from 1 to ${MAX_JOBS}.`);
  }),
};

/** Options of commands that can print one line per file or record. */
export interface LinesOptions {
  readonly jsonl?: true;
}

export const linesOptions: OptionsOf<LinesOptions> = {
  jsonl: flag('--jsonl', 'print one JSON object per line').conflicts('json'),
};
