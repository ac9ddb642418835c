import { describe, expect, test } from 'vitest';
import type { TableReadOptions } from '../../../src/columns/formats/table-format.ts';
import type { ColumnSchema } from '../../../src/messages/columns/column-schema.ts';
import { columnBatch } from '../../support/column-vectors.ts';
import { batchesOf, FORMATS, feature, textSource, written } from './text-table.ts';

const { jsonl } = FORMATS;
const lines = (...rows: string[]): string => rows.map((row) => `${row}\n`).join('');
const read = (text: string | Uint8Array, options?: TableReadOptions): ReturnType<typeof batchesOf> =>
  batchesOf(jsonl, textSource(text), options);
const schemaOf = async (text: string): Promise<ColumnSchema> =>
  (await jsonl.openReader(textSource(text), {})).schema;

test('a row is one JSON object, with the features by name', async () => {
  const batch = columnBatch('Example', 3, [
    { ...feature('id', 'int64'), values: [2n ** 63n - 1n, -5n, null] },
    {
      ...feature('tags', { type: 'list', items: { type: 'text' } }),
      values: [[], [Buffer.from('a"b')], null],
    },
    { ...feature('image', 'bytes'), values: [Uint8Array.of(0xff), null, new Uint8Array(0)] },
    { ...feature('x', 'float'), values: [0.1, Number.NaN, Number.NEGATIVE_INFINITY] },
  ]);
  expect((await written(jsonl, [batch])).toString()).toBe(
    lines(
      '{"id":9223372036854775807,"tags":[],"image":"/w==","x":0.1}',
      '{"id":-5,"tags":["a\\"b"],"x":"NaN"}',
      '{"image":"","x":"-Infinity"}',
    ),
  );
});

