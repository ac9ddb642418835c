import { describe, expect, test } from 'vitest';
import { Dataset } from '../../../src/dataset/index.ts';
import { decodeTFRecordBatches, encodeTFRecord } from '../../../src/index.ts';
import {
  compileFeatures,
  encodeExample,
  fixedLen,
  fixedLenSequence,
  ragged,
  sparse,
  varLen,
} from '../../../src/messages/index.ts';

const int64 = (...value: number[]) => ({ kind: 'int64', value }) as const;
const float = (...value: number[]) => ({ kind: 'float', value }) as const;
const bytes = (...value: string[]) => ({ kind: 'bytes', value }) as const;
const NONE = { kind: 'none' } as const;
const NUMBERS = { int64: 'number' } as const;
const text = (values: readonly Uint8Array[]): string[] => values.map((one) => Buffer.from(one).toString());

describe('as in TensorFlow', () => {
  const matrix = { m: float(1, 2, 3, 4, 5, 6) };

  test('fixedLen: values in row-major order', () => {
    const plan = compileFeatures({ m: fixedLen([2, 3], 'float'), n: fixedLen([], 'int64') });
    const record = encodeExample({ ...matrix, n: int64(-9) });
    expect(plan.parse(record)).toEqual({ m: Float32Array.of(1, 2, 3, 4, 5, 6), n: -9n });
    expect(plan.parseBatch([record, record])).toEqual({
      m: { shape: [2, 2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6) },
      n: { shape: [2], values: BigInt64Array.of(-9n, -9n) },
    });
  });

  test('fixedLen: long floats at any offset in memory', () => {
    const value = Float32Array.from({ length: 1000 }, (_, i) => i / 3);
    const plan = compileFeatures({ f: fixedLen([1000], 'float') });
    const records = [0, 1, 2, 3].map((shift) => {
      const record = encodeExample({ f: { kind: 'float', value } });
      const memory = new Uint8Array(record.length + shift);
      memory.set(record, shift);
      return memory.subarray(shift);
    });
    const { f } = plan.parseBatch(records);
    for (let i = 0; i < 4; i++) expect(f.values.subarray(1000 * i, 1000 * (i + 1))).toEqual(value);
  });

  test.each([
    ['missing', {}],
    ['of no kind', { m: NONE }],
  ] as const)('fixedLen: a feature that is %s', (_, given) => {
    const record = encodeExample(given);
    expect(() => compileFeatures({ m: fixedLen([2], 'float') }).parse(record)).toThrow(
      'example: feature "m": expected 2 values of kind float, got none: the feature is missing, and the spec has no default',
    );
    expect(compileFeatures({ m: fixedLen([2], 'float', [7, 8]) }).parse(record).m).toEqual(
      Float32Array.of(7, 8),
    );
    expect(compileFeatures({ m: fixedLen([0], 'float') }).parse(record).m).toEqual(new Float32Array(0));
    const { a, b } = compileFeatures({
      a: fixedLen([], 'bytes', 'x'),
      b: fixedLen([], 'int64', 2n ** 60n),
    }).parse(record);
    expect([text([a]), b]).toEqual([['x'], 2n ** 60n]);
  });

  test('fixedLen: an empty list does not give the default, and another number of values is an error', () => {
    const plan = compileFeatures({ m: fixedLen([2], 'int64', [1, 2]) });
    expect(() => plan.parse(encodeExample({ m: int64() }))).toThrow(/expected 2 values of kind int64, got 0/);
    for (const found of [1, 3, 100])
      expect(() => plan.parse(encodeExample({ m: int64(...Array(found).keys()) }))).toThrow(`got ${found}`);
    const floats = compileFeatures({ m: fixedLen([2], 'float') });
    expect(() => floats.parse(encodeExample({ m: float(...Array(100).keys()) }))).toThrow('got 100');
  });

  test('another kind is an error, empty or not', () => {
    for (const spec of [
      fixedLen([1], 'float'),
      varLen('float'),
      fixedLenSequence([], 'float'),
      ragged('float'),
    ]) {
      for (const feature of [int64(1), int64(), bytes('a')]) {
        expect(() => compileFeatures({ m: spec }).parse(encodeExample({ m: feature }))).toThrow(
          /feature "m": expected values of kind float, got (int64|bytes)/,
        );
      }
    }
  });

  test('varLen and ragged: any number of values', () => {
    const plan = compileFeatures({ v: varLen('bytes'), r: ragged('float', 'weights') });
    const records = [
      { v: bytes('a', 'b'), weights: float(1) },
      {},
      { v: NONE, weights: float() },
      { v: bytes('c') },
    ];
    const { v, r } = plan.parseBatch(records.map((one) => encodeExample(one)));
    expect({ ...v, values: text(v.values) }).toEqual({
      indices: Int32Array.of(0, 0, 0, 1, 3, 0),
      values: ['a', 'b', 'c'],
      shape: [4, 2],
    });
    expect(r).toEqual({ values: Float32Array.of(1), rowSplits: Int32Array.of(0, 1, 1, 1, 1) });
    expect(plan.parse(encodeExample(records[1]))).toEqual({ v: [], r: new Float32Array(0) });
  });

  test('fixedLenSequence: padded to the longest', () => {
    const plan = compileFeatures(
      { s: fixedLenSequence([2], 'int64', -1), t: fixedLenSequence([], 'bytes') },
      NUMBERS,
    );
    const records = [{ s: int64(1, 2, 3, 4), t: bytes('a') }, {}, { s: int64(5, 6), t: bytes('b', 'c') }];
    const { s, t } = plan.parseBatch(records.map((one) => encodeExample(one)));
    expect(s).toEqual({
      shape: [3, 2, 2],
      values: Float64Array.of(1, 2, 3, 4, -1, -1, -1, -1, 5, 6, -1, -1),
    });
    expect([t.shape, text(t.values)]).toEqual([
      [3, 2],
      ['a', '', '', '', 'b', 'c'],
    ]);
    expect(() => plan.parse(encodeExample({ s: int64(1, 2, 3) }))).toThrow(
      'expected groups of 2 values, got 3 values',
    );
  });

  test('sparse: sorted by position, with duplicates', () => {
    const plan = compileFeatures({ w: sparse(['x', 'y'], 'v', 'int64', [10, 20]) }, NUMBERS);
    const record = encodeExample({ x: int64(3, 1, 3, 1), y: int64(4, 9, 2, 9), v: int64(1, 2, 3, 4) });
    expect(plan.parse(record).w).toEqual({
      indices: Int32Array.of(1, 9, 1, 9, 3, 2, 3, 4),
      values: Float64Array.of(2, 4, 3, 1),
      shape: [10, 20],
    });
    const { w } = plan.parseBatch([encodeExample({}), record]);
    expect([w.shape, w.values.length, w.indices.length, w.indices[0]]).toEqual([[2, 10, 20], 4, 12, 1]);
    expect(() => plan.parse(encodeExample({ x: int64(1), v: int64(1) }))).toThrow(
      /"y": expected one index for each of the 1 values of "v", got 0/,
    );
    expect(() => plan.parse(encodeExample({ x: int64(10), y: int64(0), v: int64(1) }))).toThrow(
      /"x": expected indices from 0 to 9, got 10/,
    );
    const sorted = compileFeatures({ w: sparse('x', 'v', 'int64', 10, { alreadySorted: true }) });
    expect(sorted.parse(encodeExample({ x: int64(3, 1), v: int64(1, 2) })).w.indices).toEqual(
      Int32Array.of(3, 1),
    );
  });
});

