import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  hostRank,
  hyperparameterValue,
  readEnvironment,
  readHyperparameters,
  readInputDataConfig,
  readResourceConfig,
} from '../../../src/pipemode/index.ts';
import {
  trainingEnvironment,
  trainingPlaces,
  writeTrainingFiles,
} from '../../../src/pipemode/streamer/index.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { channelPlace } from '../reader/channel-place.ts';

const temp = tempDir();

/** The error that a call throws. */
function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('the files of a training job', () => {
  test('inputdataconfig.json', () => {
    const { configDir } = channelPlace('a', 'b');
    expect(Object.keys(readInputDataConfig(configDir))).toEqual(['a', 'b']);
  });

  test('resourceconfig.json', () => {
    const { configDir } = channelPlace();
    const write = (text: string): void => writeFileSync(`${configDir}/resourceconfig.json`, text);
    write(
      '{"current_host": "algo-2", "hosts": ["algo-2", "algo-10", "algo-1"], "network_interface_name": "eth0"}',
    );
    const resources = readResourceConfig(configDir);
    expect(resources.network_interface_name).toBe('eth0');
    expect(hostRank(resources)).toEqual({ rank: 2, hosts: 3 });
    for (const bad of [
      '{}',
      '{"current_host": "x", "hosts": ["y"]}',
      '{"current_host": 1, "hosts": []}',
      'null',
    ]) {
      write(bad);
      expect(thrown(() => readResourceConfig(configDir))).toMatchObject({ code: 'malformed-config' });
    }
  });

  test('hyperparameters.json', () => {
    const { configDir } = channelPlace();
    const write = (text: string): void => writeFileSync(`${configDir}/hyperparameters.json`, text);
    write('{"epochs": "20", "rate": "1e-3", "name": "\\"adam\\"", "plain": "adam", "list": "[1,2]"}');
    const values = Object.entries(readHyperparameters(configDir)).map(([, value]) =>
      hyperparameterValue(value),
    );
    expect(values).toEqual([20, 0.001, 'adam', 'adam', [1, 2]]);
    write('{"epochs": 20}');
    expect(thrown(() => readHyperparameters(configDir))).toMatchObject({ code: 'malformed-config' });
  });
});

test('the environment variables', () => {
  const environment = readEnvironment({
    SM_CHANNELS: '["train","my-eval"]',
    SM_CHANNEL_TRAIN: '/data/train',
    'SM_CHANNEL_MY-EVAL': '/data/my-eval',
    SM_HOSTS: '["algo-1"]',
    SM_CURRENT_HOST: 'algo-1',
    SM_NUM_GPUS: '4',
    SM_HP_EPOCHS: '3',
    SM_MODEL_DIR: '/opt/ml/model',
  });
  expect(environment).toMatchObject({
    channels: ['train', 'my-eval'],
    channelDirs: { train: '/data/train', 'my-eval': '/data/my-eval' },
    hosts: ['algo-1'],
    currentHost: 'algo-1',
    gpus: 4,
    cpus: undefined,
    hyperparameters: { epochs: 3 },
    modelDir: '/opt/ml/model',
  });
  expect(readEnvironment({ SM_CHANNEL_A: '/a', SM_HPS: '{"x": 1}' })).toMatchObject({
    channels: ['a'],
    channelDirs: { a: '/a' },
    hyperparameters: { x: 1 },
  });
  expect(readEnvironment({}).channels).toEqual([]);
  for (const bad of [
    { SM_HOSTS: 'algo-1' },
    { SM_CHANNELS: '[1]' },
    { SM_NUM_CPUS: 'two' },
    { SM_HPS: '[]' },
  ])
    expect(thrown(() => readEnvironment(bad as Record<string, string>))).toMatchObject({
      code: 'malformed-config',
    });
});

test('readers get what the streamer writes', () => {
  const places = trainingPlaces(temp.file('job'));
  const hosts = { current_host: 'algo-2', hosts: ['algo-1', 'algo-2'] };
  const hyperparameters = { epochs: '2', 'learning-rate': '0.1' };
  const channels = [
    { name: 'train', uri: 's3://bucket/train/', recordWrapper: 'RecordIO', compression: 'Gzip' },
    { name: 'my-eval', uri: 's3://bucket/eval/', contentType: 'text/csv' },
  ] as const;
  const job = { channels, hosts, hyperparameters };
  writeTrainingFiles(places, job);
  expect(readInputDataConfig(places.configDir)).toEqual({
    train: {
      TrainingInputMode: 'Pipe',
      S3DistributionType: 'FullyReplicated',
      RecordWrapperType: 'RecordIO',
      CompressionType: 'Gzip',
    },
    'my-eval': {
      ContentType: 'text/csv',
      TrainingInputMode: 'Pipe',
      S3DistributionType: 'FullyReplicated',
      RecordWrapperType: 'None',
    },
  });
  expect(readResourceConfig(places.configDir)).toEqual(hosts);
  expect(readHyperparameters(places.configDir)).toEqual(hyperparameters);
  expect(readEnvironment(trainingEnvironment(places, job))).toMatchObject({
    channels: ['train', 'my-eval'],
    channelDirs: { train: `${places.pipeDir}/train`, 'my-eval': `${places.pipeDir}/my-eval` },
    hosts: hosts.hosts,
    currentHost: 'algo-2',
    inputConfigDir: places.configDir,
    hyperparameters: { epochs: '2', 'learning-rate': '0.1' },
  });
});

test('an unknown option of a channel is rejected', () => {
  const channels = [{ name: 'train', uri: 'data', shuffleSeeds: 7 }];
  const job = { channels, hosts: { current_host: 'a', hosts: ['a'] }, hyperparameters: {} };
  expect(() => writeTrainingFiles(trainingPlaces(temp.file('other')), job)).toThrow(
    /unknown option shuffleSeeds; did you mean shuffleSeed/,
  );
});