describe('types are inferred from all rows', () => {
  test.each([
    ['integers', lines('{"x":1}', '{"x":-9223372036854775808}', '{"x":true}'), { type: 'int64' }],
    ['floats among integers', lines('{"x":1}', '{"x":0.5}'), { type: 'float' }],
    ['a negative zero', lines('{"x":-0.0}'), { type: 'float' }],
    ['special floats', lines('{"x":"NaN"}', '{"x":1}'), { type: 'float' }],
    ['text', lines('{"x":"NaN"}', '{"x":"b"}'), { type: 'text' }],
    ['lists, also of one value', lines('{"x":1}', '{"x":[1,2]}'), { type: 'list', items: { type: 'int64' } }],
    ['empty lists', lines('{"x":[]}', '{"x":[0.5]}'), { type: 'list', items: { type: 'float' } }],
  ])('%s', async (_, text, type) => {
    expect(await schemaOf(text)).toMatchObject({
      message: 'Example',
      fields: [{ name: 'x', type, nullable: false }],
    });
  });

  test('lists of lists are the feature lists of SequenceExamples', async () => {
    const schema = await schemaOf(lines('{"id":1,"steps":[[1,2],[]]}', '{"steps":[[3],null]}'));
    expect(schema).toMatchObject({
      message: 'SequenceExample',
      fields: [
        { name: 'id', part: 'feature', nullable: true },
        { name: 'steps', part: 'featureList', nullable: false },
      ],
    });
  });

  test('a feature that is null everywhere is a column of text', async () => {
    expect((await schemaOf(lines('{"x":1,"y":null}', '{"x":2}'))).fields).toMatchObject([
      { name: 'x', nullable: false },
      { name: 'y', type: { type: 'text' }, nullable: true },
    ]);
  });

  test.each([
    ['numbers and strings', lines('{"x":1}', '{"x":"a"}'), /feature "x": .*numbers and strings/],
    ['an object', lines('{"x":1}', '{"x":{"y":1}}'), /feature "x": .*an object \(record 1 at byte 8/],
    ['null in a list', lines('{"x":[1,null]}'), /feature "x": .*null in a list/],
    ['only empty lists', lines('{"x":[]}'), /feature "x": all lists are empty/],
    ['lists of lists of lists', lines('{"x":[[[1]]]}'), /lists in lists in lists/],
  ])('%s are an error', async (_, text, message) => {
    await expect(schemaOf(text)).rejects.toMatchObject({
      code: 'schema-mismatch',
      message: expect.stringMatching(message),
    });
  });

  test('a problem of another column does not matter', async () => {
    const [batch] = await read(lines('{"x":1,"y":{}}', '{"x":2,"y":"a"}'), { columns: ['x'] });
    expect(batch.schema.fields.map(({ name }) => name)).toEqual(['x']);
    expect(batch.rows).toBe(2);
  });
});

test('integers of 64 bits are exact, and text that looks like one is not changed', async () => {
  const rows = [
    '{"x":9007199254740993,"s":"9007199254740993 \\" 9007199254740993"}',
    '{"x":-9223372036854775808,"s":"[12345678901234567890]"}',
    '{"x":1000000000000000000,"s":"\\\\"}',
  ];
  const [batch] = await read(lines(...rows));
  expect(batch.columns[0]).toMatchObject({
    values: BigInt64Array.of(9007199254740993n, -(2n ** 63n), 10n ** 18n),
  });
  expect((await written(jsonl, [batch])).toString()).toBe(lines(...rows));
});

const SCHEMA: ColumnSchema = {
  recordpipeColumns: 1,
  message: 'Example',
  fields: [
    feature('n', 'int64'),
    feature('f', 'float'),
    feature('t', 'text'),
    feature('b', 'bytes'),
    feature('u', 'int64', true),
  ],
};

test('an object with two values for a key is an error', async () => {
  const schema: ColumnSchema = {
    ...SCHEMA,
    fields: [feature('n', 'int64', true), feature('t', 'text', true)],
  };
  const good = ['{"n":1,"t":"n\\":2"}', '{ "n" : 3 , "t" : "n:{\\"n\\":1," }'];
  const bad = ['{"n":4,"n":5}', '{"t":":}","n" : 4, "t":"x"}', '{"n":4,"\\u006e":5}'];
  for (const row of bad) {
    const text = lines(...good, row);
    await expect(read(text, { schema })).rejects.toMatchObject({
      code: 'malformed-table',
      record: 2,
      message: expect.stringMatching(/two values for the key "[nt]"/),
    });
    const [batch] = await read(text, { schema, onBadRow: () => {} });
    expect(batch).toMatchObject({ rows: 2, columns: [{ values: BigInt64Array.of(1n, 3n) }, {}] });
  }
});

describe('a row that does not fit the schema', () => {
  test.each([
    ['{"n":1.5}', 'feature "n": expected an integer, got 1.5'],
    ['{"n":"1"}', 'feature "n": expected an integer, got "1"'],
    ['{"n":9223372036854775808}', 'exceeds the range of int64'],
    ['{"n":[1,2]}', 'got a list of 2 values'],
    ['{"f":1e39}', 'exceeds the range of 32-bit floats'],
    ['{"f":1e400}', 'feature "f": the number exceeds the range of 32-bit floats'],
    ['{"f":"x"}', 'expected a number'],
    ['{"t":5}', 'feature "t": expected text, got 5'],
    ['{"t":"\\ud800"}', 'lone surrogate'],
    ['{"b":"abc"}', 'base64'],
    ['{"b":"Zh=="}', 'base64'],
    ['{"z":1}', 'feature "z" is not in the schema'],
  ])('%s', async (row, message) => {
    const text = lines('{"n":1}', row, '{"n":2}');
    await expect(read(text, { schema: SCHEMA })).rejects.toMatchObject({
      code: 'schema-mismatch',
      uri: 'table',
      record: 1,
      offset: 8,
      message: expect.stringContaining(message),
    });
    const skipped: unknown[] = [];
    const [batch] = await read(text, { schema: SCHEMA, onBadRow: ({ record }) => skipped.push(record) });
    expect(skipped).toEqual([1]);
    expect(batch).toMatchObject({ rows: 2, columns: [{ values: BigInt64Array.of(1n, 2n) }, {}, {}, {}, {}] });
  });

  test('a missing feature that the schema requires', async () => {
    const fields = [feature('n', 'int64', false)];
    await expect(read(lines('{}'), { schema: { ...SCHEMA, fields } })).rejects.toThrow(/requires one/);
  });
});

test.each([
  ['not JSON', '{"n":', 'malformed-table'],
  ['an array', '[1]', 'malformed-table'],
  ['a number', '12', 'malformed-table'],
  ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'malformed-text'],
])('a damaged line: %s', async (_, bad, code) => {
  const text = Buffer.concat([Buffer.from('{"n":1}\n'), Buffer.from(bad), Buffer.from('\r\n\n{"n":2}\n')]);
  await expect(read(text, { schema: SCHEMA })).rejects.toMatchObject({ code, record: 1, offset: 8 });
  const skipped: unknown[] = [];
  const batches = await read(text, { schema: SCHEMA, onBadRow: (error) => skipped.push(error.code) });
  expect(skipped).toEqual([code]);
  expect(batches.reduce((sum, { rows }) => sum + rows, 0)).toBe(2);
});

test('chosen columns keep the others out', async () => {
  const text = lines('{"image/a":1,"image/b":2,"c":3}');
  const [batch] = await read(text, { columns: ['image/*'] });
  expect(batch.schema.fields.map(({ name }) => name)).toEqual(['image/a', 'image/b']);
});
