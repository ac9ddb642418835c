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
import { channelPlace } from '../reader/channel-place.ts';

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
