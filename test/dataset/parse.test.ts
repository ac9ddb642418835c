import { writeFileSync } from 'node:fs';
import { Table, tableFromIPC, tableToIPC } from 'apache-arrow';
import { expect, test } from 'vitest';
import { Dataset } from '../../src/dataset/index.ts';
import { encodeTFRecord } from '../../src/formats/index.ts';
import {
  compileFeatures,
  encodeExample,
  type FeatureInput,
  fixedLen,
  fixedLenSequence,
  ragged,
  sparse,
  varLen,
} from '../../src/messages/index.ts';
import { tempDir } from '../support/temp-dir.ts';

const dir = tempDir();
const PLAN = compileFeatures({ id: fixedLen([], 'int64'), tags: ragged('text') });

function example(id: number): Uint8Array {
  return encodeExample({
    id: { kind: 'int64', value: [id] },
    tags: { kind: 'bytes', value: Array.from({ length: id % 3 }, () => `é${id}`) },
  });
}

function files(): string[] {
  return [
    [0, 1, 2, 3, 4],
    [5, 6, 7],
  ].map((ids, i) => {
    const path = dir.file(`${i}.tfrecord`);
    writeFileSync(path, Buffer.concat(ids.map((id) => encodeTFRecord(example(id)))));
    return path;
  });
}

async function idsOf(batches: AsyncIterable<{ id: { values: BigInt64Array } }>): Promise<number[][]> {
  const all: number[][] = [];
  for await (const { id } of batches) all.push(Array.from(id.values, Number));
  return all;
}

test('batches of a plan over files and over other elements are the same', async () => {
  const expected = [
    [0, 1, 2],
    [3, 4, 5],
    [6, 7],
  ];
  expect(await idsOf(Dataset.records(files()).parse(PLAN, { batchRows: 3 }))).toEqual(expected);
  const views = Dataset.records(files()).map((record) => record);
  expect(await idsOf(views.parse(PLAN, { batchRows: 3 }))).toEqual(expected);
});

test('every state continues with the next batch', async () => {
  const dataset = Dataset.records(files()).parse(PLAN, { batchRows: 2 });
  const whole = await idsOf(dataset);
  const iterator = dataset.iterate();
  for (let taken = 1; taken <= whole.length; taken++) {
    await iterator.next();
    const rest = dataset.resume(JSON.parse(JSON.stringify(iterator.state())));
    expect(await idsOf(rest)).toEqual(whole.slice(taken));
  }
  await iterator.return();
});

test('rows before a record that does not match are delivered, and the error names it', async () => {
  const path = dir.file('bad.tfrecord');
  const bad = encodeExample({ id: { kind: 'float', value: [1] } });
  writeFileSync(
    path,
    Buffer.concat([example(0), example(1), bad, example(3)].map((one) => encodeTFRecord(one))),
  );
  const found: number[][] = [];
  const reading = (async () => {
    for await (const { id } of Dataset.records(path).parse(PLAN)) found.push(Array.from(id.values, Number));
  })();
  await expect(reading).rejects.toMatchObject({ code: 'schema-mismatch', uri: path, record: 2 });
  expect(found).toEqual([[0, 1]]);
});

test('Arrow record batches hold the same values', async () => {
  const plan = compileFeatures({
    id: fixedLen([], 'int64'),
    box: fixedLen([2], 'float'),
    tags: ragged('text'),
    raw: varLen('bytes'),
    padded: fixedLenSequence([], 'int64', -1),
  });
  const int64 = (...value: number[]): FeatureInput => ({ kind: 'int64', value });
  const records = [
    {
      id: int64(1),
      box: { kind: 'float', value: [1, 2] },
      tags: { kind: 'bytes', value: ['é', ''] },
      padded: int64(5),
    },
    {
      id: int64(2),
      box: { kind: 'float', value: [3, 4] },
      raw: { kind: 'bytes', value: [Uint8Array.of(255)] },
      padded: int64(6, 7),
    },
  ].map((features) => encodeExample(features as Record<string, FeatureInput>));
  const batches = await Dataset.from(records).parse(plan).toArrow().toArray();
  const table = tableFromIPC(tableToIPC(new Table(batches as never)));
  expect(
    JSON.parse(
      JSON.stringify(table.toArray(), (_, value) => (typeof value === 'bigint' ? Number(value) : value)),
    ),
  ).toEqual([
    { id: 1, box: [1, 2], tags: ['é', ''], raw: [], padded: [5, -1] },
    { id: 2, box: [3, 4], tags: [], raw: [{ 0: 255 }], padded: [6, 7] },
  ]);
});

test('arguments', async () => {
  const records = Dataset.from([example(1)]);
  expect(() => records.parse({} as never)).toThrow('expected a plan from compileFeatures');
  expect(() => records.parse(PLAN, { batchRows: 0 })).toThrow('parse: batchRows');
  await expect(records.toArrow().toArray()).rejects.toThrow('toArrow: expected the batches of parse(plan)');
  const positions = compileFeatures({ words: sparse('at', 'weight', 'float', 9) });
  await expect(records.parse(positions).toArrow().toArray()).rejects.toThrow('got sparse');
});
