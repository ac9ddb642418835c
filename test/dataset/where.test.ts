import { writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { encodeTFRecord, UsageError } from 'recordpipe';
import { Dataset, type ShardsOptions } from 'recordpipe/dataset';
import { compileFeatures, encodeExample, fixedLen } from 'recordpipe/messages';
import { openTFRecordWriter } from 'recordpipe/records/write';
import { expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';

const dir = tempDir();

function example(label: number): Uint8Array {
  return encodeExample({ label: { kind: 'int64', value: [label] } });
}

function labelOf(record: Uint8Array): number {
  return record[record.length - 1];
}

const records = Array.from({ length: 20 }, (_, i) => example(i));

test('where keeps the records for which the expression is true, in order', async () => {
  const found = await Dataset.from(records).where('label % 5 == 2').toArray();
  expect(found.map(labelOf)).toEqual([2, 7, 12, 17]);
});

test('a resumed iteration continues after the last record that passed', async () => {
  const path = dir.file('resume.tfrecord');
  const writer = await openTFRecordWriter(path);
  for (const record of records) await writer.write(record);
  await writer.close();
  const dataset = Dataset.records(path).where('label > 3').shuffle(4, { seed: 1 });
  const whole = (await dataset.toArray()).map(labelOf);
  for (const taken of [0, 1, 5, 15]) {
    const iterator = dataset.iterate();
    const first: number[] = [];
    for (let i = 0; i < taken; i++) first.push(labelOf((await iterator.next()).value as Uint8Array));
    const state = JSON.parse(JSON.stringify(iterator.state()));
    await iterator.return();
    const rest = (await dataset.resume(state).toArray()).map(labelOf);
    expect([...first, ...rest].sort()).toEqual([...whole].sort());
    const other = Dataset.records(path).where('label > 4').shuffle(4, { seed: 1 });
    expect(() => other.resume(state)).toThrow(/where/);
  }
});

test('where rejects an invalid expression and reports a feature that no record has', async () => {
  await expect(Dataset.from(records).where('label =').count()).rejects.toThrow(UsageError);
  expect(() => Dataset.from(records).where(3 as never)).toThrow(UsageError);
  await expect(Dataset.from(records).where('label == "x"').count()).rejects.toMatchObject({
    code: 'schema-mismatch',
  });
  const notices: string[] = [];
  const onNotice = ({ message }: { message: string }): number => notices.push(message);
  expect(await Dataset.from(records).where('lable == 3', { onNotice }).count()).toBe(0);
  expect(notices).toEqual(['where: no record has a feature "lable"; did you mean "label"?']);
});

function shards(path: string, options: ShardsOptions): Dataset<Uint8Array> {
  return Dataset.shards(path, { order: 'shuffled', seed: 1, missing: 'memory', ...options });
}

const LABEL = compileFeatures({ label: fixedLen([], 'int64') });

test.each<[string, (path: string) => Dataset<unknown>]>([
  ['where', (path) => Dataset.records(path).where('label > 3')],
  ['skip, take and where', (path) => Dataset.records(path).skip(1).take(5).where('label > 3')],
  [
    'shard, withProgress and where',
    (path) =>
      Dataset.records(path)
        .shard(2, 0)
        .withProgress(() => {})
        .where('label > 3'),
  ],
  ['repeat and where', (path) => Dataset.records(path).repeat(2).where('label > 3')],
  [
    'interleave and where',
    (path) =>
      Dataset.files(path)
        .interleave((file) => Dataset.records(file))
        .where('label > 3'),
  ],
  [
    'unordered interleave and where',
    (path) =>
      Dataset.files(path)
        .interleave((file) => Dataset.records(file), { ordered: false })
        .where('label > 3'),
  ],
  ['shuffle and where', (path) => Dataset.records(path).shuffle(8, { seed: 1 }).where('label > 3')],
  ['shuffle and parse', (path) => Dataset.records(path).shuffle(8, { seed: 1 }).parse(LABEL)],
  [
    'shuffle of limited bytes and parse',
    (path) => Dataset.records(path).shuffle(8, { seed: 1, maxBytes: 100 }).parse(LABEL),
  ],
  ['shuffle, repeat and parse', (path) => Dataset.records(path).shuffle(8).repeat(2).parse(LABEL)],
  [
    'interleaved shuffles and parse',
    (path) =>
      Dataset.from([path])
        .interleave((file) => Dataset.records(file).shuffle(8))
        .parse(LABEL),
  ],
  ['prefetch and where', (path) => Dataset.records(path).prefetch(2).where('label > 3')],
  ['prefetch, shuffle and parse', (path) => Dataset.records(path).prefetch(-1).shuffle(4).parse(LABEL)],
  ['prefetchToMemory and parse', (path) => Dataset.records(path).prefetchToMemory(1000).parse(LABEL)],
  [
    'mix and where',
    (path) =>
      Dataset.mix([
        { dataset: Dataset.records(path), weight: 1 },
        { dataset: Dataset.records(path).take(2), weight: 0.001 },
      ]).where('label > 3'),
  ],
  ['mix and parse', (path) => Dataset.mix([{ dataset: Dataset.records(path), weight: 1 }]).parse(LABEL)],
  ['single shards and where', (path) => shards(path, { blockRecords: 1 }).where('label > 3')],
  ['single shards and parse', (path) => shards(path, { blockRecords: 1, groupBlocks: 1 }).parse(LABEL)],
  ['shards in blocks and where', (path) => shards(path, { blockRecords: 3 }).where('label > 3')],
  ['shards in sequence and parse', (path) => shards(path, { order: 'sequential' }).parse(LABEL)],
  ['where and parse', (path) => Dataset.records(path).where('has(label)').parse(LABEL)],
  [
    'filter and parse',
    (path) =>
      Dataset.records(path)
        .filter(() => true)
        .parse(LABEL),
  ],
])('%s: an error names the file, the record and its offset', async (_, chain) => {
  const path = dir.file('mismatch.tfrecord');
  const bad = encodeExample({ label: { kind: 'bytes', value: ['four'] } });
  const frames = [...records.slice(0, 4), bad, ...records.slice(5)].map((record) => encodeTFRecord(record));
  writeFileSync(path, Buffer.concat(frames));
  const offset = Buffer.concat(frames.slice(0, 4)).length;
  await expect(chain(path).toArray()).rejects.toMatchObject({
    code: 'schema-mismatch',
    uri: path,
    record: 4,
    offset,
    message: expect.stringContaining(`(record 4 at byte ${offset} of ${path})`),
  });
});

test.each<[string, (of: Dataset<Uint8Array>) => Dataset<Uint8Array>]>([
  ['prefetch', (of) => of.prefetch(16)],
  ['shuffle', (of) => of.shuffle(100, { seed: 1 })],
])('%s: an error after thousands of records names its record, also after resuming', async (_, chain) => {
  const bad = encodeExample({ label: { kind: 'bytes', value: ['bad'] } });
  const frames = Array.from({ length: 3000 }, (_, i) => encodeTFRecord(i === 2900 ? bad : example(i)));
  const path = dir.file('long.tfrecord', Buffer.concat(frames));
  const failure = { uri: path, record: 2900, offset: Buffer.concat(frames.slice(0, 2900)).length };
  const dataset = chain(Dataset.records(path)).where('label >= 0');
  const iterator = dataset.iterate();
  for (let i = 0; i < 1500; i++) {
    await iterator.next();
    if (i % 10 === 0) await turn();
  }
  const state = iterator.state();
  const rest = async (): Promise<void> => {
    for await (const _record of iterator) await turn();
  };
  await expect(rest()).rejects.toMatchObject(failure);
  await expect(dataset.resume(state).toArray()).rejects.toMatchObject(failure);
});
