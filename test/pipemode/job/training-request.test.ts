import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { hostChannels } from '../../../src/pipemode/job/host-channels.ts';
import {
  jobHosts,
  parseTrainingRequest,
  readTrainingRequest,
  type TrainingRequestInput,
  trainingRequest,
} from '../../../src/pipemode/job/training-request.ts';

const JOBS = new URL('../../fixtures/jobs/', import.meta.url).pathname;
const read = (name: string) => readTrainingRequest(join(JOBS, name));
const parse = (value: unknown) => parseTrainingRequest(JSON.stringify(value), 'request.json');
const mistake = (message: RegExp | string) =>
  expect.objectContaining({ code: 'malformed-config', message: expect.stringMatching(message) });

const S3 = { S3DataType: 'S3Prefix', S3Uri: 's3://bucket/train/' };
const channel = (more: object = {}, s3: object = {}): object => ({
  ChannelName: 'train',
  DataSource: { S3DataSource: { ...S3, ...s3 } },
  ...more,
});

beforeAll(() => vi.stubEnv('AWS_REGION', ''));
afterAll(() => {
  vi.unstubAllEnvs();
});

describe('job definitions', () => {
  test('every field of a request is read', () => {
    const { warnings, ...request } = read('request.json');
    expect(request).toMatchObject({
      name: 'job-1',
      region: 'us-east-1',
      arn: 'arn:aws:sagemaker:us-east-1:123456789012:training-job/job-1',
      environment: { MY_FLAG: 'on' },
      instanceGroups: [{ name: 'homogeneousCluster', instanceType: 'ml.c5.xlarge', instanceCount: 2 }],
      maxRuntimeSeconds: 5,
      spot: false,
      maxRetries: 0,
      checkpoint: { uri: 's3://bkt/ckpt', localPath: '/opt/ml/checkpoints' },
      output: { uri: 's3://bkt/out', compression: 'GZIP' },
      metricDefinitions: [{ name: 'loss', regex: 'loss: ([0-9.]+)' }],
      image: '763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2.14',
    });
    expect(request.hyperparameters).toMatchObject({ 'learning-rate': '0.1', optimizer: '"adam"' });
    expect(request.channels.map(({ name, inputMode }) => [name, inputMode])).toEqual([
      ['train', 'Pipe'],
      ['my-val', 'Pipe'],
      ['Aux.1', 'Pipe'],
    ]);
    expect(request.channels[1].contentType).toBe('text/csv');
    expect(warnings).toEqual([
      'RoleArn: the job uses the AWS credentials of this environment',
      'ResourceConfig.VolumeSizeInGB: settings of the SageMaker service have no effect on this machine',
    ]);
  });

  test('a request of the Python SDK causes warnings about fields without effect', () => {
    const { channels, warnings } = read('sdk.json');
    expect(channels[0]).toMatchObject({ distribution: 'ShardedByS3Key', shuffleSeed: 5, inputMode: 'Pipe' });
    for (const field of ['EnableSageMakerMetricsTimeSeries', 'RoleArn', 'DebugHookConfig', 'ProfilerConfig'])
      expect(warnings.join('\n')).toContain(field);
  });

  test('an address given to fit is the channel training in File mode', () => {
    expect(read('sdk1.json').channels).toMatchObject([{ name: 'training', inputMode: 'File' }]);
    expect(trainingRequest({ channels: 's3://bkt/train/' }).channels).toMatchObject([
      { name: 'training', inputMode: 'File', uri: 's3://bkt/train/' },
    ]);
  });

  test('a misspelled field is an error that suggests the right one, and all mistakes are reported together', () => {
    expect(() => read('req-typo.json')).toThrow(
      mistake(
        /2 mistakes: .*InputDataConfig\[1\]\.DataSource\.S3DataSource\.S3DataDistributiontype: unknown field; did you mean S3DataDistributionType\?; .*InputDataConfig\[1\]\.RecordWraperType: unknown field; did you mean RecordWrapperType\?/,
      ),
    );
  });

  test('more than 20 channels are an error', () => {
    expect(() => read('req-21.json')).toThrow(mistake(/InputDataConfig: expected 1 to 20 elements, got 21/));
  });

  test('an augmented manifest in File mode is accepted with a warning', () => {
    const { channels, warnings } = read('req-aug-file.json');
    expect(channels[0]).toMatchObject({ inputMode: 'File', attributeNames: ['image-ref', 'label'] });
    expect(warnings.join('\n')).toMatch(/channel train: AWS documents AugmentedManifestFile in File mode/);
  });

  test('the default input mode of a request is File', () => {
    expect(read('req-file-default.json').channels.every(({ inputMode }) => inputMode === 'File')).toBe(true);
    expect(parse([channel()]).channels[0].inputMode).toBe('File');
  });
});

