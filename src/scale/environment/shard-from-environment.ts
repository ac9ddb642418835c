import { readFileSync } from 'node:fs';
import { RecordpipeError, UsageError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { checkShards } from '../shard.ts';
import {
  awsBatch,
  type Claim,
  type Detector,
  kubernetes,
  ranks,
  type ShardEngine,
  shown,
  type Variables,
  whole,
} from './claim.ts';

/** The text of a file; undefined where there is none. */
export type ReadText = (path: string) => string | undefined;

const PROCESSING = '/opt/ml/config';
const TRAINING = '/opt/ml/input/config';
const SHARDED = 'ShardedByS3Key';

/**
 * SageMaker's Processing jobs, which have their machines in a file and in no variable. Source: its developer guide, "How Amazon SageMaker Processing configures your
 * processing container".
 */
export function processing(readText: ReadText): Claim | undefined {
  return fromHosts('sagemaker-processing', `${PROCESSING}/resourceconfig.json`, readText);
}

/** SageMaker's training jobs. Source: its developer guide, "How Amazon SageMaker provides training information". */
export function training(variables: Variables, readText: ReadText): Claim | undefined {
  const claim = fromHosts('sagemaker-training', `${TRAINING}/resourceconfig.json`, readText);
  const { SM_HOSTS: list, SM_CURRENT_HOST: current } = variables;
  if (claim !== undefined || list === undefined || current === undefined) return claim;
  return claimOf(
    'sagemaker-training',
    shown(variables, 'SM_CURRENT_HOST', 'SM_HOSTS'),
    current,
    json(list, 'SM_HOSTS'),
  );
}

/** Folders of inputs of which this machine has been given its part already. */
export function shardedFolders(readText: ReadText): string[] {
  const job = object(
    readText(`${PROCESSING}/processingjobconfig.json`),
    `${PROCESSING}/processingjobconfig.json`,
  );
  const channels = object(readText(`${TRAINING}/inputdataconfig.json`), `${TRAINING}/inputdataconfig.json`);
  const inputs = Array.isArray(job?.['ProcessingInputs']) ? job['ProcessingInputs'] : [];
  const processed = inputs.flatMap((input: { S3Input?: Record<string, unknown> }) => {
    const { S3DataDistributionType: kind, LocalPath: folder } = input?.S3Input ?? {};
    return kind === SHARDED && typeof folder === 'string' ? [folder] : [];
  });
  const trained = Object.entries(channels ?? {}).flatMap(([name, channel]) =>
    (channel as { S3DistributionType?: unknown } | null)?.S3DistributionType === SHARDED
      ? [`/opt/ml/input/data/${name}`]
      : [],
  );
  return [...processed, ...trained];
}

function fromHosts(engine: Claim['engine'], path: string, readText: ReadText): Claim | undefined {
  const config = object(readText(path), path);
  if (config === undefined) return undefined;
  return claimOf(engine, path, config['current_host'], config['hosts']);
}

/** The place of a machine in the sorted names: the files list them in different orders. */
function claimOf(engine: Claim['engine'], by: string, current: unknown, hosts: unknown): Claim {
  const isList = Array.isArray(hosts) && hosts.every((host) => typeof host === 'string');
  const names: string[] = isList ? [...new Set<string>(hosts)].sort() : [];
  const index = typeof current === 'string' ? names.indexOf(current) : -1;
  if (index >= 0) return { engine, by: `${by}: ${current} of ${names.length}`, index, count: names.length };
  const text = `current_host: expected one of hosts, ${JSON.stringify(hosts)}, got ${JSON.stringify(current)}`;
  throw new RecordpipeError('malformed-config', text, { uri: by });
}

function object(text: string | undefined, path: string): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  const value = json(text, path);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new RecordpipeError('malformed-config', 'expected a JSON object', { uri: path });
}

function json(text: string, uri: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RecordpipeError('malformed-config', `not JSON: ${(error as Error).message}`, { uri }, error);
  }
}

const ID = 'SLURM_ARRAY_TASK_ID';
const COUNT = 'SLURM_ARRAY_TASK_COUNT';
const MIN = 'SLURM_ARRAY_TASK_MIN';
const MAX = 'SLURM_ARRAY_TASK_MAX';
const STEP = 'SLURM_ARRAY_TASK_STEP';

/**
 * Slurm, job arrays. An array of some of the tasks (`--array=3,7`, to run these again) looks like an array of two: where it is known how many shards
 * there are, the id of a task is the shard. Source of the names: sbatch(1), "OUTPUT ENVIRONMENT VARIABLES".
 */
export const slurm: Detector = (variables, known) => {
  const id = whole(variables, ID);
  if (id === undefined) return undefined;
  const count = whole(variables, COUNT);
  const min = whole(variables, MIN) ?? 0;
  const step = whole(variables, STEP) || 1;
  const max = whole(variables, MAX);
  const by = shown(variables, ID, COUNT, MIN, MAX, STEP);
  const index = (id - min) / step;
  const regular =
    count !== undefined && Number.isInteger(index) && (max === undefined || min + (count - 1) * step === max);
  if (known !== undefined)
    return { engine: 'slurm', by, index: regular && count === known ? index : id, count: known };
  if (count !== undefined && !(regular && min <= 1))
    throw new UsageError(
      `shard: an array that does not go from 0 or 1 on without a gap (${by}) may be a part of another; say how many shards there are: --shard auto/N, RECORDPIPE_SHARDS, or a plan with --shards`,
    );
  return { engine: 'slurm', by, index, count };
};

