import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ColumnField, ColumnType } from '../../../src/messages/columns/column-schema.ts';
import { type ColumnValue, columnBatch, type TestColumn } from '../../support/column-vectors.ts';
import { randomRuns } from '../../support/random-runs.ts';
import { batchesOf, FORMATS, feature, recordsOf, textSource, written } from './text-table.ts';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const float = fc.float({ noDefaultInfinity: false });
const text = fc.string({ unit: 'binary', maxLength: 8 }).map((one) => Buffer.from(one));
const bytes = fc.uint8Array({ maxLength: 8 });
const SCALARS: readonly [ColumnType['type'], fc.Arbitrary<ColumnValue>][] = [
  ['int64', int64],
  ['float', float],
  ['text', text],
  ['bytes', bytes],
];

/** Columns of some rows whose values have the given type, in lists of a depth. */
function column(name: string, rows: number, maxDepth: number): fc.Arbitrary<TestColumn> {
  return fc.tuple(fc.constantFrom(...SCALARS), fc.nat({ max: maxDepth })).chain(([[type, value], depth]) => {
    let items = value;
    let full = { type } as ColumnType;
    for (let i = 0; i < depth; i++) {
      // A step of a feature list may be null.
      items = fc.array(i === 1 ? fc.option(items, { freq: 5 }) : items, { maxLength: 3 });
      full = { type: 'list', items: full };
    }
    const field: ColumnField = { ...feature(name, full), part: depth === 2 ? 'featureList' : 'feature' };
    const values = fc.array(fc.option(items, { freq: 4 }), { minLength: rows, maxLength: rows });
    return values.map((all) => ({ ...field, values: all }));
  });
}

const names = fc.uniqueArray(fc.constantFrom('a', 'b/c', 'ü "x"', '__proto__', 'with,comma', 'toString'), {
  minLength: 1,
  maxLength: 4,
});