test('a channel has defaults, and every field takes effect', () => {
  expect(parse([channel()]).channels).toEqual([
    {
      name: 'train',
      uri: 's3://bucket/train/',
      dataType: 'S3Prefix',
      attributeNames: [],
      distribution: 'FullyReplicated',
      compression: 'None',
      recordWrapper: 'None',
      shuffleSeed: undefined,
      contentType: undefined,
      inputMode: 'File',
      instanceGroups: [],
    },
  ]);
  const all = channel(
    {
      CompressionType: 'Gzip',
      RecordWrapperType: 'RecordIO',
      ContentType: 'application/x-image',
      InputMode: 'Pipe',
      ShuffleConfig: { Seed: 7 },
    },
    {
      S3DataType: 'AugmentedManifestFile',
      AttributeNames: ['image-ref', 'label'],
      S3DataDistributionType: 'ShardedByS3Key',
      InstanceGroupNames: ['gpu'],
    },
  );
  const ResourceConfig = {
    InstanceGroups: [
      { InstanceGroupName: 'cpu', InstanceType: 'ml.c5.xlarge', InstanceCount: 2 },
      { InstanceGroupName: 'gpu', InstanceType: 'ml.p3.2xlarge', InstanceCount: 1 },
    ],
  };
  const request = parse({ InputDataConfig: [all], ResourceConfig });
  expect(request.channels[0]).toMatchObject({
    dataType: 'AugmentedManifestFile',
    attributeNames: ['image-ref', 'label'],
    distribution: 'ShardedByS3Key',
    compression: 'Gzip',
    recordWrapper: 'RecordIO',
    shuffleSeed: 7,
    contentType: 'application/x-image',
    inputMode: 'Pipe',
    instanceGroups: ['gpu'],
  });
  expect(jobHosts(request).map(({ name, group }) => `${name} ${group.name}`)).toEqual([
    'algo-1 cpu',
    'algo-2 cpu',
    'algo-3 gpu',
  ]);
  expect(jobHosts(request).map((host) => hostChannels(request, host).length)).toEqual([0, 0, 1]);
});

test.each([
  ['S3://bucket/Key', 's3://bucket/Key'],
  ['data/train', 'data/train'],
  ['file:///data/train', 'file:///data/train'],
  ['C:\\data', 'C:\\data'],
  ['https://bucket.s3.eu-west-1.amazonaws.com/train/a', 's3://bucket/train/a'],
])('an address may be %s', (given, uri) => {
  expect(parse([channel({}, { S3Uri: given })]).channels[0].uri).toBe(uri);
});

test('addresses of checkpoints and outputs may be paths', () => {
  const places = {
    CheckpointConfig: { S3Uri: 'ckpt' },
    OutputDataConfig: { S3OutputPath: 'S3://b/o', CompressionType: 'NONE' },
  };
  expect(parse(places)).toMatchObject({
    checkpoint: { uri: 'ckpt' },
    output: { uri: 's3://b/o', compression: 'NONE' },
  });
});

test('a file system is replaced by its folder on this machine, with a warning', () => {
  const FileSystemDataSource = {
    FileSystemId: 'fs-01234567',
    FileSystemAccessMode: 'ro',
    FileSystemType: 'EFS',
    DirectoryPath: '/data',
  };
  const request = parse([{ ChannelName: 'train', DataSource: { FileSystemDataSource } }]);
  expect(request.channels[0]).toMatchObject({ uri: '/data', inputMode: 'File' });
  expect(request.warnings[0]).toMatch(/InputDataConfig\[0\].*does not mount fs-01234567.*folder \/data/);
});

