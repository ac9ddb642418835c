import { readFileSync } from 'node:fs';
import { fileError } from '../../bytes/file-errors.ts';
import { UsageError } from '../../errors.ts';
import { checkShards } from '../shard-count.ts';
import { type Claim, type ShardEngine, type Variables, whole } from './claim.ts';
import { awsBatch, kubernetes, ranks } from './counted.ts';
import { processing, type ReadText, shardedFolders, training } from './sagemaker.ts';
import { slurm } from './slurm.ts';

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
 * import { shardFromEnvironment } from 'recordpipe/shards';
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
