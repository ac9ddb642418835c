import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { inferSchema, validateFiles } from 'recordpipe/report';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { encodeExample, encodeSequenceExample, type FeatureInput } from '../../src/example/index.ts';
import { encodeTFRecord } from '../../src/framing/index.ts';
import { type FeatureListSchema, type RecordSchema, readSchema } from '../../src/stats/index.ts';
import { anyRecord, gif } from '../support/examples.ts';
import { FIXTURES } from '../support/golden.ts';
import { misfits } from '../support/json-schema.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { randomRuns } from '../support/random-runs.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const jsonSchema = JSON.parse(
  readFileSync(new URL('../../schema/recordpipe-schema.json', import.meta.url), 'utf8'),
);

function file(name: string, records: readonly Uint8Array[]): string {
  return temp.file(name, concat(records.map((record) => encodeTFRecord(record))));
}

test('what is inferred from records of one type each is kept by them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRecord, { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      async (records, loose) => {
        const path = file('any.tfrecord', records);
        const { schema, conflicts } = await inferSchema(path, { loose });
        const text = JSON.stringify(schema);
        expect(misfits(JSON.parse(text), jsonSchema)).toEqual([]);
        const { files } = await validateFiles(path, { schema: readSchema(text) });
        const mixed = new Set(conflicts.map(({ feature }) => feature));
        const { violations } = files[0].schema!;
        expect(violations.filter(({ feature }) => feature === null || !mixed.has(feature))).toEqual([]);
        expect(violations.length > 0).toBe(conflicts.length > 0);
      },
    ),
    { numRuns: randomRuns(60) },
  );
});

test("the schema of TensorFlow's files is a document of the JSON Schema", async () => {
  for (const name of ['examples.bin', 'sequence-examples.bin']) {
    const { schema, conflicts } = await inferSchema(fileURLToPath(new URL(name, FIXTURES)));
    expect(misfits(JSON.parse(JSON.stringify(schema)), jsonSchema)).toEqual([]);
    expect(conflicts.length).toBeGreaterThan(0);
  }
});

const GOOD = { kind: 'int64', value: [3] } as const;

async function broken(
  rules: FeatureListSchema,
  ...features: (FeatureInput | undefined)[]
): Promise<unknown[]> {
  const records = features.map((x) => encodeExample(x === undefined ? {} : { x }));
  const schema: RecordSchema = { recordpipeSchema: 1, message: 'Example', features: { x: rules } };
  const { files } = await validateFiles(file('rule.tfrecord', records), { schema });
  return files[0].schema!.violations.map(({ rule, count, record, message }) => [
    rule,
    count,
    record,
    message,
  ]);
}

