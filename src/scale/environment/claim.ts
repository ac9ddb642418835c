import { UsageError } from '../../errors.ts';

/** Who started this process as one of many. */
export type ShardEngine =
  | 'aws-batch'
  | 'kubernetes'
  | 'sagemaker-processing'
  | 'sagemaker-training'
  | 'slurm'
  | 'ranks';

/** The variables of a process. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What an engine says of this process. */
export interface Claim {
  readonly engine: ShardEngine;
  /** What it goes by, for people: variables and their values. */
  readonly by: string;
  /** From 0. */
  readonly index: number;
  /** How many there are, where the engine says so. */
  readonly count: number | undefined;
}

/** @param known how many shards there are, where that is known from elsewhere */
export type Detector = (variables: Variables, known: number | undefined) => Claim | undefined;

/** The value of a variable as a whole number. @throws UsageError for anything else */
export function whole(variables: Variables, name: string): number | undefined {
  const text = variables[name];
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`shard: expected an integer in ${name}, got ${JSON.stringify(text)}`);
}

/** `A=1, B=2`: those of the variables that are set. */
export function shown(variables: Variables, ...names: string[]): string {
  return names
    .filter((name) => variables[name] !== undefined)
    .map((name) => `${name}=${variables[name]}`)
    .join(', ');
}

/** AWS Batch, array jobs. Source of the names: its user guide, "Job environment variables". */
export const awsBatch: Detector = (variables) =>
  counted('aws-batch', variables, 'AWS_BATCH_JOB_ARRAY_INDEX', 'AWS_BATCH_JOB_ARRAY_SIZE');

/**
 * Kubernetes, Jobs with `completionMode: Indexed`. They do not tell how many there are: the manifest has to, in JOB_COMPLETIONS or RECORDPIPE_SHARDS.
 * Source of the name: its documentation of Jobs, "Completion mode".
 */
export const kubernetes: Detector = (variables) =>
  counted('kubernetes', variables, 'JOB_COMPLETION_INDEX', 'JOB_COMPLETIONS');

/** torchrun, mpirun wrappers, Kubeflow and others. */
export const ranks: Detector = (variables) => counted('ranks', variables, 'RANK', 'WORLD_SIZE');

function counted(
  engine: Claim['engine'],
  variables: Variables,
  indexName: string,
  countName: string,
): Claim | undefined {
  const index = whole(variables, indexName);
  if (index === undefined) return undefined;
  return { engine, by: shown(variables, indexName, countName), index, count: whole(variables, countName) };
}
