import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  hyperparameterValue,
  readEnvironment,
  readHyperparameters,
  readInputDataConfig,
  readResourceConfig,
} from '../../../src/pipemode/index.ts';
import {
  type HostEnvironmentOptions,
  hostEnvironment,
  jobHosts,
  jobPaths,
  readTrainingRequest,
  scriptOf,
  type TrainingRequestInput,
  trainingRequest,
  writeJobFiles,
} from '../../../src/pipemode/train/index.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();

/** A container without a GPU and without variables. */
const BARE: HostEnvironmentOptions = { inherited: { PATH: '/nowhere' } };

/** The environment of the first host. */
function environmentOf(given: TrainingRequestInput, options = BARE, root = '/opt/ml') {
  const { hyperparameters = {}, ...others } = given;
  const checked = trainingRequest({ name: 'job-1', region: 'eu-west-1', ...others });
  // AWS's limits are lower than those for variables.
  const request = { ...checked, hyperparameters };
  return hostEnvironment(request, jobHosts(request)[0], jobPaths(root), 'train.py', options);
}

/** The arguments of a job with one hyperparameter. */
function argumentOf(text: string): string | undefined {
  return environmentOf({ hyperparameters: { name: text } }).programArguments[1];
}

describe('hyperparameters', () => {
  const hyperparameters = {
    'learning-rate': '0.10',
    k: '3',
    epochs: '"2"',
    optimizer: '"adam"',
    plain: 'plain text',
    sagemaker_program: '"dump.py"',
    sagemaker_instance_type: '"ml.c5.xlarge"',
  };

  test('are arguments sorted by name', () => {
    expect(environmentOf({ hyperparameters }).programArguments).toEqual(
      '--epochs 2 -k 3 --learning-rate 0.1 --optimizer adam --plain'.split(' ').concat('plain text'),
    );
  });

  test('are variables with their types, without sagemaker_*', () => {
    const { variables } = environmentOf({ hyperparameters });
    expect(JSON.parse(variables['SM_HPS'])).toEqual({
      'learning-rate': 0.1,
      k: 3,
      epochs: '2',
      optimizer: 'adam',
      plain: 'plain text',
    });
    expect(variables).toMatchObject({
      'SM_HP_LEARNING-RATE': '0.1',
      SM_HP_OPTIMIZER: 'adam',
      SM_FRAMEWORK_PARAMS: '{"sagemaker_instance_type":"ml.c5.xlarge"}',
      SM_USER_ENTRY_POINT: 'dump.py',
      SM_MODULE_NAME: 'dump',
    });
    expect(Object.keys(variables).filter((name) => /^SM_HP_SAGEMAKER/.test(name))).toEqual([]);
  });

  // Printed by Python 3.11: str(json.loads(text)).
  test.each([
    ['true', 'True'],
    ['null', ''],
    ['[1, 2.0, null, "a", {"b": false}]', "[1, 2.0, None, 'a', {'b': False}]"],
    ['{"b": "x", "a": [true]}', 'a=[True],b=x'],
    ['1e16', '1e+16'],
    ['1e15', '1000000000000000.0'],
    ['0.00001', '1e-05'],
    ['0.0001', '0.0001'],
    ['123456789012345678901234567890', '123456789012345678901234567890'],
    ['-0', '0'],
    ['-0.0', '-0.0'],
    ['1.5e300', '1.5e+300'],
    ['1e999', 'inf'],
    ['NaN', 'nan'],
    ['-Infinity', '-inf'],
    ['["it\'s", "\\"", "it\'s \\"", "é\\n\\u0007\\u200b"]', `["it's", '"', 'it\\'s "', 'é\\n\\x07\\u200b']`],
    ['[NaN', '[NaN'],
    ['01', '01'],
    ["'a'", "'a'"],
    ['', ''],
    [' 7 ', '7'],
  ])('%s is the argument %s', (text, argument) => {
    expect(argumentOf(text)).toBe(argument);
  });

  test.each([
    ['a=b', 'SM_HP_A=B cannot be passed to a program, here or in SageMaker: its name contains "="'],
    ['a\0', 'contains a NUL character'],
  ])('the name %j is an error', (name, message) => {
    expect(() => environmentOf({ hyperparameters: { [name]: '1' } })).toThrow(message);
  });

  test.each([
    ['a'.repeat(131_072), 'but Linux allows at most 131,071 per variable'],
    ['"\\ud800"', 'unpaired surrogate'],
    ['"\\u0000"', 'contains a NUL character'],
  ])('a value that no program can receive is an error', (value, message) => {
    expect(() => environmentOf({ hyperparameters: { value } })).toThrow(message);
  });
});

