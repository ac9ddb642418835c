import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import {
  hostRank,
  hyperparameterValue,
  PipeModeDataset,
  readEnvironment,
  readHyperparameters,
  readInputDataConfig,
  readResourceConfig,
} from '../../../src/pipemode/index.ts';
import { channelPlace } from './channel-place.ts';

/** The error that a call throws. */
function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('the channel', () => {
  test('must be in the configuration, which must be there, and good', () => {
    const place = channelPlace('train', 'test');
    const make = (channel: string): unknown => thrown(() => new PipeModeDataset(channel, place.dirs));
    expect(make('eval')).toMatchObject({ code: 'unknown-channel' });
    expect((make('eval') as Error).message).toContain('it has "train", "test"');
    expect(make('toString')).toMatchObject({ code: 'unknown-channel' });
    place.configure({
      train: {},
      test: { TrainingInputMode: 'File' },
      one: { TrainingInputMode: 'pIPE' },
      bad: { TrainingInputMode: 1 },
    });
    expect(make('train')).toMatchObject({ code: 'malformed-config' });
    place.configure({ train: {}, test: { TrainingInputMode: 'File' }, one: { TrainingInputMode: 'pIPE' } });
    expect(make('train')).toMatchObject({ code: 'not-a-pipe-channel' });
    expect(make('test')).toMatchObject({ code: 'not-a-pipe-channel' });
    expect(make('one')).toBe(undefined);
    place.configure([]);
    expect(make('train')).toMatchObject({
      code: 'malformed-config',
      uri: `${place.configDir}/inputdataconfig.json`,
    });
    writeFileSync(`${place.configDir}/inputdataconfig.json`, '{');
    expect(make('train')).toMatchObject({ code: 'malformed-config' });
    expect(
      thrown(() => new PipeModeDataset('train', { ...place.dirs, configDir: place.root })),
    ).toMatchObject({ code: 'not-found' });
  });

  test.each([
    { recordFormat: 'TextLine' },
    { recordFormat: 'textline' },
    { format: 'textline' },
    { format: 'TextLine', record_format: 'textline' },
  ] as const)('its format is given as %j', async (options) => {
    const place = channelPlace();
    writeFileSync(place.pipe(0), 'one\ntwo\n');
    expect(await new PipeModeDataset('train', { ...place.dirs, ...options }).count()).toBe(2);
  });

  test('formats that contradict each other are refused', () => {
    const options = { recordFormat: 'TFRecord', format: 'textline' } as const;
    expect(() => new PipeModeDataset('train', { ...channelPlace().dirs, ...options })).toThrow(
      'recordFormat is given twice',
    );
  });

  test('errors of a channel carry the name of their class', async () => {
    const place = channelPlace();
    writeFileSync(place.pipe(0), 'this is no RecordIO');
    const failure = await new PipeModeDataset('train', place.dirs).count().catch((error: unknown) => error);
    expect([(failure as Error).name, String(failure)]).toEqual([
      'PipeModeError',
      expect.stringMatching(/^PipeModeError: /),
    ]);
  });

  test.each(['', '../../train', 'a b', 'é', 'x'.repeat(65)])('cannot be called %j', (name) => {
    expect(() => new PipeModeDataset(name, channelPlace().dirs)).toThrow(UsageError);
  });

  test.each([
    { recordFormat: 'CSV' },
    { record_format: 'CSV' },
    { recordformat: 'TFRecord' },
    { maxCorruptedRecordsToSkip: 1 },
    { max_corrupted_records_to_skip: -1, record_format: 'TFRecord' },
    { benchmarkRecordsInterval: 0.5 },
    { idleTimeoutMs: 0 },
    { openTimeoutMs: Number.NaN },
    { reserve: 'never' },
    { compat: 'tf' },
    { attributes: [] },
    { attributes: ['a', 'a'] },
    { maxRecordBytes: -1 },
  ])('cannot be read with %j', (options) => {
    const { dirs } = channelPlace();
    expect(() => new PipeModeDataset('train', { ...dirs, ...(options as object) })).toThrow(UsageError);
  });

  test('a wrapper that does not go with the format is a warning', () => {
    const place = channelPlace();
    place.configure({
      train: { TrainingInputMode: 'Pipe', RecordWrapperType: 'RecordIO' },
      raw: { TrainingInputMode: 'Pipe' },
    });
    const warnings: string[] = [];
    const options = { ...place.dirs, onWarning: (message: string) => warnings.push(message) };
    const { config } = new PipeModeDataset('train', options);
    expect(config.RecordWrapperType).toBe('RecordIO');
    expect(warnings).toEqual([]);
    new PipeModeDataset('train', { ...options, recordFormat: 'TFRecord' });
    new PipeModeDataset('raw', { ...options, attributes: ['a'] });
    expect(warnings).toEqual([
      expect.stringMatching(/^channel train has RecordWrapperType RecordIO, .* read as TFRecord/),
      expect.stringMatching(/^channel raw has RecordWrapperType None/),
    ]);
  });
});

describe('the files of a training job', () => {
  test('channels', () => {
    const { configDir } = channelPlace('a', 'b');
    expect(Object.keys(readInputDataConfig(configDir))).toEqual(['a', 'b']);
  });

  test('machines', () => {
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

  test('hyperparameters', () => {
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

test('the environment', () => {
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