test('a request without fields that AWS requires works, with a warning', () => {
  const { name, warnings, instanceGroups } = parse({ TrainingJobName: 'j', InputDataConfig: [channel()] });
  expect(name).toBe('j');
  expect(instanceGroups).toEqual([{ name: 'homogeneousCluster', instanceType: 'local', instanceCount: 1 }]);
  expect(warnings).toEqual([
    'AlgorithmSpecification, RoleArn, OutputDataConfig, ResourceConfig, StoppingCondition: required by AWS but missing; recordpipe uses defaults',
  ]);
  expect(parse([channel()]).warnings).toEqual([]);
  expect(parse({ InputDataConfig: [channel()] }).warnings).toEqual([]);
});

test('fields that have the same effect as an absent field cause no warning', () => {
  const request = {
    EnableNetworkIsolation: false,
    Tags: [],
    ExperimentConfig: {},
    InputDataConfig: [channel()],
  };
  expect(parse(request).warnings).toHaveLength(1); // The fields that AWS requires.
});

test('a file with a byte order mark is read, with one warning', () => {
  const folder = mkdtempSync(join(tmpdir(), 'request-'));
  const path = join(folder, 'request.json');
  try {
    writeFileSync(path, `\ufeff${JSON.stringify([channel()])}`);
    expect(readTrainingRequest(path).warnings).toEqual([expect.stringMatching(/byte order mark/)]);
    writeFileSync(path, Buffer.from(`\ufeff${JSON.stringify([channel()])}`, 'utf16le'));
    expect(() => readTrainingRequest(path)).toThrow(mistake('not UTF-8'));
    expect(() => readTrainingRequest(join(folder, 'none'))).toThrow(
      expect.objectContaining({ code: 'not-found' }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  ['a syntax error', '{"TrainingJobName": "a",\n  \'x\': 1}', /line 2, column 3: not JSON: .*single quotes/],
  ['a premature end', '{"TrainingJobName": ', /line 1, column 21: not JSON/],
  ['text after the end', '[] []', /not JSON: expected the end/],
  [
    'a field twice',
    '{"RoleArn": "x",\n "RoleArn": "y"}',
    /line 2, column 2: two fields have the name "RoleArn"/,
  ],
  ['another kind of document', '"text"', /the file: expected an object, got "text"/],
])('rejects %s with its position', (_, text, message) => {
  expect(() => parseTrainingRequest(text, 'request.json')).toThrow(mistake(message));
});

const augmented = { S3DataType: 'AugmentedManifestFile', AttributeNames: ['a'] };
const group = (name: string, count = 1) => ({
  InstanceGroupName: name,
  InstanceType: 'ml.m5.large',
  InstanceCount: count,
});
const many = (count: number, value = 'v') =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, value]));