describe('the variables of a host', () => {
  test('keep hyphens in channel names', () => {
    const channels = ['my-val', 'my_val', 'Aux.1'].map((name) => ({ name, uri: 's3://bucket/' }));
    expect(environmentOf({ channels }).variables).toMatchObject({
      SM_CHANNELS: '["Aux.1","my-val","my_val"]',
      'SM_CHANNEL_MY-VAL': '/opt/ml/input/data/my-val',
      SM_CHANNEL_MY_VAL: '/opt/ml/input/data/my_val',
      'SM_CHANNEL_AUX.1': '/opt/ml/input/data/Aux.1',
    });
  });

  test('describe instance groups, and only the channels of its own group', () => {
    const given: TrainingRequestInput = {
      instanceGroups: [
        { name: 'cpu', instanceType: 'ml.c5.xlarge', instanceCount: 2 },
        { name: 'gpu', instanceType: 'ml.trn2.48xlarge', instanceCount: 1 },
      ],
      channels: [
        { name: 'all', uri: 's3://bucket/' },
        { name: 'some', uri: 's3://bucket/', instanceGroups: ['gpu'] },
      ],
      hyperparameters: { sagemaker_mpi_enabled: 'true' },
    };
    expect(environmentOf(given).variables).toMatchObject({
      SM_CHANNELS: '["all"]',
      SM_INSTANCE_GROUPS: '["cpu","gpu"]',
      SM_CURRENT_INSTANCE_GROUP: 'cpu',
      SM_CURRENT_INSTANCE_GROUP_HOSTS: '["algo-1","algo-2"]',
      SM_CURRENT_INSTANCE_TYPE: 'ml.c5.xlarge',
      SM_DISTRIBUTION_INSTANCE_GROUPS: '["cpu"]',
      SM_IS_HETERO: 'true',
      SM_HOSTS: '["algo-1","algo-2","algo-3"]',
      SM_NUM_NEURONS: '0',
    });
    const request = trainingRequest({ ...given, name: 'job-1' });
    const last = hostEnvironment(request, jobHosts(request)[2], jobPaths('/opt/ml'), '', BARE);
    expect(last.variables).toMatchObject({ SM_CHANNELS: '["all","some"]', SM_NUM_NEURONS: '64' });
    expect(JSON.parse(last.variables['SM_TRAINING_ENV'])).toMatchObject({
      is_master: true,
      distribution_hosts: ['algo-3'],
    });
  });

  test('name the job, and contain the variables of the request', () => {
    expect(environmentOf({ environment: { MY_FLAG: 'on' } }).variables).toMatchObject({
      MY_FLAG: 'on',
      TRAINING_JOB_NAME: 'job-1',
      TRAINING_JOB_ARN: expect.stringContaining(':training-job/job-1'),
      SAGEMAKER_REGION: 'eu-west-1',
      CURRENT_HOST: 'algo-1',
      SM_NUM_CPUS: String(cpus().length),
      SM_USER_ENTRY_POINT: 'train.py',
    });
  });

  test('have absolute paths, and point the toolkit to a root other than /opt/ml', () => {
    const { variables } = environmentOf({}, BARE, 'ml');
    const root = join(process.cwd(), 'ml');
    expect(variables).toMatchObject({
      SAGEMAKER_BASE_DIR: root,
      SM_MODEL_DIR: join(root, 'model'),
      SM_INPUT_DIR: join(root, 'input'),
      SM_OUTPUT_INTERMEDIATE_DIR: join(root, 'output/intermediate'),
    });
    expect(environmentOf({}).variables).not.toHaveProperty('SAGEMAKER_BASE_DIR');
  });

  test('count the GPUs that nvidia-smi lists', () => {
    const bin = temp.file('bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'nvidia-smi'), '#!/bin/sh\necho "GPU 0: A"; echo note; echo "GPU 1: B"\n');
    chmodSync(join(bin, 'nvidia-smi'), 0o755);
    const { variables } = environmentOf({}, { inherited: { PATH: bin } });
    expect(variables['SM_NUM_GPUS']).toBe('2');
    expect(environmentOf({}).variables['SM_NUM_GPUS']).toBe('0');
  });
});

test.each([
  [['python', '-u', 'train.py', '--flag', 'x.py'], 'train.py'],
  [['python', './src/train.py'], 'src/train.py'],
  [['/usr/bin/python', '/home/me/train.py'], 'train.py'],
  [['python', '../train.py'], 'train.py'],
  [['python', '-m', 'pkg.train'], 'pkg.train'],
  [['./run.sh'], 'run.sh'],
  [['sh', '-c', 'python train.py'], undefined],
  [['train'], undefined],
])('the entry point of %j is %j', (command, name) => {
  expect(scriptOf(command)).toBe(name);
});

describe('the files of a host', () => {
  const REQUEST: TrainingRequestInput = {
    name: 'job-1',
    instanceType: 'ml.c5.xlarge',
    instanceCount: 2,
    inputMode: 'Pipe',
    hyperparameters: { epochs: '2', 'learning-rate': '0.1', sagemaker_program: '"train.py"' },
    channels: [
      { name: 'train', uri: 's3://bucket/train/', recordWrapper: 'RecordIO', compression: 'Gzip' },
      { name: 'my-eval', uri: 's3://bucket/eval/', contentType: 'text/csv', inputMode: 'File' },
    ],
    checkpoint: { uri: 's3://bucket/checkpoints', localPath: '/opt/ml/checkpoints' },
    metricDefinitions: [{ name: 'loss', regex: 'loss: ([0-9.]+)' }],
  };

  test('describe its channels, its hosts and its hyperparameters', () => {
    const paths = jobPaths(temp.file('job'));
    const request = trainingRequest(REQUEST);
    writeJobFiles(request, jobHosts(request)[1], paths);
    expect(readInputDataConfig(paths.configDir)).toEqual({
      train: {
        TrainingInputMode: 'Pipe',
        S3DistributionType: 'FullyReplicated',
        RecordWrapperType: 'RecordIO',
        CompressionType: 'Gzip',
      },
      'my-eval': {
        ContentType: 'text/csv',
        TrainingInputMode: 'File',
        S3DistributionType: 'FullyReplicated',
        RecordWrapperType: 'None',
      },
    });
    expect(readResourceConfig(paths.configDir)).toEqual({
      current_host: 'algo-2',
      current_instance_type: 'ml.c5.xlarge',
      current_group_name: 'homogeneousCluster',
      hosts: ['algo-1', 'algo-2'],
      instance_groups: [
        {
          instance_group_name: 'homogeneousCluster',
          instance_type: 'ml.c5.xlarge',
          hosts: ['algo-1', 'algo-2'],
        },
      ],
      network_interface_name: expect.stringMatching(/^(eth0|lo)$/),
    });
    expect(readHyperparameters(paths.configDir)).toEqual(REQUEST.hyperparameters);
    const config = (name: string): unknown =>
      JSON.parse(readFileSync(join(paths.configDir, `${name}.json`), 'utf8'));
    expect(config('trainingjobconfig')).toMatchObject({
      TrainingJobName: 'job-1',
      ResourceConfig: { InstanceCount: 2, InstanceType: 'ml.c5.xlarge' },
      InputDataConfig: [{ ChannelName: 'train' }, { ChannelName: 'my-eval', InputMode: 'FILE' }],
    });
    expect(config('init-config')).toMatchObject({ hostConfig: { clusterSize: 2, hostNumber: 2 } });
    expect(config('metric-definition-regex')).toEqual([{ Name: 'loss', Regex: 'loss: ([0-9.]+)' }]);
    expect(config('checkpointconfig')).toEqual({ LocalPath: paths.checkpointDir });
    expect(config('upstreamoutputdataconfig')).toEqual([]);
    for (const folder of [paths.checkpointDir, paths.codeDir, join(paths.outputDir, 'data')])
      expect(existsSync(folder)).toBe(true);
  });
});

test('readEnvironment reads back every environment', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/).filter((text) => !/^\.\.?$/.test(text));
  const parameter = fc.oneof(
    fc.json(),
    fc.string({ unit: fc.constantFrom(...'aé😀\u2028\n\\"{[,: 1-') }),
    fc.double().map((value) => String(value)),
    fc.bigInt().map(String),
  );
  const given = fc.record({
    hyperparameters: fc.dictionary(
      fc.stringMatching(/^[a-z][a-z_.-]{0,8}$/).filter((key) => !key.startsWith('sagemaker_')),
      parameter.filter((text) => !/\0|\\u0000/.test(text)),
    ),
    names: fc.uniqueArray(name, { selector: (text) => text.toUpperCase(), maxLength: 8 }),
    hosts: fc.integer({ min: 1, max: 12 }),
    root: fc.stringMatching(/^[a-z]{1,5}$/).map((text) => `/${text}`),
  });
  fc.assert(
    fc.property(given, ({ hyperparameters, names, hosts, root }) => {
      const channels = names.map((one) => ({ name: one, uri: 's3://bucket/' }));
      const { variables } = environmentOf({ hyperparameters, channels, instanceCount: hosts }, BARE, root);
      const paths = jobPaths(root);
      const read = readEnvironment(variables);
      expect(read).toMatchObject({
        channels: [...names].sort(),
        channelDirs: Object.fromEntries(names.map((one) => [one, join(paths.pipeDir, one)])),
        currentHost: 'algo-1',
        modelDir: paths.modelDir,
        inputConfigDir: paths.configDir,
        gpus: 0,
      });
      expect(read.hosts).toHaveLength(hosts);
      expect(read.hyperparameters).toEqual(
        Object.fromEntries(
          Object.entries(hyperparameters).map(([key, text]) => [key, hyperparameterValue(text)]),
        ),
      );
    }),
    { numRuns: 200 },
  );
});

test('a job has the same environment as with toolkit 5.1.4', () => {
  const path = fileURLToPath(new URL('../../fixtures/jobs/', import.meta.url));
  const request = readTrainingRequest(join(path, 'request.json'));
  const reference = JSON.parse(readFileSync(join(path, 'toolkit-reference.json'), 'utf8')) as {
    readonly env: Readonly<Record<string, string>>;
    readonly argv: readonly string[];
  };
  const [host] = jobHosts(request);
  const { variables, programArguments } = hostEnvironment(request, host, jobPaths('/opt/ml'), '', BARE);
  expect(programArguments).toEqual(reference.argv);
  // The machine and the account differ.
  const comparable = (all: Readonly<Record<string, string>>): Record<string, string> => {
    const { SM_NUM_CPUS, TRAINING_JOB_ARN, ...rest } = all;
    const entries = Object.entries(rest).map(([name, value]) => [
      name,
      value.replace(/"num_cpus":\d+/, '').replace(/"network_interface_name":"\w+"/g, ''),
    ]);
    return Object.fromEntries(entries) as Record<string, string>;
  };
  const { SM_NETWORK_INTERFACE_NAME, ...expected } = comparable(reference.env);
  expect(comparable(variables)).toMatchObject(expected);
});
