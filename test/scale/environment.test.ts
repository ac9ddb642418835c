import { expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { isRecordpipeError } from '../../src/index.ts';
import { parseShard, shardFromEnvironment, shardList } from '../../src/scale/index.ts';

type Files = Readonly<Record<string, unknown>>;

const PROCESSING = '/opt/ml/config/resourceconfig.json';
const TRAINING = '/opt/ml/input/config/resourceconfig.json';

function found(env: Record<string, string>, files: Files = {}, shards?: number) {
  const readText = (path: string): string | undefined =>
    path in files ? JSON.stringify(files[path]) : undefined;
  return shardFromEnvironment(env, { readText, shards });
}

const slurm = (id: number, count: number, min: number, max: number, step = 1): Record<string, string> => ({
  SLURM_ARRAY_TASK_ID: `${id}`,
  SLURM_ARRAY_TASK_COUNT: `${count}`,
  SLURM_ARRAY_TASK_MIN: `${min}`,
  SLURM_ARRAY_TASK_MAX: `${max}`,
  SLURM_ARRAY_TASK_STEP: `${step}`,
});
const batch = { AWS_BATCH_JOB_ARRAY_INDEX: '3', AWS_BATCH_JOB_ARRAY_SIZE: '8' };
const hosts = { current_host: 'algo-2', hosts: ['algo-10', 'algo-2', 'algo-1'] };

test.each<
  [what: string, env: Record<string, string>, shard: [number, number, string], files?: Files, shards?: number]
>([
  ['AWS Batch', batch, [3, 8, 'aws-batch']],
  ['AWS Batch, agreeing with a plan', batch, [3, 8, 'aws-batch'], {}, 8],
  ['AWS Batch on EKS, which is an Indexed Job', { ...batch, JOB_COMPLETION_INDEX: '3' }, [3, 8, 'aws-batch']],
  [
    'Kubernetes, from its manifest',
    { JOB_COMPLETION_INDEX: '0', RECORDPIPE_SHARDS: '4' },
    [0, 4, 'kubernetes'],
  ],
  [
    'Kubernetes, completions passed',
    { JOB_COMPLETION_INDEX: '2', JOB_COMPLETIONS: '4' },
    [2, 4, 'kubernetes'],
  ],
  ['Kubernetes, from the plan', { JOB_COMPLETION_INDEX: '3' }, [3, 4, 'kubernetes'], {}, 4],
  ['SageMaker Processing', {}, [2, 3, 'sagemaker-processing'], { [PROCESSING]: hosts }],
  ['SageMaker training', {}, [2, 3, 'sagemaker-training'], { [TRAINING]: hosts }],
  [
    'SageMaker training, by variables',
    { SM_CURRENT_HOST: 'algo-1', SM_HOSTS: '["algo-2","algo-1"]' },
    [0, 2, 'sagemaker-training'],
  ],
  [
    'SageMaker training on one machine',
    {},
    [0, 1, 'sagemaker-training'],
    { [TRAINING]: { current_host: 'algo-1', hosts: ['algo-1'] } },
  ],
  ['Slurm from 0', slurm(5, 8, 0, 7), [5, 8, 'slurm']],
  ['Slurm from 1', slurm(8, 8, 1, 8), [7, 8, 'slurm']],
  ['Slurm in steps', slurm(6, 4, 0, 6, 2), [3, 4, 'slurm']],
  ['Slurm from 1, agreeing with a plan', slurm(8, 8, 1, 8), [7, 8, 'slurm'], {}, 8],
  ['Slurm, a rerun of some tasks', slurm(7, 2, 3, 7), [7, 8, 'slurm'], {}, 8],
  ['Slurm, a rerun of adjacent tasks', slurm(6, 2, 6, 7), [6, 8, 'slurm'], {}, 8],
  ['Slurm, a rerun of one task', { ...slurm(3, 1, 3, 3), RECORDPIPE_SHARDS: '8' }, [3, 8, 'slurm']],
  ['RANK and WORLD_SIZE', { RANK: '1', WORLD_SIZE: '2' }, [1, 2, 'ranks']],
  ['RANK, with a given number of shards', { RANK: '1' }, [1, 2, 'ranks'], {}, 2],
  ['Slurm and ranks that agree', { ...slurm(1, 2, 0, 1), RANK: '1', WORLD_SIZE: '2' }, [1, 2, 'slurm']],
  ['Slurm and an unrelated RANK', { ...slurm(1, 2, 0, 1), RANK: '0' }, [1, 2, 'slurm']],
])('%s', (_, env, [shard, shards, engine], files, known) => {
  expect(found(env, files, known)).toMatchObject({ shard, shards, engine, shardedFolders: [] });
});

test.each<[what: string, env: Record<string, string>, message: RegExp, files?: Files, shards?: number]>([
  ['no engine', {}, /found no engine/],
  ['no count', { JOB_COMPLETION_INDEX: '0' }, /Kubernetes.*does not provide the number/],
  ['no count from AWS Batch', { AWS_BATCH_JOB_ARRAY_INDEX: '0' }, /does not provide the number/],
  ['RANK alone', { RANK: '0' }, /does not provide the number/],
  ['a count that differs from the plan', batch, /is contradictory: 4 shards were requested/, {}, 4],
  [
    'two given counts that differ',
    { ...batch, RECORDPIPE_SHARDS: '8' },
    /RECORDPIPE_SHARDS specifies 8 shards/,
    {},
    4,
  ],
  ['an index beyond the count', { RANK: '2', WORLD_SIZE: '2' }, /expected 0 to 1.*got 2/],
  ['Slurm, an id beyond the count', slurm(9, 1, 9, 9), /expected 0 to 7/, {}, 8],
  ['Slurm, a partial array', slurm(7, 2, 3, 7), /may be part of a larger.*auto\/N/],
  ['Slurm, adjacent tasks of an array', slurm(6, 2, 6, 7), /may be part of a larger/],
  [
    'ranks within an array task',
    { ...batch, RANK: '0', WORLD_SIZE: '2' },
    /RANK.*is contradictory.*AWS Batch/,
  ],
  [
    'several processes on one machine of SageMaker',
    { RANK: '1', WORLD_SIZE: '8' },
    /is contradictory/,
    { [TRAINING]: { current_host: 'a', hosts: ['a'] } },
  ],
  ['a RANK that is not a number', { RANK: 'one', WORLD_SIZE: '2' }, /integer in RANK, got "one"/],
  ['a negative number', { RANK: '-1', WORLD_SIZE: '2' }, /integer in RANK/],
  ['no shards', { RANK: '0', WORLD_SIZE: '0' }, /expected an integer from 1 to 100000, got 0/],
])('rejected: %s', (_, env, message, files, known) => {
  expect(() => found(env, files, known)).toThrow(UsageError);
  expect(() => found(env, files, known)).toThrow(message);
});

test('SAGEMAKER_BASE_DIR names a folder other than /opt/ml', () => {
  const files = { '/jobs/one/input/config/resourceconfig.json': hosts, [PROCESSING]: { hosts: [] } };
  const { engine, shard, by } = found({ SAGEMAKER_BASE_DIR: '/jobs/one' }, files);
  expect([engine, shard]).toEqual(['sagemaker-training', 2]);
  expect(by).toContain('/jobs/one/input/config/resourceconfig.json');
});

test('rejects a current host that is not in the list of hosts', () => {
  const files = { [PROCESSING]: { current_host: 'x', hosts: ['a', 'b'] } };
  expect(() => found({}, files)).toThrow(/expected one of the hosts/);
  try {
    found({}, files);
  } catch (error) {
    expect(isRecordpipeError(error, 'malformed-config')).toBe(true);
  }
});

test('lists the folders that SageMaker has already divided', () => {
  const input = (LocalPath: string, S3DataDistributionType: string) => ({
    S3Input: { LocalPath, S3DataDistributionType },
  });
  const processing = {
    [PROCESSING]: hosts,
    '/opt/ml/config/processingjobconfig.json': {
      ProcessingInputs: [
        input('/opt/ml/processing/a', 'ShardedByS3Key'),
        input('/opt/ml/processing/b', 'FullyReplicated'),
      ],
    },
  };
  expect(found({}, processing).shardedFolders).toEqual(['/opt/ml/processing/a']);
  const training = {
    [TRAINING]: hosts,
    '/opt/ml/input/config/inputdataconfig.json': {
      train: { S3DistributionType: 'ShardedByS3Key' },
      test: { S3DistributionType: 'FullyReplicated' },
    },
  };
  expect(found({}, training).shardedFolders).toEqual(['/opt/ml/input/data/train']);
});

test('parseShard accepts i/n, auto and auto/n', () => {
  expect(parseShard('0/8')).toEqual({ shard: 0, shards: 8 });
  expect(parseShard('auto')).toEqual({ auto: true, shards: undefined });
  expect(parseShard('auto/8')).toEqual({ auto: true, shards: 8 });
  for (const text of ['8/8', '1/0', '-1/8', '1', 'auto/0', '1/x', '', '0x1/8', '1.5/8'])
    expect(() => parseShard(text)).toThrow(/shard: expected/);
});

test('shardList formats ranges', () => {
  expect(shardList([])).toBe('');
  expect(shardList([7])).toBe('7');
  expect(shardList([0, 1, 3, 5, 6, 7])).toBe('0-1,3,5-7');
});