describe('rejects what CreateTrainingJob rejects', () => {
  test.each<[string, object, RegExp]>([
    ['no channels', [], /InputDataConfig: expected 1 to 20 elements, got 0/],
    ['no name', [{ ...channel(), ChannelName: undefined }], /InputDataConfig\[0\]\.ChannelName is missing/],
    ['a name with a space', [channel({ ChannelName: 'a b' })], /ChannelName: expected a channel name.*"a b"/],
    ['two with the same name', [channel(), channel()], /two channels have the name train/],
    [
      'names with one variable',
      [channel(), channel({ ChannelName: 'Train' })],
      /channels train and Train share .*SM_CHANNEL_TRAIN/,
    ],
    ['no address', [channel({}, { S3Uri: undefined })], /S3Uri is missing/],
    [
      'an address of another service',
      [channel({}, { S3Uri: 'gs://b/k' })],
      /S3Uri: expected s3:\/\/bucket\/prefix, a path/,
    ],
    ['an address without a bucket', [channel({}, { S3Uri: 's3:///k' })], /S3Uri: expected s3:\/\/bucket/],
    [
      'a web address',
      [channel({}, { S3Uri: 'https://example.com/k' })],
      /S3Uri: expected s3:\/\/bucket\/prefix, got https/,
    ],
    ['no type', [channel({}, { S3DataType: undefined })], /S3DataType is missing/],
    [
      'an unknown type',
      [channel({}, { S3DataType: 'Prefix' })],
      /expected one of S3Prefix.*did you mean S3Prefix\?/,
    ],
    [
      'an unknown compression',
      [channel({ CompressionType: 'gzip' })],
      /expected one of None, Gzip, got "gzip"; did you mean Gzip\?/,
    ],
    ['no source', [{ ChannelName: 'x', DataSource: {} }], /DataSource: expected exactly one/],
    [
      'a dataset of a hub',
      [{ ChannelName: 'x', DataSource: { DatasetSource: { DatasetArn: 'arn:x' } } }],
      /cannot read datasets from a SageMaker hub/,
    ],
    [
      'attributes of a prefix',
      [channel({}, { AttributeNames: ['a'] })],
      /only an AugmentedManifestFile has attributes/,
    ],
    ['no attributes', [channel({}, { S3DataType: 'AugmentedManifestFile' })], /AttributeNames is missing/],
    [
      '17 attributes',
      [channel({}, { ...augmented, AttributeNames: Object.keys(many(17)) })],
      /0 to 16 elements/,
    ],
    [
      'a seed that JSON rounds',
      [channel({ ShuffleConfig: { Seed: 2 ** 60 } })],
      /Seed: expected an integer within 2\^53/,
    ],
    [
      'a seed that is a string',
      [channel({ ShuffleConfig: { Seed: '7' } })],
      /Seed: expected an integer.*got "7"/,
    ],
    [
      'an unknown group',
      [channel({}, { InstanceGroupNames: ['gpu'] })],
      /unknown group gpu; expected one of homogeneousCluster/,
    ],
    [
      'gzip in File mode',
      [channel({ CompressionType: 'Gzip' })],
      /channel train: CompressionType Gzip is not supported in File mode; use InputMode Pipe \(inputMode\)/,
    ],
    [
      'wrapping in FastFile mode',
      [channel({ InputMode: 'FastFile', RecordWrapperType: 'RecordIO' })],
      /RecordWrapperType RecordIO is not supported in FastFile/,
    ],
    [
      'augmented manifests in FastFile mode',
      [channel({ InputMode: 'FastFile' }, augmented)],
      /FastFile mode does not support an AugmentedManifestFile/,
    ],
    [
      'a job name with an underscore',
      { TrainingJobName: 'a_b' },
      /TrainingJobName: expected letters and digits, .*got "a_b"/,
    ],
    ['a job name with a hyphen at its end', { TrainingJobName: 'a-' }, /TrainingJobName/],
    ['a job name of 64 characters', { TrainingJobName: 'a'.repeat(64) }, /at most 63 characters, got 64/],
    [
      'a hyperparameter that is a number',
      { HyperParameters: { epochs: 2 } },
      /HyperParameters\.epochs: expected a string, got 2; add quotes: "2"/,
    ],
    [
      'a hyperparameter of 2501 characters',
      { HyperParameters: { a: 'x'.repeat(2501) } },
      /HyperParameters\.a: expected at most 2500/,
    ],
    [
      'a hyperparameter name of 257 characters',
      { HyperParameters: { ['a'.repeat(257)]: '' } },
      /at most 256 characters/,
    ],
    [
      '101 hyperparameters',
      { HyperParameters: many(101) },
      /HyperParameters: expected at most 100 entries, got 101/,
    ],
    ['101 variables', { Environment: many(101) }, /Environment: expected at most 100 entries/],
    [
      'a variable with a hyphen',
      { Environment: { 'A-B': 'x' } },
      /name "A-B" in Environment: expected a name of letters/,
    ],
    [
      'a variable of 513 characters',
      { Environment: { A: 'x'.repeat(513) } },
      /Environment\.A: expected at most 512/,
    ],
    [
      '41 metrics',
      { AlgorithmSpecification: { MetricDefinitions: Array(41).fill({ Name: 'a', Regex: 'a' }) } },
      /0 to 40 elements/,
    ],
    [
      'a metric without a pattern',
      { AlgorithmSpecification: { MetricDefinitions: [{ Name: 'a' }] } },
      /MetricDefinitions\[0\]\.Regex is missing/,
    ],
    [
      'an image and an algorithm',
      { AlgorithmSpecification: { TrainingImage: 'i', AlgorithmName: 'a' } },
      /cannot be combined with TrainingImage/,
    ],
    [
      'no instances',
      { ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 0 } },
      /InstanceCount: expected an integer from 1 to 1000, got 0/,
    ],
    [
      'instances as text',
      { ResourceConfig: { InstanceCount: '2' } },
      /InstanceCount: expected an integer from 1 to 1000, got "2"/,
    ],
    ['half an instance', { ResourceConfig: { InstanceCount: 1.5 } }, /InstanceCount: expected an integer/],
    [
      'a type that is not one',
      { ResourceConfig: { InstanceType: 'm5.large' } },
      /expected an instance type such as ml\.m5\.xlarge/,
    ],
    [
      'groups and a count',
      { ResourceConfig: { InstanceCount: 1, InstanceGroups: [group('a')] } },
      /InstanceGroups cannot be combined with InstanceCount; remove one/,
    ],
    [
      'six groups',
      { ResourceConfig: { InstanceGroups: ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => group(name)) } },
      /0 to 5 elements/,
    ],
    [
      'two groups of a name',
      { ResourceConfig: { InstanceGroups: [group('a'), group('a')] } },
      /two groups have the name a/,
    ],
    [
      'preferences with a type',
      {
        ResourceConfig: {
          InstanceType: 'ml.m5.large',
          InstancePreferences: [{ InstanceType: 'ml.m5.large', InstanceCount: 1 }],
        },
      },
      /InstancePreferences cannot be combined with InstanceType/,
    ],
    [
      'a field of DescribeTrainingJob',
      { ResourceConfig: { SelectedInstanceCount: 1 } },
      /DescribeTrainingJob returns this field/,
    ],
    ['29 days', { StoppingCondition: { MaxRuntimeInSeconds: 29 * 86400 } }, /from 1 to 2419200/],
    [
      'spot without a wait',
      { EnableManagedSpotTraining: true, StoppingCondition: { MaxRuntimeInSeconds: 5 } },
      /MaxWaitTimeInSeconds is missing: AWS requires it/,
    ],
    [
      'a wait without spot',
      { StoppingCondition: { MaxWaitTimeInSeconds: 5 } },
      /MaxWaitTimeInSeconds requires EnableManagedSpotTraining; enable it \(spot\)/,
    ],
    [
      'a wait shorter than the run',
      {
        EnableManagedSpotTraining: true,
        StoppingCondition: { MaxRuntimeInSeconds: 5, MaxWaitTimeInSeconds: 4 },
      },
      /at least MaxRuntimeInSeconds \(5\), got 4/,
    ],
    ['31 retries', { RetryStrategy: { MaximumRetryAttempts: 31 } }, /from 1 to 30, got 31/],
    [
      'a relative folder of checkpoints',
      { CheckpointConfig: { S3Uri: 's3://b/k', LocalPath: 'ckpt' } },
      /LocalPath: expected an absolute path/,
    ],
    [
      'an unknown compression of outputs',
      { OutputDataConfig: { S3OutputPath: 's3://b/k', CompressionType: 'Gzip' } },
      /expected one of GZIP, NONE, got "Gzip"; did you mean GZIP\?/,
    ],
    ['an invalid role', { RoleArn: 'SageMakerExecutionRole' }, /RoleArn: expected the ARN of a role/],
    ['a boolean as a string', { EnableManagedSpotTraining: 'true' }, /expected true or false, got "true"/],
    ['null', { VpcConfig: null }, /VpcConfig: expected an object, got null/],
    ['51 tags', { Tags: Array(51).fill({ Key: 'a', Value: 'b' }) }, /Tags: expected 0 to 50 elements/],
  ])('%s', (_, value, message) => {
    expect(() => parse(value)).toThrow(mistake(message));
  });
});

