import { describe, expect, test } from 'vitest';
import type { TableReadOptions } from '../../../src/columns/formats/table-format.ts';
import type { ColumnSchema } from '../../../src/messages/columns/column-schema.ts';
import { columnBatch } from '../../support/column-vectors.ts';
import { batchesOf, FORMATS, feature, textSource, written } from './text-table.ts';

const { csv } = FORMATS;
const read = (text: string, options?: TableReadOptions): ReturnType<typeof batchesOf> =>
  batchesOf(csv, textSource(text), options);

test('the first row names the columns; missing, empty and special values differ', async () => {
  const batch = columnBatch('Example', 3, [
    { ...feature('id', 'int64'), values: [2n ** 63n - 1n, null, 0n] },
    { ...feature('a,b', 'text'), values: [Buffer.from(''), null, Buffer.from('x "y"\nz')] },
    { ...feature('x', 'float'), values: [0.1, Number.NaN, null] },
  ]);
  expect((await written(csv, [batch])).toString()).toBe(
    'id,"a,b",x\n9223372036854775807,"",0.1\n,,NaN\n0,"x ""y""\nz",\n',
  );
});

test('a list is an error that names the feature and the record; lossy drops the column', async () => {
  const batch = columnBatch('Example', 2, [
    { ...feature('id', 'int64'), values: [1n, 2n] },
    { ...feature('tags', { type: 'list', items: { type: 'int64' } }), values: [null, [1n]] },
  ]);
  await expect(written(csv, [batch])).rejects.toMatchObject({
    code: 'unrepresentable',
    record: 1,
    message: expect.stringContaining('feature "tags"'),
  });
  const losses: unknown[] = [];
  const text = await written(csv, [batch], { lossy: true, onLoss: (loss) => losses.push(loss) });
  expect(text.toString()).toBe('id\n1\n2\n');
  expect(losses).toEqual([{ column: 'tags', row: undefined, what: 'lists' }]);
});

describe('types are inferred from all cells', () => {
  test.each([
    ['integers', 'x\n1\n-20\n', 'int64'],
    ['floats', 'x\n1\n.5\n1e3\n', 'float'],
    ['floats without a fraction', 'x\n1.0\n2e3\n', 'float'],
    ['negative zeros', 'x\n-0.0\n', 'float'],
    ['numbers with special floats', 'x\n1\nNaN\n', 'float'],
    ['text among numbers', 'x\n1\nb\n', 'text'],
    ['leading zeros', 'x\n007\n', 'text'],
    ['digits beyond 64 bits', 'x\n99999999999999999999\n', 'text'],
    ['the smallest integer', 'x\n-9223372036854775808\n', 'int64'],
    ['an integer beyond the largest', 'x\n9223372036854775808\n', 'text'],
  ])('%s', async (_, text, type) => {
    expect((await csv.openReader(textSource(text), {})).schema).toMatchObject({
      message: 'Example',
      fields: [{ name: 'x', type: { type }, nullable: false }],
    });
  });
});

test('quotes, line ends, a byte order mark and blank lines', async () => {
  const [batch] = await read('\ufeffa,b\r\n1,"x\r\ny"\r\n\r\n2,\r\n');
  expect(batch.schema.fields.map(({ name, nullable }) => [name, nullable])).toEqual([
    ['a', false],
    ['b', true],
  ]);
  expect(batch.columns[1]).toMatchObject({ length: 2, data: Uint8Array.from(Buffer.from('x\r\ny')) });
});

test('blank lines before the names of the columns are skipped', async () => {
  const [batch] = await read('\n\r\na,b\n1,2\n');
  expect(batch).toMatchObject({ rows: 1, schema: { fields: [{ name: 'a' }, { name: 'b' }] } });
});

test('rows may have different line ends', async () => {
  const [batch] = await read('a,b\n1,2\r\n3,4\n5,6\r7,8\r\n');
  expect(batch.columns[1]).toMatchObject({ values: BigInt64Array.of(2n, 4n, 6n, 8n) });
});

test('a row with too many cells is an error', async () => {
  await expect(read('a\n1,2\n')).rejects.toThrow('expected 1 cell, got 2 (line 2)');
});

test('a blank line of a table with one column is a missing value', async () => {
  const [batch] = await read('a\n1\n\n3\n');
  expect(batch).toMatchObject({ rows: 3, columns: [{ validity: Uint8Array.of(0b101) }] });
});

const SCHEMA: ColumnSchema = {
  recordpipeColumns: 1,
  message: 'Example',
  fields: [feature('n', 'int64'), feature('t', 'text')],
};

test.each([
  ['a short row', 'n,t\n1,a\n2\n3,c\n', { code: 'malformed-table', record: 1 }, 2],
  ['a value of another type', 'n,t\n1,a\nx,b\n3,c\n', { code: 'schema-mismatch', record: 1 }, 2],
])('%s is an error, or skipped', async (_, text, failure, rows) => {
  await expect(read(text, { schema: SCHEMA })).rejects.toMatchObject({ uri: 'table', ...failure });
  const batches = await read(text, { schema: SCHEMA, onBadRow: () => {} });
  expect(batches.reduce((sum, batch) => sum + batch.rows, 0)).toBe(rows);
});

test.each([
  ['an open quote', 'n,t\n1,"a\n', /CSV/],
  ['a quote in a cell without quotes', 'n,t\n1,a"b\n', /not CSV/],
  ['two columns of one name', 'n,n\n1,2\n', /two columns with the name "n"/],
])('%s is damage', async (_, text, message) => {
  await expect(read(text, { schema: SCHEMA })).rejects.toMatchObject({
    code: 'malformed-table',
    message: expect.stringMatching(message),
  });
});

describe('bytes that are not UTF-8', () => {
  const source = (bytes: Uint8Array, size: number) => ({
    ...textSource(bytes),
    stream: async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    },
  });
  const text = Buffer.from('n,t\n1,ä€😀\n');

  test.each([1, 2, 3, 5, 100])('are an error instead of U+FFFD, in chunks of %d', async (size) => {
    const [batch] = await batchesOf(csv, source(text, size));
    expect(batch.columns[1]).toMatchObject({ data: Uint8Array.from(Buffer.from('ä€😀')) });
    for (const bad of ['\xe9\n', '\xe9', '\xf0\x9f\x98'])
      await expect(
        batchesOf(csv, source(Buffer.concat([text, Buffer.from(`2,${bad}`, 'latin1')]), size)),
      ).rejects.toMatchObject({ code: 'malformed-table', uri: 'table', offset: text.length + 2 });
  });

  test('are accepted in UTF-16 with a byte order mark', async () => {
    const [batch] = await batchesOf(csv, source(Buffer.from('\ufeffn,t\n1,é\n', 'utf16le'), 3));
    expect(batch.columns[1]).toMatchObject({ data: Uint8Array.from(Buffer.from('é')) });
  });
});

test('an error of the source is not hidden', async () => {
  const source = {
    ...textSource(''),
    stream: async function* () {
      yield Buffer.from('n,t\n1,a\n');
      throw new Error('disk');
    },
  };
  await expect(batchesOf(csv, source, { schema: SCHEMA })).rejects.toThrow('disk');
});

test('a number with a fraction is rounded to the nearest float', async () => {
  const [batch] = await read('x\n16777217.0\n0.1\n');
  expect(batch.columns[0]).toMatchObject({ values: Float32Array.of(16777216, 0.1) });
});

test('a table without rows keeps its columns', async () => {
  expect((await csv.openReader(textSource('a,b\n'), {})).schema.fields).toEqual([
    feature('a', 'text'),
    feature('b', 'text'),
  ]);
});
