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

/** Shard of this process, and the engine that assigned it. */
export interface EnvironmentShard extends Shard {
  /** The engine that started the process. */
  readonly engine: ShardEngine;
  /** Human-readable evidence: variables with their values, or a file. */
  readonly by: string;
  /**
   * Local folders whose files SageMaker has already divided among the machines (`ShardedByS3Key`).
   * These files must not be divided again.
   */
  readonly shardedFolders: readonly string[];
}

/** Human-readable names of engines. */
const ENGINES: Record<ShardEngine, string> = {
  'aws-batch': 'AWS Batch array job',
  kubernetes: 'Kubernetes Indexed Job',
  'sagemaker-processing': 'SageMaker Processing job',
  'sagemaker-training': 'SageMaker training job',
  slurm: 'Slurm array',
  ranks: 'RANK and WORLD_SIZE',
};

/** Environment variable that provides the number of shards if the engine does not. */
const SHARDS = 'RECORDPIPE_SHARDS';

/**
 * Determines the shard of this process from the engine that started it: AWS Batch array jobs,
 * Kubernetes Indexed Jobs, SageMaker Processing and training jobs (`resourceconfig.json`), Slurm
 * arrays, or RANK and WORLD_SIZE, in this order. If several are present, they must agree. The
 * variable `SAGEMAKER_BASE_DIR` names SageMaker's folder if it is not `/opt/ml`.
 *
 * The engine provides the number of shards. If it does not (Kubernetes), set `RECORDPIPE_SHARDS` or
 * `shards`. If either is set, the task ID of a partial array, which reruns some tasks (Slurm's
 * `--array=3,7`), is the shard number.
 *
 * @param variables environment variables. Default: those of this process
 * @param options `shards`: the number of shards, for example from a plan; `readText`: reads files
 * @throws UsageError if the shard or the number of shards is unknown, and for contradictions. An
 *   unknown shard never defaults to all of the work.
 * @throws RecordpipeError `malformed-config` for a malformed SageMaker file
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
    processing(variables, readText),
    training(variables, readText),
    slurm(variables, known),
  ].filter((claim) => claim !== undefined);
  const ranked = ranks(variables);
  // Many programs set RANK without WORLD_SIZE.
  const counts = ranked !== undefined && (engines.length === 0 || ranked.count !== undefined);
  const claims = counts ? [...engines, ranked] : engines;
  if (claims.length === 0)
    throw new UsageError(
      'shard: auto found no engine that assigns a shard (AWS Batch, Kubernetes, SageMaker, Slurm, RANK and WORLD_SIZE); pass --shard I/N',
    );
  const [first] = claims;
  const shards = claims.reduce((count, claim) => agreed(count, claim, first), known);
  if (shards === undefined)
    throw new UsageError(
      `shard: ${ENGINES[first.engine]} (${first.by}) does not provide the number of shards; pass --shard auto/N, ${SHARDS}, or a plan with --shards`,
    );
  checkShards(shards);
  if (first.index >= shards)
    throw new UsageError(
      `shard: expected 0 to ${shards - 1} for ${shards} shards, got ${first.index} from ${ENGINES[first.engine]} (${first.by})`,
    );
  const folders = shards > 1 ? shardedFolders(variables, readText) : [];
  return { shard: first.index, shards, engine: first.engine, by: first.by, shardedFolders: folders };
}

/** Formats the engine and its evidence on one line. */
export function engineText({ engine, by }: Pick<EnvironmentShard, 'engine' | 'by'>): string {
  return `${ENGINES[engine]}: ${by}`;
}

function same(one: number | undefined, other: number | undefined): number | undefined {
  if (one !== undefined && other !== undefined && one !== other)
    throw new UsageError(
      `shard: ${SHARDS} specifies ${other} shards, but the plan or the command line specifies ${one}; remove one of them`,
    );
  const shards = one ?? other;
  if (shards !== undefined) checkShards(shards);
  return shards;
}

/**
 * Returns the number of shards if it is known.
 * @throws UsageError if the claim contradicts the number of shards or the first claim
 */
function agreed(shards: number | undefined, claim: Claim, first: Claim): number | undefined {
  const differs = claim.index !== first.index;
  if (differs || (shards !== undefined && claim.count !== undefined && claim.count !== shards)) {
    const text = (one: Claim): string => `${ENGINES[one.engine]} (${one.by})`;
    const other =
      claim === first ? `${shards} shards were requested` : `${text(first)} specifies another shard`;
    throw new UsageError(`shard: ${text(claim)} is contradictory: ${other}; pass --shard I/N`);
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
