import { RecordpipeError, UsageError } from '../errors.ts';

/** Engine that started this process as one of several. */
export type ShardEngine =
  | 'aws-batch'
  | 'kubernetes'
  | 'sagemaker-processing'
  | 'sagemaker-training'
  | 'slurm'
  | 'ranks';

/** The environment variables of a process. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Reads a text file. Returns undefined if the file does not exist. */
export type ReadText = (path: string) => string | undefined;

/** Shard of this process, as reported by an engine. */
export interface Claim {
  readonly engine: ShardEngine;
  /** Human-readable evidence: variables with their values, or a file. */
  readonly by: string;
  /** Zero-based shard number. */
  readonly index: number;
  /** Number of shards, if the engine provides it. */
  readonly count: number | undefined;
}

/**
 * Detects AWS Batch array jobs. Source of the variable names: AWS Batch User Guide, "Job
 * environment variables".
 */
export function awsBatch(variables: Variables): Claim | undefined {
  return counted('aws-batch', variables, 'AWS_BATCH_JOB_ARRAY_INDEX', 'AWS_BATCH_JOB_ARRAY_SIZE');
}

/**
 * Detects Kubernetes Jobs with `completionMode: Indexed`. They do not provide the number of shards,
 * so the manifest must set JOB_COMPLETIONS or RECORDPIPE_SHARDS. Source of the variable name:
 * Kubernetes documentation of Jobs, "Completion mode".
 */
export function kubernetes(variables: Variables): Claim | undefined {
  return counted('kubernetes', variables, 'JOB_COMPLETION_INDEX', 'JOB_COMPLETIONS');
}

/**
 * Detects torchrun, mpirun wrappers, Kubeflow, and other launchers that set RANK and WORLD_SIZE.
 */
export function ranks(variables: Variables): Claim | undefined {
  return counted('ranks', variables, 'RANK', 'WORLD_SIZE');
}

function counted(
  engine: ShardEngine,
  variables: Variables,
  indexName: string,
  countName: string,
): Claim | undefined {
  const index = integerIn(variables, indexName);
  if (index === undefined) return undefined;
  const by = shown(variables, indexName, countName);
  return { engine, by, index, count: integerIn(variables, countName) };
}

const ID = 'SLURM_ARRAY_TASK_ID';
const COUNT = 'SLURM_ARRAY_TASK_COUNT';
const MIN = 'SLURM_ARRAY_TASK_MIN';
const MAX = 'SLURM_ARRAY_TASK_MAX';
const STEP = 'SLURM_ARRAY_TASK_STEP';

/**
 * Detects Slurm job arrays. A partial array (such as `--array=3,7`, which reruns two tasks) looks
 * like an array of two tasks. If the number of shards is known from another source, the task ID is
 * the shard number. Source of the variable names: sbatch(1), "OUTPUT ENVIRONMENT VARIABLES".
 */
export function slurm(variables: Variables, knownShards: number | undefined): Claim | undefined {
  const id = integerIn(variables, ID);
  if (id === undefined) return undefined;
  const count = integerIn(variables, COUNT);
  const min = integerIn(variables, MIN) ?? 0;
  const step = integerIn(variables, STEP) || 1;
  const max = integerIn(variables, MAX);
  const by = shown(variables, ID, COUNT, MIN, MAX, STEP);
  const index = (id - min) / step;
  const regular =
    count !== undefined && Number.isInteger(index) && (max === undefined || min + (count - 1) * step === max);
  if (knownShards !== undefined)
    return { engine: 'slurm', by, index: regular && count === knownShards ? index : id, count: knownShards };
  if (count !== undefined && !(regular && min <= 1))
    throw new UsageError(
      `shard: an array that does not start at 0 or 1, or has gaps (${by}), may be part of a larger array; pass the number of shards with --shard auto/N, RECORDPIPE_SHARDS, or a plan with --shards`,
    );
  return { engine: 'slurm', by, index, count };
}

/** Returns SageMaker's folder. The variable is that of the SageMaker Training Toolkit. */
function rootOf({ SAGEMAKER_BASE_DIR: root }: Variables): string {
  return root || '/opt/ml';
}

