import { readFileSync } from 'node:fs';

/** A CreateTrainingJob request, with the fields that matter to the training toolkit. */
export interface JobDefinition {
  readonly TrainingJobName: string;
  readonly RoleArn: string;
  readonly AlgorithmSpecification: object;
  readonly ResourceConfig: object;
  readonly HyperParameters?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** Returns a valid request for one machine, changed by `changes`. */
function job(name: string, changes: Readonly<Record<string, unknown>> = {}): JobDefinition {
  return {
    TrainingJobName: name,
    RoleArn: 'arn:aws:iam::123456789012:role/r',
    AlgorithmSpecification: algorithm('File'),
    OutputDataConfig: { S3OutputPath: 's3://bkt/out' },
    ResourceConfig: machines(1),
    StoppingCondition: { MaxRuntimeInSeconds: 60 },
    ...changes,
  };
}

function algorithm(mode: string): object {
  return { TrainingImage: '763104351884.dkr.ecr.us-east-1.amazonaws.com/t:2.14', TrainingInputMode: mode };
}

function machines(count: number): object {
  return { InstanceType: 'ml.c5.xlarge', InstanceCount: count, VolumeSizeInGB: 30 };
}

function channel(name: string, changes: Readonly<Record<string, unknown>> = {}, source: object = {}): object {
  const s3 = {
    S3DataType: 'S3Prefix',
    S3Uri: `s3://bkt/${name}/`,
    S3DataDistributionType: 'FullyReplicated',
  };
  return { ChannelName: name, DataSource: { S3DataSource: { ...s3, ...source } }, ...changes };
}

/** Hyperparameters that the SageMaker SDK adds to those of a user. */
const SDK = {
  sagemaker_program: '"dump.py"',
  sagemaker_submit_directory: '"s3://bkt/code/sourcedir.tar.gz"',
  sagemaker_container_log_level: '20',
  sagemaker_job_name: '"sdk-job"',
  sagemaker_region: '"us-east-1"',
};

/** Returns a job with hyperparameters and the SDK's. */
function parameters(name: string, own: Readonly<Record<string, string>>): JobDefinition {
  return job(name, { HyperParameters: { ...own, ...SDK } });
}

const GROUPS = [
  { InstanceGroupName: 'data', InstanceType: 'ml.c5.xlarge', InstanceCount: 2 },
  { InstanceGroupName: 'train', InstanceType: 'ml.trn2.48xlarge', InstanceCount: 1 },
];

/** Requests of test/fixtures/jobs: sdk.json and sdk1.json were captured from fit() of the SageMaker SDK. */
function captured(): readonly JobDefinition[] {
  return ['request', 'sdk', 'sdk1', 'req-aug-file', 'req-file-default'].map((name) => {
    const path = new URL(`../fixtures/jobs/${name}.json`, import.meta.url);
    return { ...(JSON.parse(readFileSync(path, 'utf8')) as JobDefinition), TrainingJobName: name };
  });
}

/** Definitions of training jobs that differ in what the toolkit reads. */
export const JOB_DEFINITIONS: readonly JobDefinition[] = [
  job('least'),
  job('no-hyperparameters', { InputDataConfig: [channel('training')] }),
  parameters('strings', { optimizer: '"adam"', name: 'plain text', empty: '', quoted: '""', spaces: '"  "' }),
  parameters('numbers', { a: '3', b: '0.1', c: '1e-3', d: '-0', e: '-0.0', f: '1E400', g: '0012', h: '+1' }),
  parameters('floats', {
    ...{ big: '1e16', plain: '1e15', small: '0.0001', tiny: '0.00001', max: '1.7976931348623157e308' },
    ...{ third: '0.3333333333333333', denormal: '5e-324', rounded: '0.1000000000000000055', long: '1.0' },
  }),
  parameters('integers', { n: '123456789012345678901234567890', digits: '1'.repeat(400) }),
  parameters('constants', {
    t: 'true',
    f: 'false',
    n: 'null',
    nan: 'NaN',
    inf: 'Infinity',
    minus: '-Infinity',
  }),
  parameters('lists', { layers: '[1, 2]', mixed: '[1.0, null, true, "a", {"b": [false]}]', empty: '[]' }),
  parameters('objects', {
    config: '{"b": 1, "a": {"c": "d"}, "A": [1.5, "x"]}',
    ...{ empty: '{}', twice: '{"a": 1, "a": 2}', numbers: '{"10": 1, "9": 2}' },
  }),
  parameters('quotes', {
    single: '"it\'s"',
    double: '"say \\"so\\""',
    both: '["it\'s \\"so\\"", "it\'s", "\\"so\\""]',
    backslash: '["\\\\", "a\\\\b"]',
    controls: '["\\u0001", "\\n\\r\\t", "\\u007f", "\\u00ad", "\\u2028", "\\u200b", "\\ufeff", "\\u00a0"]',
  }),
  parameters('unicode', {
    ...{ größe: '"größe"', ß: '1', ﬁ: '2', ǆ: '3', '😀': '"😀"', 日本語: '["日本語", "😀"]' },
    ...{ '\uff5e': '1', '\u{10400}': '2' },
  }),
  parameters('names', {
    k: '3',
    K: '4',
    'learning-rate': '0.1',
    learning_rate: '0.2',
    'a.b': '1',
    'a b': '2',
  }),
  parameters('not-json', {
    ...{ open: '[1, 2', single: "['a']", comma: '[1,]', python: 'True', hex: '0x10', dot: '.5', two: '1 2' },
    ...{ escape: '"\\x41"', newline: '"a\nb"', comment: '1 // one', padded: ' 7\t' },
  }),
  parameters('arguments', { '-': 'dash', '--flag': '1', equals: 'a=b', shell: '$(id); `id` "x" \'y\'' }),
  job('sagemaker-parameters', {
    HyperParameters: {
      ...SDK,
      sagemaker_instance_type: '"ml.c5.xlarge"',
      sagemaker_estimator_module: '"sagemaker.tensorflow.estimator"',
      sagemaker_enable_cloudwatch_metrics: 'false',
      sagemaker_s3_output: '"s3://bkt/out"',
      _tuning_objective_metric: '"loss"',
      default_user_module_name: '"m"',
      sagemaker: '1',
    },
  }),
  job('no-program', { HyperParameters: { epochs: '2' } }),
  job('log-level', {
    HyperParameters: { sagemaker_container_log_level: '10', sagemaker_program: 'bin/run.sh' },
  }),
  job('odd-parameters', {
    HyperParameters: {
      ...{ sagemaker_program: '5', sagemaker_submit_directory: 'null', sagemaker_region: 'null' },
      sagemaker_container_log_level: '"debug"',
    },
  }),
  job('environment', {
    HyperParameters: { ...SDK, epochs: '2' },
    Environment: {
      ...{
        MY_FLAG: 'on',
        SAGEMAKER_PROGRAM: 'other.py',
        SAGEMAKER_TRAINING_MODULE: 'framework.training:main',
      },
      ...{ SM_HP_MP_PARAMETERS: '{"ddp": true}', SM_HPS: 'overridden', EMPTY: '' },
    },
  }),
  job('pipe', {
    AlgorithmSpecification: algorithm('Pipe'),
    InputDataConfig: [
      channel('train', {
        RecordWrapperType: 'RecordIO',
        CompressionType: 'Gzip',
        ShuffleConfig: { Seed: 5 },
      }),
      channel('my-val', { ContentType: 'text/csv' }),
      channel('Aux.1', {}, { S3DataDistributionType: 'ShardedByS3Key' }),
    ],
  }),
  job('modes', {
    InputDataConfig: [
      channel('file'),
      channel('pipe', { InputMode: 'Pipe' }),
      channel('fast', { InputMode: 'FastFile' }),
    ],
  }),
  job('fast-file', {
    AlgorithmSpecification: algorithm('FastFile'),
    InputDataConfig: [channel('a_b'), channel('a-b'), channel('1')],
  }),
  job('manifests', {
    InputDataConfig: [
      channel('list', {}, { S3DataType: 'ManifestFile', S3Uri: 's3://bkt/list.manifest' }),
      channel(
        'lines',
        { RecordWrapperType: 'RecordIO', InputMode: 'Pipe' },
        {
          ...{ S3DataType: 'AugmentedManifestFile', S3Uri: 's3://bkt/lines.jsonl' },
          AttributeNames: ['image-ref', 'label'],
        },
      ),
    ],
  }),
  job('twenty-channels', { InputDataConfig: Array.from({ length: 20 }, (_, i) => channel(`c${i}`)) }),
  job('hosts', { ResourceConfig: machines(2), InputDataConfig: [channel('train')], HyperParameters: SDK }),
  job('twelve-hosts', { ResourceConfig: machines(12) }),
  job('mpi', {
    ResourceConfig: machines(2),
    HyperParameters: { ...SDK, sagemaker_mpi_enabled: 'true', sagemaker_mpi_num_of_processes_per_host: '2' },
  }),
  job('distribution-off', {
    HyperParameters: { sagemaker_mpi_enabled: '0', sagemaker_pytorch_ddp_enabled: '""' },
  }),
  job('groups', {
    ResourceConfig: { InstanceGroups: GROUPS, VolumeSizeInGB: 30 },
    InputDataConfig: [
      channel('all'),
      channel('some', {}, { InstanceGroupNames: ['train'] }),
      channel('both', {}, { InstanceGroupNames: ['data', 'train'] }),
    ],
    HyperParameters: { ...SDK, sagemaker_torch_distributed_enabled: 'true' },
  }),
  job('distributed-group', {
    ResourceConfig: { InstanceGroups: GROUPS, VolumeSizeInGB: 30 },
    HyperParameters: { sagemaker_distribution_instance_groups: '["train"]', sagemaker_mpi_enabled: 'true' },
  }),
  job('one-group', { ResourceConfig: { InstanceGroups: [GROUPS[0]], VolumeSizeInGB: 30 } }),
  ...captured(),
];
