import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { inferSchema, validateFiles } from 'recordpipe/check';
import { describe, expect, test } from 'vitest';
import { type FeatureListSchema, type RecordSchema, readSchema } from '../../../src/check/index.ts';
import { UsageError } from '../../../src/errors.ts';
import { encodeTFRecord } from '../../../src/formats/index.ts';
import { encodeExample, encodeSequenceExample, type FeatureInput } from '../../../src/messages/index.ts';
import { anyRecord, gif } from '../../support/examples.ts';
import { FIXTURES } from '../../support/golden.ts';
import { misfits } from '../../support/json-schema.ts';
import { concat } from '../../support/oracle-tfrecord.ts';
import { randomRuns } from '../../support/random-runs.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();
const jsonSchema = JSON.parse(
  readFileSync(new URL('../../../schema/recordpipe-schema.json', import.meta.url), 'utf8'),
);

function file(name: string, records: readonly Uint8Array[]): string {
  return temp.file(name, concat(records.map((record) => encodeTFRecord(record))));
}

test('records conform to the schema inferred from them', async () => {
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

test('a feature without values has no type in the schema, so that data with values conforms', async () => {
  const empty = file('empty.tfrecord', [
    encodeExample({ n: { kind: 'none' }, b: { kind: 'bytes', value: [] } }),
  ]);
  const full = file('full.tfrecord', [
    encodeExample({ n: GOOD, b: { kind: 'int64', value: [1, 2] } }),
    encodeExample({}),
  ]);
  for (const loose of [false, true]) {
    const { schema } = await inferSchema(empty, { loose });
    expect(schema.features).toEqual({ n: {}, b: {} });
    expect((await validateFiles(full, { schema })).violations).toEqual([]);
  }
});

test('a loose schema has types, presence, fixed lengths and kinds of images, and nothing else', async () => {
  const record = encodeExample({
    image: { kind: 'bytes', value: [gif(1, 2)] },
    text: { kind: 'bytes', value: ['cat'] },
    number: { kind: 'float', value: [1, 2] },
  });
  const { schema } = await inferSchema(file('loose.tfrecord', [record, record]), { loose: true });
  expect(schema.features).toEqual({
    image: { type: 'bytes', required: true, length: { min: 1, max: 1 }, shape: [], images: ['gif'] },
    number: { type: 'float', required: true, length: { min: 2, max: 2 }, shape: [2] },
    text: { type: 'bytes', required: true, length: { min: 1, max: 1 }, shape: [] },
  });
});

test('a few texts that occur several times become a domain; ids, and bytes with control characters, do not', async () => {
  const record = (i: number): Uint8Array =>
    encodeExample({
      label: { kind: 'bytes', value: [i % 2 === 0 ? 'dog' : 'cat'] },
      id: { kind: 'bytes', value: [`id${i}`] },
      packed: { kind: 'bytes', value: [Uint8Array.of(1, 0, 0, 0)] },
    });
  const path = file('domain.tfrecord', [0, 1, 2, 3].map(record));
  const { schema } = await inferSchema(path);
  expect(schema.features['label'].values).toEqual(['cat', 'dog']);
  expect(schema.features['id'].values).toBe(undefined);
  expect(schema.features['packed']).toMatchObject({ type: 'bytes', bytes: { min: 4, max: 4 } });
  expect(schema.features['packed']).not.toHaveProperty('utf8');
  const other = file('other.tfrecord', [
    encodeExample({
      label: { kind: 'bytes', value: ['cta'] },
      id: { kind: 'bytes', value: ['id9'] },
      packed: { kind: 'bytes', value: [Uint8Array.of(0, 0, 0, 255)] },
    }),
  ]);
  const { violations } = await validateFiles(other, { schema });
  expect(violations?.map(({ rule, feature, message }) => [rule, feature, message])).toEqual([
    ['values', 'label', 'expected "cat" or "dog", got "cta"'],
  ]);
  const loose = await inferSchema(path, { loose: true });
  expect(loose.schema.features['label']).not.toHaveProperty('values');
});

test('inferSchema rejects a missing file with not-found, and text with a description', async () => {
  await expect(inferSchema(temp.file('nosuch'))).rejects.toMatchObject({ code: 'not-found' });
  await expect(inferSchema(file('text.tfrecord', [Buffer.from('hello')]))).rejects.toMatchObject({
    code: 'invalid-argument',
    message: expect.stringContaining('got 1 of a different kind: text'),
  });
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
      ['required', 2, 1, 'required in every record, but missing from one'],
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
      ['utf8', 1, 1, 'expected UTF-8, got invalid bytes'],
    ]);
    const rules = { type: 'bytes', images: ['jpeg', 'gif'], width: { max: 9 }, height: { min: 5 } } as const;
    expect(await broken(rules, one(gif(9, 5)), one('text'), one(gif(10, 4)))).toEqual([
      ['images', 1, 1, 'expected jpeg or gif, got no image'],
      ['width', 1, 2, 'expected at most 9 pixels, got 10'],
      ['height', 1, 2, 'expected at least 5 pixels, got 4'],
    ]);
  });

  test('values: texts and integers', async () => {
    const text = (...value: (Uint8Array | string)[]): FeatureInput => ({ kind: 'bytes', value });
    const rules = { type: 'bytes', values: ['cat', 'grüß', ''] } as const;
    expect(
      await broken(
        rules,
        text('cat', 'grüß', ''),
        text('cta'),
        text('cats'),
        text(Uint8Array.of(1, 0, 0, 0)),
      ),
    ).toEqual([['values', 3, 1, 'expected "cat" or "grüß" or "", got "cta"']]);
    expect(await broken(rules, text(Uint8Array.of(1, 0, 0, 0)))).toEqual([
      ['values', 1, 0, 'expected "cat" or "grüß" or "", got 4 bytes that are not text'],
    ]);
    const many = Array.from({ length: 40 }, (_, i) => `v${i}`);
    expect(await broken({ type: 'bytes', values: many }, text('v7'), text('w'))).toEqual([
      ['values', 1, 1, 'expected one of 40 values, got "w"'],
    ]);
    const one = (value: bigint): FeatureInput => ({ kind: 'int64', value: [value] });
    const big = 2n ** 60n;
    expect(await broken({ type: 'int64', values: [1, `${big}`] }, one(1n), one(big), one(2n))).toEqual([
      ['values', 1, 2, `expected 1 or ${big}, got 2`],
    ]);
  });

  test('a feature without a type may have any, but only one', async () => {
    expect(await broken({}, GOOD, GOOD, undefined)).toEqual([]);
    expect(await broken({ length: { min: 1 } }, GOOD, { kind: 'float', value: [] })).toEqual([
      ['one-type', 1, 1, 'expected int64 as in earlier records, got float'],
      ['length', 1, 1, 'expected at least 1 values, got 0'],
    ]);
  });

  test('the last feature of a name counts', async () => {
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

  test('records that are not Examples, unknown features', async () => {
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

  test('features without rules have one type, in a file and across files', async () => {
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

test('findings of schema and framing are in file order, with and without workers', async () => {
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

describe('an invalid schema', () => {
  const feature = (rules: object): object => ({
    recordpipeSchema: 1,
    message: 'Example',
    features: { x: rules },
  });
  test.each([
    ['{', 'schema: not JSON'],
    [[], 'schema: the document: expected an object, got a list of length 0'],
    [{ ...feature({}), recordpipeSchema: 2 }, 'schema: recordpipeSchema: expected one of 1, got 2'],
    [feature({ range: { min: 1 } }), 'schema: features.x.range: not supported for a feature without a type'],
    [feature({ type: 'int64', values: ['cat'] }), 'schema: features.x.values[0]: expected an integer'],
    [feature({ type: 'bytes', values: [1] }), 'schema: features.x.values[0]: expected a string'],
    [feature({ type: 'float', values: [1] }), 'schema: features.x.values: not supported for float'],
    [
      feature({ type: 'int32' }),
      'schema: features.x.type: expected one of "int64", "float", "bytes", got "int32"',
    ],
    [feature({ type: 'int64', utf8: true }), 'schema: features.x.utf8: not supported for int64'],
    [feature({ type: 'int64', range: { min: 2, max: 1 } }), 'schema: features.x.range: expected min <= max'],
    [feature({ type: 'int64', range: { min: 0.5 } }), 'schema: features.x.range: expected integers'],
    [feature({ type: 'bytes', size: 1 }), 'schema: features.x.size: unknown key'],
  ])('%j', (document, message) => {
    expect(() => readSchema(document)).toThrow(UsageError);
    expect(() => readSchema(document)).toThrow(message);
    if (typeof document === 'object' && !/not supported|min <=|integers|int32|values/.test(message))
      expect(misfits(document, jsonSchema)).not.toEqual([]);
  });
});
