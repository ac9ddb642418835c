import { UsageError } from '../../errors.ts';
import { type Detector, shown, whole } from './claim.ts';

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
