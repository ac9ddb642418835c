// The cases of sagemaker_tensorflow's functional and integration tests. Cases that need an AWS
// account or TensorFlow's training loop are reduced to their reading.
import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import { Dataset } from '../../../src/dataset/index.ts';
import { encodeTFRecord } from '../../../src/index.ts';
import { PipeModeDataset } from '../../../src/pipemode/index.ts';
import { channelPlace } from './channel-place.ts';
import { joined, MODES, part, servePipe, text, utf8 } from './original-case.ts';

/**
 * 100 labeled vectors of 100 numbers. A record has 801 bytes, so a third of it is not a multiple of
 * 4.
 */
const EXAMPLES = Array.from({ length: 100 }, (_, i) => {
  const view = new DataView(new ArrayBuffer(801));
  view.setUint8(0, i % 2);
  for (let j = 0; j < 100; j++) view.setFloat64(1 + 8 * j, i + j / 128, true);
  return new Uint8Array(view.buffer);
});

function parse(record: Uint8Array): { label: number; data: number[] } {
  expect(record.length).toBe(801);
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  return {
    label: view.getUint8(0),
    data: Array.from({ length: 100 }, (_, j) => view.getFloat64(1 + 8 * j, true)),
  };
}

const PARSED = EXAMPLES.map(parse);

describe.each(MODES)('pipelines, %s', (_, compat) => {
  const whole = joined(EXAMPLES.map((example) => part(example)));

  test('map, repeat, prefetch and batch read two of three epochs', async () => {
    const place = channelPlace();
    const writers = [0, 1, 2].map((epoch) => servePipe(place, epoch, whole));
    const dataset = new PipeModeDataset('train', { ...place.dirs, compat });
    const batches = await dataset.map(parse, { parallel: 12 }).repeat(2).prefetch(3).batch(3).toArray();
    expect(batches.map((batch) => batch.length)).toEqual([...Array<number>(66).fill(3), 2]);
    expect(batches.flat()).toEqual([...PARSED, ...PARSED]);
    expect(place.state()).toBe('2');
    expect(writers[2].exitCode).toBe(null);
  });

  test('two channels in lockstep: 20 pairs of batches of 10, then the end', async () => {
    const place = channelPlace('channel_a', 'channel_b');
    const make = (channel: string): Dataset<ReturnType<typeof parse>[]> => {
      for (const epoch of [0, 1, 2]) servePipe(place, epoch, whole, { channel });
      const dataset = new PipeModeDataset(channel, { ...place.dirs, compat });
      return dataset.map(parse, { parallel: 12 }).repeat(2).prefetch(3).batch(10);
    };
    const pairs = await Dataset.zip([make('channel_a'), make('channel_b')]).toArray();
    expect(pairs.length).toBe(20);
    for (const [i, pair] of pairs.entries()) {
      const expected = PARSED.slice((10 * i) % 100, ((10 * i) % 100) + 10);
      expect(pair).toEqual([expected, expected]);
    }
    expect([place.state('channel_a'), place.state('channel_b')]).toEqual(['2', '2']);
  });

  test('records in three padded parts are joined', async () => {
    const place = channelPlace();
    const thirds = EXAMPLES.flatMap((example) => [
      part(example.subarray(0, 267), 1),
      part(example.subarray(267, 534), 2),
      part(example.subarray(534), 3),
    ]);
    servePipe(place, 0, joined(thirds));
    const dataset = new PipeModeDataset('train', { ...place.dirs, compat });
    const batches = await dataset.map(parse, { parallel: 12 }).prefetch(3).batch(3).toArray();
    expect(batches.length).toBe(34);
    expect(batches.flat()).toEqual(PARSED);
  });

  test('TFRecord: reads 100 records', async () => {
    const place = channelPlace();
    servePipe(place, 0, joined(Array.from({ length: 100 }, () => encodeTFRecord(utf8('hello world')))));
    const dataset = new PipeModeDataset('train', { ...place.dirs, compat, recordFormat: 'TFRecord' });
    expect(await dataset.map(text).toArray()).toEqual(Array<string>(100).fill('hello world'));
  });

  test('TextLine: reads a table of 100 rows and columns', async () => {
    const place = channelPlace();
    const row = Array.from({ length: 100 }, (_, column) => column);
    servePipe(place, 0, utf8(`${row.join(',')}\n`.repeat(100)));
    const dataset = new PipeModeDataset('train', { ...place.dirs, compat, recordFormat: 'TextLine' });
    const rows = await dataset.map((line) => text(line).split(',').map(Number)).toArray();
    expect(rows).toEqual(Array.from({ length: 100 }, () => row));
  });

  test('a training job: training, evaluation, one record, and an unused iterator', async () => {
    const place = channelPlace();
    for (let epoch = 0; epoch < 9; epoch++) servePipe(place, epoch, whole);
    const dataset = (): PipeModeDataset => new PipeModeDataset('train', { ...place.dirs, compat });
    const input = (): Dataset<{ label: number }[]> =>
      dataset()
        .repeat(3)
        .prefetch(1000)
        .map(parse, { parallel: Math.max(1, availableParallelism() - 2) })
        .batch(5);
    expect((await input().toArray()).flat()).toEqual([...PARSED, ...PARSED, ...PARSED]);
    expect(place.state()).toBe('3');
    expect(await input().count()).toBe(60);
    expect(place.state()).toBe('6');

    expect(await dataset().map(parse).first()).toEqual(PARSED[0]);
    expect(place.state()).toBe('7');
    const last = dataset();
    last.iterate();
    // In a graph that never runs, the original never creates its iterator. Outside of graphs,
    // creating it takes a pipe. Ours does that only in compat mode.
    const next = compat === undefined ? 7 : 8;
    await expect.poll(() => place.state()).toBe(String(next));
    expect(await last.map(parse).first()).toEqual(PARSED[0]);
    expect(last.metrics()?.epoch).toBe(next);
    dataset();
    expect(place.state()).toBe(String(next + 1));
  });
});
