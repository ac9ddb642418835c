import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { inferSchema, readSchema } from '../../src/check/index.ts';
import { inferColumns, planFromSchema, readColumns, specsFromSchema } from '../../src/columns/index.ts';
import { encodeTFRecord } from '../../src/formats/index.ts';
import {
  compileFeatures,
  encodeExample,
  type FeaturesInput,
  fixedLen,
  ragged,
} from '../../src/messages/index.ts';
import { tempDir } from '../support/temp-dir.ts';

const dir = tempDir();

function file(name: string, features: readonly FeaturesInput[]): string {
  const path = dir.file(name);
  writeFileSync(path, Buffer.concat(features.map((one) => encodeTFRecord(encodeExample(one)))));
  return path;
}

function numbered(from: number, to: number): FeaturesInput[] {
  return Array.from({ length: to - from }, (_, i) => ({
    id: { kind: 'int64', value: [from + i] },
    tags: { kind: 'bytes', value: Array.from({ length: i % 3 }, () => `tag ${from + i}`) },
  }));
}

const PLAN = compileFeatures({ id: fixedLen([], 'int64'), tags: ragged('text') }, { int64: 'number' });

test('batches of exactly the requested number of rows, over files', async () => {
  const files = [file('a.tfrecord', numbered(0, 7)), file('b.tfrecord', numbered(7, 10))];
  const ids: number[][] = [];
  const tags: string[] = [];
  for await (const batch of readColumns(files, PLAN, { batchRows: 4 })) {
    ids.push([...batch.id.values]);
    tags.push(...batch.tags.values);
  }
  expect(ids).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7],
    [8, 9],
  ]);
  expect(tags).toEqual(['tag 1', 'tag 2', 'tag 2', 'tag 4', 'tag 5', 'tag 5', 'tag 8', 'tag 9', 'tag 9']);
});

test('rows before a record that does not match are delivered, and the error names it', async () => {
  const bad: FeaturesInput = { id: { kind: 'float', value: [1] } };
  const path = file('bad.tfrecord', [...numbered(0, 3), bad, ...numbered(4, 6)]);
  const ids: number[] = [];
  const reading = (async () => {
    for await (const { id } of readColumns(path, PLAN)) ids.push(...id.values);
  })();
  await expect(reading).rejects.toMatchObject({ code: 'schema-mismatch', uri: path, record: 3 });
  expect(ids).toEqual([0, 1, 2]);

  const skipped: (number | undefined)[] = [];
  ids.length = 0;
  for await (const { id } of readColumns(path, PLAN, { onSkipped: ({ record }) => skipped.push(record) }))
    ids.push(...id.values);
  expect([ids, skipped]).toEqual([[0, 1, 2, 4, 5], [3]]);
});

test('a value that is not a plan is rejected', () => {
  expect(() => readColumns('a.tfrecord', {} as never)).toThrow('expected a plan from compileFeatures');
  expect(() => readColumns('a.tfrecord', PLAN, { batchRows: 0 })).toThrow('batchRows');
});

test('a plan of all features of a schema', async () => {
  const path = file('all.tfrecord', [
    {
      label: { kind: 'int64', value: [1] },
      box: { kind: 'float', value: [1, 2, 3, 4] },
      name: { kind: 'bytes', value: ['Ada'] },
      image: { kind: 'bytes', value: [Uint8Array.of(0xff, 0)] },
    },
    {
      label: { kind: 'int64', value: [2] },
      box: { kind: 'float', value: [5, 6, 7, 8] },
      image: { kind: 'bytes', value: [Uint8Array.of(0xfe)] },
    },
  ]);
  const { schema } = await inferSchema(path);
  expect(specsFromSchema(schema)).toEqual({
    label: fixedLen([], 'int64'),
    box: fixedLen([4], 'float'),
    name: ragged('text'),
    image: fixedLen([], 'bytes'),
  });
  for (const given of [schema, await inferColumns(path)])
    for await (const batch of readColumns(path, planFromSchema(given, { int64: 'number' }))) {
      expect(batch['label'].values).toEqual(Float64Array.of(1, 2));
      expect(batch['name'].values).toEqual(['Ada']);
      expect(batch['box'].values).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    }
});

test('a schema of other records has no plan', () => {
  const schema = readSchema({ recordpipeSchema: 1, message: 'Record', features: {} });
  expect(() => planFromSchema(schema)).toThrow('expected a schema of Examples, got a schema of Record');
});