test.each<[string, object, RegExp]>([
  ['at another level', { InstanceCount: 2 }, /InstanceCount: unknown field; it belongs in ResourceConfig or/],
  [
    'at a deeper level',
    [channel({ S3Uri: 's3://b/k' })],
    /S3Uri: unknown field; it belongs in .*DataSource\.S3DataSource/,
  ],
  [
    'in other letters',
    { hyperParameters: {} },
    /hyperParameters: unknown field; did you mean HyperParameters\?/,
  ],
  [
    'unlike any other',
    { Zzzzzzzzzzzzzzz: 1 },
    /Zzzzzzzzzzzzzzz: unknown field; known fields: TrainingJobName/,
  ],
])('an unknown field %s is an error with a next step', (_, value, message) => {
  expect(() => parse(value)).toThrow(mistake(message));
});

test('misspelled fields are found at every depth', () => {
  const complete = JSON.parse(JSON.stringify(COMPLETE)) as object;
  expect(parse(complete).channels).toHaveLength(2);
  const paths = fieldsOf(complete);
  expect(paths.length).toBeGreaterThan(90);
  fc.assert(
    fc.property(
      fc.constantFrom(...paths),
      fc.nat(),
      fc.constantFrom('drop', 'double', 'case', 'swap'),
      (path, at, how) => {
        const name = path[path.length - 1];
        const wrong = misspelt(name, at % name.length, how);
        fc.pre(wrong !== name);
        const request = structuredClone(complete);
        const owner = path
          .slice(0, -1)
          .reduce<Record<string, unknown>>(
            (from, key) => from[key] as Record<string, unknown>,
            request as Record<string, unknown>,
          );
        owner[wrong] = owner[name];
        delete owner[name];
        expect(() => parse(request)).toThrow(
          mistake(`${wrong}: unknown field; did you mean ${name}\\?|${wrong}: unknown field; it belongs in`),
        );
      },
    ),
    { numRuns: 400 },
  );
});