describe('each rule', () => {
  test('type, required', async () => {
    expect(await broken({ type: 'float' }, GOOD, GOOD)).toEqual([
      ['type', 2, 0, 'expected float, got int64'],
    ]);
    expect(await broken({ type: 'int64', required: true }, GOOD, undefined, { kind: 'none' })).toEqual([
      ['required', 2, 1, 'expected in every record, got a record without it'],
    ]);
  });

  test('length, shape', async () => {
    const list = (...value: number[]): FeatureInput => ({ kind: 'int64', value });
    expect(await broken({ type: 'int64', length: { min: 1, max: 2 } }, GOOD, list(), list(1, 2, 3))).toEqual([
      ['length', 2, 1, 'expected 1 to 2 values, got 0'],
    ]);
    expect(await broken({ type: 'int64', shape: [2, 2] }, list(1, 2, 3, 4), list(1))).toEqual([
      ['length', 1, 1, 'expected 4 values (shape [2, 2]), got 1'],
    ]);
  });

  test('range of integers, exact beyond 2^53', async () => {
    const one = (value: bigint): FeatureInput => ({ kind: 'int64', value: [value] });
    const range = { min: '-9007199254740993', max: '9007199254740993' };
    const edge = 9007199254740993n;
    expect(
      await broken({ type: 'int64', range }, one(edge), one(-edge), one(edge + 1n), one(-edge - 1n)),
    ).toEqual([['range', 2, 2, 'expected -9007199254740993 to 9007199254740993, got 9007199254740994']]);
    expect(await broken({ type: 'int64', range: { min: 0 } }, one(0n), one(-1n))).toEqual([
      ['range', 1, 1, 'expected at least 0, got -1'],
    ]);
  });

  test('range of floats, NaN, infinity', async () => {
    const one = (...value: number[]): FeatureInput => ({ kind: 'float', value });
    const rules = { type: 'float', range: { min: 0, max: 0.1 }, nan: false, infinity: false } as const;
    expect(
      await broken(rules, one(0, -0, 0.1), one(0.11), one(Number.NaN), one(Number.NEGATIVE_INFINITY)),
    ).toEqual([
      ['range', 1, 1, 'expected 0 to 0.1, got 0.11'],
      ['nan', 1, 2, 'expected numbers, got NaN'],
      ['infinity', 1, 3, 'expected finite numbers, got -Infinity'],
    ]);
    expect(await broken({ type: 'float' }, one(Number.NaN))).toEqual([]);
  });

  test('bytes, UTF-8, images and their size', async () => {
    const one = (...value: (Uint8Array | string)[]): FeatureInput => ({ kind: 'bytes', value });
    expect(
      await broken(
        { type: 'bytes', bytes: { max: 3 }, utf8: true },
        one('abc'),
        one('abcd', Uint8Array.of(200)),
      ),
    ).toEqual([
      ['bytes', 1, 1, 'expected at most 3 bytes per value, got 4'],
      ['utf8', 1, 1, 'expected UTF-8, got other bytes'],
    ]);
    const rules = { type: 'bytes', images: ['jpeg', 'gif'], width: { max: 9 }, height: { min: 5 } } as const;
    expect(await broken(rules, one(gif(9, 5)), one('text'), one(gif(10, 4)))).toEqual([
      ['images', 1, 1, 'expected jpeg or gif, got no image'],
      ['width', 1, 2, 'expected at most 9 pixels, got 10'],
      ['height', 1, 2, 'expected at least 5 pixels, got 4'],
    ]);
  });

  test('of a repeated name the last one counts', async () => {
    const first = encodeExample({ x: { kind: 'float', value: [1] } });
    const second = encodeExample({ x: GOOD });
    const schema: RecordSchema = {
      recordpipeSchema: 1,
      message: 'Example',
      features: { x: { type: 'int64' } },
    };
    const report = await validateFiles(file('twice.tfrecord', [concat([first, second])]), { schema });
    expect(report.ok).toBe(true);
  });

  test('feature lists: steps, one type in each record', async () => {
    const record = encodeSequenceExample({
      featureLists: { t: [GOOD, { kind: 'float', value: [1] }, GOOD] },
    });
    const features = {};
    const featureLists = {
      t: { type: 'int64', steps: { max: 2 } },
      u: { type: 'bytes', required: true },
    } as const;
    const schema: RecordSchema = { recordpipeSchema: 1, message: 'SequenceExample', features, featureLists };
    const { files } = await validateFiles(file('list.tfrecord', [record]), { schema });
    expect(files[0].schema?.violations.map(({ rule, feature }) => `${feature} ${rule}`).sort()).toEqual([
      't homogeneous',
      't steps',
      't type',
      'u required',
    ]);
  });

  test('records that are no Examples, features that are not known', async () => {
    const schema: RecordSchema = { recordpipeSchema: 1, message: 'Example', features: {} };
    const path = file('odd.tfrecord', [encodeExample({ x: GOOD }), Buffer.from('hello')]);
    const { ok, files, violations } = await validateFiles(path, { schema });
    expect(ok).toBe(false);
    expect(files[0].errors.map(({ code, record }) => [code, record])).toEqual([
      ['schema-mismatch', 0],
      ['schema-mismatch', 1],
    ]);
    expect(violations?.map(({ rule }) => rule)).toEqual(['unknown-feature', 'message']);
    const allowed = await validateFiles(path, { schema: { ...schema, unknownFeatures: 'allow' } });
    expect(allowed.violations?.map(({ rule }) => rule)).toEqual(['message']);
  });

  test('features that no rule is about are of one type, in a file and across files', async () => {
    const schema: RecordSchema = {
      recordpipeSchema: 1,
      message: 'Example',
      features: {},
      unknownFeatures: 'allow',
    };
    const a = file('a.tfrecord', [encodeExample({ x: GOOD })]);
    const b = file('b.tfrecord', [encodeExample({ x: { kind: 'float', value: [1] } })]);
    const report = await validateFiles([a, b], { schema });
    expect(report.files.map(({ ok }) => ok)).toEqual([true, true]);
    expect(report.ok).toBe(false);
    expect(report.violations).toMatchObject([{ rule: 'one-type', feature: 'x', uri: b }]);
  });
});

