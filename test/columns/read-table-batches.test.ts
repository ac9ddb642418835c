import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  type ColumnBatch,
  type ColumnSchema,
  inferColumns,
  readTableBatches,
} from '../../src/columns/index.ts';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { encodeExample, type FeatureInput, type FeaturesInput } from '../../src/messages/index.ts';
import { columnsOf } from '../support/column-rows.ts';
import { tempDir } from '../support/temp-dir.ts';

const FEATURES: readonly FeaturesInput[] = Array.from({ length: 10 }, (_, i) => ({
  id: { kind: 'int64', value: [i] },
  ...(i % 2 === 0 && { name: { kind: 'bytes', value: [`name ${i}`] } }),
  tags: { kind: 'bytes', value: Array.from({ length: i % 3 }, (_, k) => `tag ${k}`) },
}));

const dir = tempDir();
let folders = 0;

function newFolder(): string {
  const folder = join(dir.path, String(folders++));
  mkdirSync(folder);
  return folder;
}

function framed(features: readonly FeaturesInput[]): Buffer {
  return Buffer.concat(features.map((one) => encodeTFRecord(encodeExample(one))));
}

/** Writes two files, one of them compressed. */
function twoFiles(): string {
  const folder = newFolder();
  writeFileSync(join(folder, 'a.tfrecord'), framed(FEATURES.slice(0, 6)));
  writeFileSync(join(folder, 'b.tfrecord.gz'), gzipSync(framed(FEATURES.slice(6))));
  return folder;
}

async function collect(batches: AsyncIterable<ColumnBatch>): Promise<ColumnBatch[]> {
  const all: ColumnBatch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

function allOf(batches: readonly ColumnBatch[], name: string): unknown[] {
  return batches.flatMap((batch) => columnsOf(batch).get(name)!);
}

test('inferred columns: one value, missing values, lists and text', async () => {
  const { message, fields } = await inferColumns(twoFiles());
  expect(message).toBe('Example');
  expect(fields).toEqual([
    { name: 'id', type: { type: 'int64' }, nullable: false, part: 'feature', of: 'id' },
    { name: 'name', type: { type: 'text' }, nullable: true, part: 'feature', of: 'name' },
    {
      name: 'tags',
      type: { type: 'list', items: { type: 'text' } },
      nullable: false,
      part: 'feature',
      of: 'tags',
    },
  ]);
});

test('a feature of several kinds is an error that names the first record of each', async () => {
  const folder = newFolder();
  const path = join(folder, 'a.tfrecord');
  writeFileSync(
    path,
    framed([{ a: { kind: 'int64', value: [1] } }, {}, { a: { kind: 'float', value: [1] } }]),
  );
  const message = `feature "a": expected values of one kind, got int64 (1, first in record 0 of ${path}), float (1, first in record 2 of ${path})`;
  await expect(inferColumns(path)).rejects.toMatchObject({
    code: 'schema-mismatch',
    record: 2,
    message: expect.stringContaining(message),
  });
  const dropped: string[] = [];
  const { fields } = await inferColumns(path, { lossy: true, onDropped: (name) => dropped.push(name) });
  expect([fields, dropped]).toEqual([[], ['a']]);
});

describe('batches of rows over files', () => {
  test.each([1, 4, 6, 100])('%d rows', async (batchRows) => {
    const folder = twoFiles();
    const batches = await collect(readTableBatches(folder, await inferColumns(folder), { batchRows }));
    expect(batches.map(({ rows }) => rows)).toEqual(
      Array.from({ length: Math.ceil(10 / batchRows) }, (_, i) => Math.min(batchRows, 10 - i * batchRows)),
    );
    expect(batches.map(({ firstRow }) => firstRow)).toEqual(batches.map((_, i) => i * batchRows));
    expect(allOf(batches, 'id')).toEqual(FEATURES.map((_, i) => String(i)));
    expect(allOf(batches, 'name')).toEqual(FEATURES.map((_, i) => (i % 2 === 0 ? `name ${i}` : null)));
  });

  test('a limit of bytes', async () => {
    const folder = twoFiles();
    const batches = await collect(readTableBatches(folder, await inferColumns(folder), { batchBytes: 1 }));
    expect(batches.map(({ rows }) => rows)).toEqual(Array.from({ length: 10 }, () => 1));
  });

  test('chosen columns', async () => {
    const folder = twoFiles();
    const schema = await inferColumns(folder);
    const [batch] = await collect(readTableBatches(folder, schema, { columns: ['tags', 'id'] }));
    expect([...columnsOf(batch).keys()]).toEqual(['tags', 'id']);
    expect(() => readTableBatches(folder, schema, { columns: ['ids'] })).toThrow('got "ids"');
  });
});

describe('a record that does not match', () => {
  const schema: ColumnSchema = {
    recordpipeColumns: 1,
    message: 'Example',
    fields: [
      { name: 'a', type: { type: 'int64' }, nullable: false, part: 'feature', of: 'a' },
      { name: 'b', type: { type: 'int64' }, nullable: false, part: 'feature', of: 'b' },
    ],
  };
  const fine = (i: number): { a: FeatureInput; b: FeatureInput } => ({
    a: { kind: 'int64', value: [i] },
    b: { kind: 'int64', value: [i] },
  });
  const records = [fine(0), fine(1), { a: fine(2).a }, fine(3), { b: fine(4).b }, fine(5)] as const;

  function file(): string {
    const path = join(newFolder(), 'a.tfrecord');
    writeFileSync(path, framed(records as readonly FeaturesInput[]));
    return path;
  }

  test('ends the batches after all earlier rows', async () => {
    const path = file();
    const found: ColumnBatch[] = [];
    const reading = (async () => {
      for await (const batch of readTableBatches(path, schema)) found.push(batch);
    })();
    // Column a fails in record 4, before column b is read.
    await expect(reading).rejects.toMatchObject({ code: 'schema-mismatch', record: 2, uri: path });
    expect(allOf(found, 'a')).toEqual(['0', '1']);
  });

  test('is skipped on request', async () => {
    const skipped: (number | undefined)[] = [];
    const batches = await collect(
      readTableBatches(file(), schema, { onSkipped: ({ record }) => skipped.push(record) }),
    );
    expect(skipped).toEqual([2, 4]);
    expect(allOf(batches, 'b')).toEqual(['0', '1', '3', '5']);
    expect(batches.map(({ firstRow }) => firstRow)).toEqual([0, 3, 5]);
  });

  test('rows before a damaged frame are delivered', async () => {
    const path = join(newFolder(), 'a.tfrecord');
    writeFileSync(path, Buffer.concat([framed([fine(0), fine(1)]), Buffer.from('damage damage')]));
    const found: ColumnBatch[] = [];
    const reading = (async () => {
      for await (const batch of readTableBatches(path, schema)) found.push(batch);
    })();
    await expect(reading).rejects.toMatchObject({ record: 2 });
    expect(allOf(found, 'a')).toEqual(['0', '1']);
  });
});

test('a signal ends the reading', async () => {
  const folder = twoFiles();
  const signal = AbortSignal.abort();
  const schema = await inferColumns(folder);
  await expect(collect(readTableBatches(folder, schema, { signal }))).rejects.toMatchObject({
    code: 'aborted',
  });
});