test('settings without a request have the same limits', () => {
  const rejects = (given: TrainingRequestInput, message: RegExp) =>
    expect(() => trainingRequest(given)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', message: expect.stringMatching(message) }),
    );
  rejects({ name: 'a b' }, /name: expected letters/);
  rejects({ hyperparameters: many(101) }, /hyperparameters: expected at most 100/);
  rejects({ environment: { '1': '' } }, /name "1" in environment/);
  rejects(
    { channels: Array.from({ length: 21 }, (_, i) => ({ name: `c${i}`, uri: 'x' })) },
    /at most 20 channels, got 21/,
  );
  rejects({ channels: [{ name: 'a', uri: 'x', compression: 'Gzip' }] }, /CompressionType Gzip/);
  rejects({ instanceCount: 0 }, /instanceCount: expected an integer from 1 to 1000/);
  rejects({ hyperparameter: {} } as TrainingRequestInput, /did you mean hyperparameters\?/);
});

test('settings have defaults, and a request with changes is valid', () => {
  const plain = trainingRequest({});
  expect(plain.name).toMatch(/^recordpipe-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-\d{3}$/);
  expect(plain).toMatchObject({ channels: [], region: 'us-east-1', warnings: [] });
  const request = read('request.json');
  const hyperparameters = { ...request.hyperparameters, epochs: '3' };
  expect(trainingRequest({ ...request, hyperparameters })).toEqual({ ...request, hyperparameters });
});

test('hyperparameters that share a variable cause a warning', () => {
  expect(trainingRequest({ hyperparameters: { lr: '1', LR: '2' } }).warnings).toEqual([
    expect.stringMatching(/share the variable SM_HP_LR/),
  ]);
});

function misspelt(name: string, at: number, how: string): string {
  const letter = name[at];
  const before = name.slice(0, at);
  const after = name.slice(at + 1);
  if (how === 'drop') return name.length > 4 ? before + after : name;
  if (how === 'double') return before + letter + letter + after;
  if (how === 'swap') return before + (after[0] ?? '') + letter + after.slice(1);
  return before + (letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()) + after;
}

/** Returns the paths of all fields whose names AWS defines. */
function fieldsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (Array.isArray(value)) return value.flatMap((one, i) => fieldsOf(one, [...path, String(i)]));
  if (typeof value !== 'object' || value === null) return [];
  if (/Parameters$|^Environment$/.test(path.at(-1) ?? '')) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    [...path, name],
    ...fieldsOf(inner, [...path, name]),
  ]);
}