describe('records', () => {
  test('the last feature of a name counts, and features that are not requested are not read', () => {
    const good = encodeExample({ a: int64(1) });
    const again = encodeExample({ a: int64(2), junk: float(1) });
    // The list of `junk` has an incorrect length.
    const damaged = again.slice();
    damaged[damaged.length - 5] = 99;
    const plan = compileFeatures({ a: fixedLen([], 'int64') }, NUMBERS);
    expect(plan.parse(Buffer.concat([good, damaged])).a).toBe(2);
    expect(() => compileFeatures({ junk: varLen('float') }).parse(damaged)).toThrow(
      /feature "junk": expected 99 bytes/,
    );
  });

  test('errors name the record', () => {
    const plan = compileFeatures({ a: fixedLen([], 'int64') });
    const records = [encodeExample({ a: int64(1) }), encodeExample({ b: int64(1) })];
    const place = { uri: 'file', record: 10 };
    expect(() => plan.parseBatch(records, place)).toThrow(
      expect.objectContaining({ code: 'schema-mismatch', record: 11, uri: 'file' }),
    );
    const [batch] = decodeTFRecordBatches(Buffer.concat(records.map((one) => encodeTFRecord(one))));
    expect(() => plan.parseBatch(batch)).toThrow(
      expect.objectContaining({ code: 'schema-mismatch', record: 1, offset: records[0].length + 16 }),
    );
    const large = [records[0], encodeExample({ a: { kind: 'int64', value: [2n ** 53n] } })];
    expect(() => compileFeatures({ a: varLen('int64') }, NUMBERS).parseBatch(large)).toThrow(
      expect.objectContaining({ code: 'schema-mismatch', record: 1 }),
    );
    expect(() => plan.parseBatch([Uint8Array.of(10, 9, 1)])).toThrow(
      expect.objectContaining({ code: 'malformed-example', record: 0 }),
    );
  });

  test('plans run in a Dataset and on batches', async () => {
    const plan = compileFeatures({ a: fixedLen([], 'int64') }, NUMBERS);
    const records = Array.from({ length: 10 }, (_, i) => encodeExample({ a: int64(i), b: bytes('x') }));
    const sums: number[] = [];
    for await (const { a } of Dataset.from(records).batch(4).map(plan.parseBatch))
      sums.push(a.values.reduce((sum, one) => sum + one));
    expect(sums).toEqual([6, 22, 17]);
    const [batch] = decodeTFRecordBatches(Buffer.concat(records.map((one) => encodeTFRecord(one))));
    expect(plan.parseBatch(batch).a.values).toEqual(Float64Array.from(records.keys()));
    expect(plan.parseBatch([])).toEqual({ a: { shape: [0], values: new Float64Array(0) } });
  });
});

test('with reuse, columns use the memory of the previous call', () => {
  const specs = { floats: fixedLen([3], 'float'), ids: ragged('int64') } as const;
  const record = (n: number): Uint8Array =>
    encodeExample({
      floats: { kind: 'float', value: [n, n + 1, n + 2] },
      ids: { kind: 'int64', value: [n, -n] },
    });
  const plan = compileFeatures(specs, { reuse: true, int64: 'number' });
  const first = plan.parseBatch([record(1), record(5)]);
  expect([...first.floats.values]).toEqual([1, 2, 3, 5, 6, 7]);
  expect([...first.ids.values]).toEqual([1, -1, 5, -5]);
  const second = plan.parseBatch([record(9)]);
  expect([...second.floats.values]).toEqual([9, 10, 11]);
  expect([...second.ids.values]).toEqual([9, -9]);
  expect(second.floats.values.buffer).toBe(first.floats.values.buffer);
  expect(second.ids.values.buffer).toBe(first.ids.values.buffer);
});
