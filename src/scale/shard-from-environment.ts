import { readFileSync } from 'node:fs';
import { UsageError } from '../errors.ts';
import { fileError } from '../storage/local/file-errors.ts';
import {
  awsBatch,
  type Claim,
  integerIn,
  kubernetes,
  processing,
  type ReadText,
  ranks,
  type ShardEngine,
  shardedFolders,
  slurm,
  training,
  type Variables,
} from './engines.ts';
import { checkShards, type Shard } from './shard.ts';

/** The shard that this process does, and what says so. */
export interface EnvironmentShard extends Shard {
  readonly engine: ShardEngine;
  /** Where the engine says so, for people. */
  readonly by: string;
  /**
   * Local folders that SageMaker has divided already (`ShardedByS3Key`): their files must not be
   * divided again.
   */
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

/** The variable with the number of shards, for engines that do not say. */
const SHARDS = 'RECORDPIPE_SHARDS';

/**
 * The shard that this process is, according to the engine that started it: AWS Batch array jobs,
 * Kubernetes Indexed Jobs, SageMaker Processing and training jobs (`resourceconfig.json`), Slurm
 * arrays, RANK and WORLD_SIZE, in this order. If several say something, they must agree.
 *
 * The engine says how many shards there are; if it does not (Kubernetes), `RECORDPIPE_SHARDS` or
 * `shards` does. With either of the two, in an array of some tasks only, as is used to run these
 * again (Slurm's `--array=3,7`), the id of the task is its shard.
 *
 * @param variables default: those of this process
 * @param options `shards`: the number of shards, as a plan may say; `readText`: reads files
 * @throws UsageError if nothing says which shard this is or how many there are, and for
 *   contradictions: the whole work is never treated as one shard
 * @throws RecordpipeError `malformed-config` for a malformed file of SageMaker
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
  const known = same(options.shards, integerIn(variables, SHARDS));
  const engines = [
    awsBatch(variables),
    kubernetes(variables),
    processing(readText),
    training(variables, readText),
    slurm(variables, known),
  ].filter((claim) => claim !== undefined);
  const ranked = ranks(variables);
  // Many programs use RANK alone.
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

/** What said which shard this is, in one line for people. */
export function engineText({ engine, by }: Pick<EnvironmentShard, 'engine' | 'by'>): string {
  return `${ENGINES[engine]}: ${by}`;
}

function same(one: number | undefined, other: number | undefined): number | undefined {
  if (one !== undefined && other !== undefined && one !== other)
    throw new UsageError(
      `shard: ${SHARDS} says ${other} shards, the plan or the command line ${one}; omit one of them`,
    );
  const shards = one ?? other;
  if (shards !== undefined) checkShards(shards);
  return shards;
}

/** The number of shards that this claim agrees with. */
function agreed(shards: number | undefined, claim: Claim, first: Claim): number | undefined {
  const differs = claim.index !== first.index;
  if (differs || (shards !== undefined && claim.count !== undefined && claim.count !== shards)) {
    const text = (one: Claim): string => `${ENGINES[one.engine]} (${one.by})`;
    const other = claim === first ? `${shards} shards were given` : `${text(first)} says something else`;
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