/** One of the shards that work is divided into. */
export interface Shard {
  /** From 0 on. */
  readonly shard: number;
  readonly shards: number;
}

/** The shard that this process is to do, and who says so. */
export interface EnvironmentShard extends Shard {
  readonly engine: ShardEngine;
  /** What that is taken from, for people. */
  readonly by: string;
  /** Local folders of which SageMaker has given each machine its part already (`ShardedByS3Key`): their files must not be divided again. */
  readonly shardedFolders: readonly string[];
}

/** Names of engines, for people. */
const ENGINES: Record<ShardEngine, string> = {
  'aws-batch': 'AWS Batch array job',
  kubernetes: 'Kubernetes Indexed Job',
  'sagemaker-processing': 'SageMaker Processing job',
  'sagemaker-training': 'SageMaker training job',
  slurm: 'Slurm array',
  ranks: 'RANK and WORLD_SIZE',
};

/** Where it is said how many shards there are, by those whose engine does not. */
const SHARDS = 'RECORDPIPE_SHARDS';

/**
 * Which shard this process is, by what the engine that started it says. Asked are, in this order: AWS Batch array jobs, Kubernetes Indexed Jobs, SageMaker Processing
 * and training jobs (`resourceconfig.json`), Slurm arrays, RANK and WORLD_SIZE. Those that say anything must agree.
 *
 * How many shards there are is told by the engine, or where it does not (Kubernetes), by `RECORDPIPE_SHARDS` or `shards`. Of an array of some tasks only, as is used to
 * run these again (Slurm's `--array=3,7`), the id of the task is the shard where one of the two is there.
 *
 * @param variables default: those of this process
 * @param options `shards`: how many there are, as a plan may say; `readText`: what files hold, undefined where there is none
 * @throws UsageError where nobody says which shard this is, or how many there are, or where what is said does not go together: never is the whole set taken for one shard
 * @throws RecordpipeError `malformed-config` for a file of SageMaker's that is not what it writes
 * @example
 * ```ts
 * import { shardFromEnvironment } from 'recordpipe/scale';
 * const { shard, shards, engine } = shardFromEnvironment({ AWS_BATCH_JOB_ARRAY_INDEX: '3', AWS_BATCH_JOB_ARRAY_SIZE: '8' });
 * console.log(shard, shards, engine); // 3 8 aws-batch
 * ```
 */
export function shardFromEnvironment(
  variables: Variables = process.env,
  options: { readonly shards?: number | undefined; readonly readText?: ReadText | undefined } = {},
): EnvironmentShard {
  const { readText = textOf } = options;
  const known = same(options.shards, whole(variables, SHARDS));
  const engines = [
    awsBatch(variables, known),
    kubernetes(variables, known),
    processing(readText),
    training(variables, readText),
    slurm(variables, known),
  ].filter((claim) => claim !== undefined);
  const ranked = ranks(variables, known);
  // RANK alone is a word of many programs.
  const counts = ranked !== undefined && (engines.length === 0 || ranked.count !== undefined);
  const claims = counts ? [...engines, ranked] : engines;
  if (claims.length === 0)
    throw new UsageError(
      'shard: auto finds no engine that says which shard this is (AWS Batch, Kubernetes, SageMaker, Slurm, RANK and WORLD_SIZE); pass --shard i/n',
    );
  const [first] = claims;
  const shards = claims.reduce((count, claim) => agreed(count, claim, first), known);
  if (shards === undefined)
    throw new UsageError(
      `shard: ${ENGINES[first.engine]} (${first.by}) does not say how many shards there are; say so: --shard auto/N, ${SHARDS}, or a plan with --shards`,
    );
  checkShards(shards);
  if (first.index >= shards)
    throw new UsageError(
      `shard: expected 0 to ${shards - 1}, as there are ${shards} shards, got ${first.index} from ${ENGINES[first.engine]} (${first.by})`,
    );
  const folders = shards > 1 ? shardedFolders(readText) : [];
  return { shard: first.index, shards, engine: first.engine, by: first.by, shardedFolders: folders };
}

function same(one: number | undefined, other: number | undefined): number | undefined {
  if (one !== undefined && other !== undefined && one !== other)
    throw new UsageError(
      `shard: ${SHARDS} says ${other} shards, the plan or the command line ${one}; leave one of them out`,
    );
  const shards = one ?? other;
  if (shards !== undefined) checkShards(shards);
  return shards;
}

/** How many shards there are by this claim too. */
function agreed(shards: number | undefined, claim: Claim, first: Claim): number | undefined {
  const differs = claim.index !== first.index;
  if (differs || (shards !== undefined && claim.count !== undefined && claim.count !== shards)) {
    const text = (one: Claim): string => `${ENGINES[one.engine]} (${one.by})`;
    const other = claim === first ? `there are to be ${shards} shards` : `${text(first)} says something else`;
    throw new UsageError(`shard: ${text(claim)} contradicts: ${other}; pass --shard i/n`);
  }
  return shards ?? claim.count;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const failure = fileError(error, path);
    if (failure.code === 'not-found') return undefined;
    throw failure;
  }
}

/** What is taken for which shard this is, in a line for people. */
export function engineText({ engine, by }: Pick<EnvironmentShard, 'engine' | 'by'>): string {
  return `${ENGINES[engine]}: ${by}`;
}
