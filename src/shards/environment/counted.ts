import { type Claim, type Detector, shown, type Variables, whole } from './claim.ts';

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