const SHARDED = 'ShardedByS3Key';

/**
 * Detects SageMaker Processing jobs, which list their machines in a file. Source: SageMaker
 * Developer Guide, "How Amazon SageMaker Processing configures your processing container".
 */
export function processing(variables: Variables, readText: ReadText): Claim | undefined {
  return fromHosts('sagemaker-processing', `${rootOf(variables)}/config/resourceconfig.json`, readText);
}

/**
 * Detects SageMaker training jobs. Source: SageMaker Developer Guide, "How Amazon SageMaker
 * provides training information".
 */
export function training(variables: Variables, readText: ReadText): Claim | undefined {
  const path = `${rootOf(variables)}/input/config/resourceconfig.json`;
  const claim = fromHosts('sagemaker-training', path, readText);
  const { SM_HOSTS: list, SM_CURRENT_HOST: current } = variables;
  if (claim !== undefined || list === undefined || current === undefined) return claim;
  const by = shown(variables, 'SM_CURRENT_HOST', 'SM_HOSTS');
  return claimOf('sagemaker-training', by, current, parsed(list, 'SM_HOSTS'));
}

/** Returns the input folders that SageMaker has already divided among the machines. */
export function shardedFolders(variables: Variables, readText: ReadText): string[] {
  const root = rootOf(variables);
  const job = config(`${root}/config/processingjobconfig.json`, readText);
  const channels = config(`${root}/input/config/inputdataconfig.json`, readText);
  const inputs = Array.isArray(job?.['ProcessingInputs']) ? job['ProcessingInputs'] : [];
  const processed = inputs.flatMap((input: { S3Input?: Record<string, unknown> }) => {
    const { S3DataDistributionType: kind, LocalPath: folder } = input?.S3Input ?? {};
    return kind === SHARDED && typeof folder === 'string' ? [folder] : [];
  });
  const trained = Object.entries(channels ?? {}).flatMap(([name, channel]) =>
    (channel as { S3DistributionType?: unknown } | null)?.S3DistributionType === SHARDED
      ? [`${root}/input/data/${name}`]
      : [],
  );
  return [...processed, ...trained];
}

function fromHosts(engine: ShardEngine, path: string, readText: ReadText): Claim | undefined {
  const found = config(path, readText);
  return found && claimOf(engine, path, found['current_host'], found['hosts']);
}

/**
 * Returns the claim of a machine, whose shard number is its index in the sorted host names. The
 * names are sorted because the files list hosts in different orders.
 */
function claimOf(engine: ShardEngine, by: string, current: unknown, hosts: unknown): Claim {
  const isList = Array.isArray(hosts) && hosts.every((host) => typeof host === 'string');
  const names: string[] = isList ? [...new Set<string>(hosts)].sort() : [];
  const index = typeof current === 'string' ? names.indexOf(current) : -1;
  if (index >= 0) return { engine, by: `${by}: ${current} of ${names.length}`, index, count: names.length };
  const text = `current_host: expected one of the hosts in ${JSON.stringify(hosts)}, got ${JSON.stringify(current)}`;
  throw new RecordpipeError('malformed-config', text, { uri: by });
}

function config(path: string, readText: ReadText): Record<string, unknown> | undefined {
  const text = readText(path);
  if (text === undefined) return undefined;
  const value = parsed(text, path);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new RecordpipeError('malformed-config', 'expected a JSON object', { uri: path });
}

function parsed(text: string, uri: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RecordpipeError('malformed-config', `not JSON: ${(error as Error).message}`, { uri }, error);
  }
}

/**
 * Returns the integer in a variable; undefined if it is not set.
 * @throws UsageError for any other text
 */
export function integerIn(variables: Variables, name: string): number | undefined {
  const text = variables[name];
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`shard: expected an integer in ${name}, got ${JSON.stringify(text)}`);
}

/** Formats the variables that are set: `A=1, B=2`. */
function shown(variables: Variables, ...names: string[]): string {
  return names
    .filter((name) => variables[name] !== undefined)
    .map((name) => `${name}=${variables[name]}`)
    .join(', ');
}
