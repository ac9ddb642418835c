import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { PipeModeDataset } from '../../../src/pipemode/index.ts';
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
  test('must be in the configuration, which must exist and be valid', () => {
    const place = channelPlace('train', 'test');
    const make = (channel: string): unknown => thrown(() => new PipeModeDataset(channel, place.dirs));
    expect(make('eval')).toMatchObject({ code: 'unknown-channel' });
    expect((make('eval') as Error).message).toContain('known channels: "train", "test"');
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
  ] as const)('its format may be given as %j', async (options) => {
    const place = channelPlace();
    writeFileSync(place.pipe(0), 'one\ntwo\n');
    expect(await new PipeModeDataset('train', { ...place.dirs, ...options }).count()).toBe(2);
  });

  test('contradictory formats are rejected', () => {
    const options = { recordFormat: 'TFRecord', format: 'textline' } as const;
    expect(() => new PipeModeDataset('train', { ...channelPlace().dirs, ...options })).toThrow(
      'recordFormat is specified twice',
    );
  });

  test('errors of a channel have the name of their class', async () => {
    const place = channelPlace();
    writeFileSync(place.pipe(0), 'this is no RecordIO');
    const failure = await new PipeModeDataset('train', place.dirs).count().catch((error: unknown) => error);
    expect([(failure as Error).name, String(failure)]).toEqual([
      'PipeModeError',
      expect.stringMatching(/^PipeModeError: /),
    ]);
  });

  test.each(['', '../../train', 'a b', 'é', 'x'.repeat(65)])('cannot have the name %j', (name) => {
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

  test('a wrapper that does not match the format is a warning', () => {
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
      expect.stringMatching(
        /^channel train has RecordWrapperType RecordIO, .* reads the channel as TFRecord/,
      ),
      expect.stringMatching(/^channel raw has RecordWrapperType None/),
    ]);
  });
});