test('findings of the schema and of the framing, in the order of the file; workers say the same', async () => {
  const records = [encodeExample({ x: GOOD }), encodeExample({ x: GOOD }), encodeExample({ y: GOOD })];
  const bytes = concat(records.map((record) => encodeTFRecord(record)));
  bytes[encodeTFRecord(records[0]).length + 13] ^= 1;
  const schema: RecordSchema = {
    recordpipeSchema: 1,
    message: 'Example',
    features: { x: { type: 'bytes' } },
  };
  const paths = ['one', 'two', 'three'].map((name) => temp.file(`${name}.tfrecord`, bytes));
  const { files, violations } = await validateFiles(paths, { schema, jobs: 1 });
  expect(files[0].errors.map(({ code, record }) => `${record} ${code}`)).toEqual([
    '0 schema-mismatch',
    '1 data-checksum',
    '2 schema-mismatch',
  ]);
  expect(files[0].errors[0].message).toContain(
    'feature "x": type: expected bytes, got int64 (record 0 at byte 0 of ',
  );
  expect(violations?.map(({ rule, count, files: many }) => [rule, count, many])).toEqual([
    ['type', 3, 3],
    ['unknown-feature', 3, 3],
  ]);
  const there = await validateFiles(paths, { schema, jobs: 2 });
  expect(there.violations).toEqual(violations);
  expect(there.files.map(({ errors }) => errors)).toEqual(files.map(({ errors }) => errors));
});

describe('a schema that is none', () => {
  const feature = (rules: object): object => ({
    recordpipeSchema: 1,
    message: 'Example',
    features: { x: rules },
  });
  test.each([
    ['{', 'schema: expected JSON'],
    [[], 'schema: the document: expected an object, got []'],
    [{ ...feature({}), recordpipeSchema: 2 }, 'schema: recordpipeSchema: expected one of 1, got 2'],
    [feature({}), 'schema: features.x.type: expected a value, got nothing'],
    [
      feature({ type: 'int32' }),
      'schema: features.x.type: expected one of "int64", "float", "bytes", got "int32"',
    ],
    [feature({ type: 'int64', utf8: true }), 'schema: features.x.utf8: expected no such rule for int64'],
    [
      feature({ type: 'int64', range: { min: 2, max: 1 } }),
      'schema: features.x.range: expected min no more than max',
    ],
    [feature({ type: 'int64', range: { min: 0.5 } }), 'schema: features.x.range: expected whole numbers'],
    [feature({ type: 'bytes', size: 1 }), 'schema: features.x.size: expected no such key'],
  ])('%j', (document, message) => {
    expect(() => readSchema(document)).toThrow(UsageError);
    expect(() => readSchema(document)).toThrow(message);
    if (typeof document === 'object' && !/rule for|min no|whole/.test(message))
      expect(misfits(document, jsonSchema)).not.toEqual([]);
  });
});