describe.each([
  ['jsonl', 2],
  ['csv', 0],
] as const)('%s', (name, maxDepth) => {
  test('random rows are restored exactly, in chunks of any size', async () => {
    const tables = fc
      .tuple(names, fc.nat({ max: 20 }))
      .chain(([chosen, rows]) =>
        fc.tuple(fc.constant(rows), fc.tuple(...chosen.map((one) => column(one, rows, maxDepth)))),
      );
    await fc.assert(
      fc.asyncProperty(tables, fc.integer({ min: 1, max: 50 }), async ([rows, columns], chunkBytes) => {
        const message = columns.some(({ part }) => part === 'featureList') ? 'SequenceExample' : 'Example';
        const batch = columnBatch(message, rows, columns);
        const format = FORMATS[name];
        const source = textSource(await written(format, [batch]), chunkBytes);
        const read = await batchesOf(format, source, { schema: batch.schema });
        expect(recordsOf(read)).toEqual(recordsOf([batch]));
      }),
      { numRuns: randomRuns(100) },
    );
  });

  test('floats have the fewest digits that restore the same bits', async () => {
    const values = [0.1, -0, 1e10, 16777216, 3.4028234663852886e38, 1e-45, 1.17549435e-38, 0.3, 1 / 3];
    const batch = columnBatch('Example', values.length, [{ ...feature('x', 'float'), values }]);
    const lines = (await written(FORMATS[name], [batch])).toString();
    for (const digits of [
      '0.1',
      '-0.0',
      '10000000000',
      '16777216',
      '3.4028235e+38',
      '1e-45',
      '0.3',
      '0.33333334',
    ])
      expect(lines).toMatch(new RegExp(`(:|^)${digits.replace(/[.+]/g, '\\$&')}(}|$)`, 'm'));
  });

  test('every 32-bit float is restored', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { minLength: 200, maxLength: 200 }),
        async (bits) => {
          const values = new Float32Array(Uint32Array.from(bits).buffer);
          const floats = Array.from(values).map((one) => (Number.isNaN(one) ? Number.NaN : one));
          const batch = columnBatch('Example', floats.length, [
            { ...feature('x', 'float', false), values: floats },
          ]);
          const [read] = await batchesOf(
            FORMATS[name],
            textSource(await written(FORMATS[name], [batch]), 4096),
            {
              schema: batch.schema,
            },
          );
          expect(read.columns[0]).toEqual(batch.columns[0]);
        },
      ),
      { numRuns: randomRuns(10) },
    );
  });

  test('a NaN with other bits is an error that names the feature and the record, or a loss', async () => {
    const values = new Float32Array(Uint32Array.of(0x3f800000, 0x7fc00001, 0x7fc00000).buffer);
    const batch = columnBatch('Example', 3, [{ ...feature('x', 'float'), values: [0, 0, 0] }], 10);
    const odd = { ...batch, columns: [{ type: 'float' as const, length: 3, values }] };
    await expect(written(FORMATS[name], [odd])).rejects.toMatchObject({
      code: 'unrepresentable',
      record: 11,
      message: expect.stringContaining('feature "x"'),
    });
    const losses: unknown[] = [];
    const lines = await written(FORMATS[name], [odd], { lossy: true, onLoss: (loss) => losses.push(loss) });
    expect(losses).toMatchObject([{ column: 'x', row: 11 }]);
    expect(lines.toString().match(/NaN/g)).toHaveLength(2);
    const skipped: unknown[] = [];
    const two = await written(FORMATS[name], [odd], { onBadRow: ({ record }) => skipped.push(record) });
    expect(skipped).toEqual([11]);
    expect(two.toString().match(/NaN|1/g)).toEqual(['1', 'NaN']);
  });

  test('a pipe without schema requires inferRows', async () => {
    const text = name === 'csv' ? 'x\n1\n2\n' : '{"x":1}\n{"x":2}\n';
    await expect(batchesOf(FORMATS[name], textSource(text, 5, true))).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    const [batch] = await batchesOf(FORMATS[name], textSource(text, 5, true), { inferRows: 1 });
    expect(batch).toMatchObject({ rows: 2, schema: { fields: [{ name: 'x', type: { type: 'int64' } }] } });
  });

  describe('an integer in a column of floats', () => {
    const rows = (...values: string[]): string =>
      name === 'csv' ? `x\n${values.join('\n')}\n` : values.map((value) => `{"x":${value}}\n`).join('');

    test.each([
      ['16777217', 16777216],
      ['-33554434000001', -33554434326528],
      ['9007199254740993', 9007199254740992],
    ])('%s is an error, or rounded', async (integer, float) => {
      const text = rows('0.5', integer);
      await expect(batchesOf(FORMATS[name], textSource(text))).rejects.toMatchObject({
        code: 'schema-mismatch',
        record: 1,
        message: expect.stringMatching(
          `^feature "x": the integer ${integer} cannot be represented exactly as float; .*--lossy`,
        ),
      });
      const [{ columns }] = await batchesOf(FORMATS[name], textSource(text), { lossy: true });
      expect(columns[0]).toMatchObject({ values: Float32Array.of(0.5, float) });
    });

    // The last one is what a table contains for the float 123456792.
    test.each(['16777216', '1e11', '123456790'])('%s is the float', async (integer) => {
      const [{ columns }] = await batchesOf(FORMATS[name], textSource(rows('0.5', integer)), {
        lossy: integer === '1e11' && name === 'jsonl',
      });
      expect(columns[0]).toMatchObject({ values: Float32Array.of(0.5, Number(integer)) });
    });

    test('is an error if it exceeds the range, also if lossy', async () => {
      const text = rows('0.5', `1${'0'.repeat(40)}`);
      const schema = { recordpipeColumns: 1, message: 'Example', fields: [feature('x', 'float')] } as const;
      await expect(batchesOf(FORMATS[name], textSource(text), { schema, lossy: true })).rejects.toThrow(
        /exceeds the range of 32-bit floats/,
      );
    });
  });
});