const ARN = 'arn:aws:sagemaker:us-east-1:123456789012:x/y';
const RULE = {
  RuleConfigurationName: 'r',
  LocalPath: '/x',
  S3OutputPath: 's3://b/k',
  RuleEvaluatorImage: 'i',
  InstanceType: 'ml.m5.large',
  VolumeSizeInGB: 1,
  RuleParameters: { a: 'b' },
};
/** A request with almost every field of the API. */
const COMPLETE = {
  TrainingJobName: 'job-1',
  HyperParameters: { a: '1' },
  AlgorithmSpecification: {
    TrainingImage: 'image',
    TrainingInputMode: 'FastFile',
    MetricDefinitions: [{ Name: 'loss', Regex: 'loss: (.*)' }],
    EnableSageMakerMetricsTimeSeries: true,
    ContainerEntrypoint: ['python'],
    ContainerArguments: ['train.py'],
    TrainingImageConfig: {
      TrainingRepositoryAccessMode: 'Vpc',
      TrainingRepositoryAuthConfig: { TrainingRepositoryCredentialsProviderArn: ARN },
    },
  },
  RoleArn: 'arn:aws:iam::123456789012:role/r',
  InputDataConfig: [
    {
      ChannelName: 'train',
      DataSource: {
        S3DataSource: {
          ...S3,
          ...augmented,
          S3DataDistributionType: 'ShardedByS3Key',
          InstanceGroupNames: ['a'],
          ModelAccessConfig: { AcceptEula: true },
          HubAccessConfig: { HubContentArn: ARN },
        },
      },
      ContentType: 'x',
      CompressionType: 'Gzip',
      RecordWrapperType: 'RecordIO',
      InputMode: 'Pipe',
      ShuffleConfig: { Seed: 1 },
    },
    {
      ChannelName: 'disk',
      InputMode: 'File',
      DataSource: {
        FileSystemDataSource: {
          FileSystemId: 'fs-01234567',
          FileSystemAccessMode: 'ro',
          FileSystemType: 'EFS',
          DirectoryPath: '/d',
        },
      },
    },
  ],
  OutputDataConfig: { KmsKeyId: 'k', S3OutputPath: 's3://b/o', CompressionType: 'NONE' },
  ResourceConfig: {
    VolumeSizeInGB: 1,
    VolumeKmsKeyId: 'k',
    KeepAlivePeriodInSeconds: 60,
    InstanceGroups: [group('a')],
    TrainingPlanArn: ARN,
    InstancePlacementConfig: {
      EnableMultipleJobs: true,
      PlacementSpecifications: [{ UltraServerId: 'u', InstanceCount: 1 }],
    },
  },
  VpcConfig: { SecurityGroupIds: ['sg'], Subnets: ['s'] },
  StoppingCondition: { MaxRuntimeInSeconds: 5, MaxWaitTimeInSeconds: 6, MaxPendingTimeInSeconds: 7200 },
  Tags: [{ Key: 'a', Value: 'b' }],
  EnableNetworkIsolation: true,
  EnableInterContainerTrafficEncryption: true,
  EnableManagedSpotTraining: true,
  CheckpointConfig: { S3Uri: 's3://b/c', LocalPath: '/opt/ml/c' },
  DebugHookConfig: {
    LocalPath: '/x',
    S3OutputPath: 's3://b/d',
    HookParameters: { a: 'b' },
    CollectionConfigurations: [{ CollectionName: 'c', CollectionParameters: { a: 'b' } }],
  },
  DebugRuleConfigurations: [RULE],
  TensorBoardOutputConfig: { LocalPath: '/x', S3OutputPath: 's3://b/t' },
  ExperimentConfig: { ExperimentName: 'e', TrialName: 't', TrialComponentDisplayName: 'd', RunName: 'r' },
  ProfilerConfig: {
    S3OutputPath: 's3://b/p',
    ProfilingIntervalInMilliseconds: 500,
    ProfilingParameters: { a: 'b' },
    DisableProfiler: false,
  },
  ProfilerRuleConfigurations: [RULE],
  Environment: { A: 'b' },
  RetryStrategy: { MaximumRetryAttempts: 2 },
  RemoteDebugConfig: { EnableRemoteDebug: true },
  InfraCheckConfig: { EnableInfraCheck: true },
  SessionChainingConfig: { EnableSessionTagChaining: true },
  ServerlessJobConfig: {
    BaseModelArn: ARN,
    AcceptEula: true,
    JobType: 'FineTuning',
    CustomizationTechnique: 'SFT',
    Peft: 'LORA',
    EvaluationType: 'LLMAJEvaluation',
    EvaluatorArn: ARN,
    SequenceLength: '4K',
  },
  MlflowConfig: { MlflowResourceArn: ARN, MlflowExperimentName: 'e', MlflowRunName: 'r' },
  ModelPackageConfig: { ModelPackageGroupArn: ARN, SourceModelPackageArn: ARN },
};
