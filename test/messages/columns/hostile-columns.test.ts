import { describe, expect, test } from 'vitest';
import { type ErrorCode, RecordpipeError } from '../../../src/errors.ts';
import type { ColumnBatch, ColumnVector } from '../../../src/messages/columns/column-batch.ts';
import type { ColumnField, ColumnSchema, ColumnType } from '../../../src/messages/columns/column-schema.ts';
import { ColumnEncoder } from '../../../src/messages/columns/encode-columns.ts';
import { decodeExample } from '../../../src/messages/index.ts';
import { type ColumnValue, columnBatch, type TestColumn } from '../../support/column-vectors.ts';

const INT64: ColumnType = { type: 'int64' };
const BYTES: ColumnType = { type: 'bytes' };
const list = (items: ColumnType): ColumnType => ({ type: 'list', items });

function feature(of: string, type: ColumnType, values: readonly ColumnValue[] = []): TestColumn {
  return { name: of, type, nullable: true, part: 'feature', of, values };
}

function schemaOf(fields: readonly unknown[], message: ColumnSchema['message'] = 'Example'): ColumnSchema {
  return { recordpipeColumns: 1, message, fields: fields as ColumnField[] };
}

function failure(run: () => unknown): RecordpipeError {
  try {
    run();
  } catch (error) {
    if (error instanceof RecordpipeError) return error;
    throw error;
  }
  throw new Error('expected an error');
}

function records(batch: ColumnBatch): Uint8Array[] {
  return [...new ColumnEncoder(batch.schema, { uri: 'table' }).encode(batch)].flatMap((block) =>
    [...block].map((record) => record.slice()),
  );
}

function expectFailure(batch: ColumnBatch, code: ErrorCode, message: RegExp | string, record?: number): void {
  const error = failure(() => records(batch));
  expect(error.message).toMatch(message);
  expect([error.code, error.record, error.uri]).toEqual([code, record, 'table']);
}

describe('a schema that describes no records is an error', () => {
  const { values: _, ...field } = feature('a', INT64);
  const cases: readonly (readonly [string, unknown, RegExp])[] = [
    ['null', null, /expected an object, got nothing/],
    ['an array', [], /expected an object/],
    ['another version', { ...schemaOf([]), recordpipeColumns: 2 }, /expected version 1/],
    ['another message', { ...schemaOf([]), message: '__proto__' }, /expected a message/],
    ['fields as an object', { ...schemaOf([]), fields: {} }, /expected an array of fields/],
    ['a field of null', schemaOf([null]), /field 0: expected an object/],
    ['a name of another type', schemaOf([{ ...field, name: 7 }]), /expected a name, got 7/],
    [
      'two fields of one name',
      schemaOf([field, { ...field, of: 'b' }]),
      /field 1: the name "a" is used twice/,
    ],
    ['two fields of one feature', schemaOf([field, { ...field, name: 'b' }]), /same part \(feature of "a"\)/],
    ['an unknown part', schemaOf([{ ...field, part: 'toString' }]), /expected a part/],
    [
      'a part of another message',
      schemaOf([{ ...field, part: 'uid' }]),
      /records of type Example have no part uid/,
    ],
    ['no feature name', schemaOf([{ ...field, of: undefined }]), /expected the name of the feature/],
    ['a lone surrogate', schemaOf([{ ...field, of: '\ud800' }]), /lone surrogate/],
    ['nullable as text', schemaOf([{ ...field, nullable: 'no' }]), /expected nullable true or false/],
    ['an unknown type', schemaOf([{ ...field, type: { type: 'constructor' } }]), /got constructor/],
    ['a type of null', schemaOf([{ ...field, type: null }]), /got nothing/],
    ['nested lists', schemaOf([{ ...field, type: list(list(INT64)) }]), /got list of list of int64/],
    ['a list without items', schemaOf([{ ...field, type: { type: 'list' } }]), /got list of nothing/],
    [
      'keys without values',
      schemaOf([{ ...field, part: 'featureKeys', type: list({ type: 'uint64' }) }], 'Record'),
      /expected a field of part featureValues/,
    ],
    [
      'a content type of numbers',
      schemaOf(
        [
          { ...field, part: 'featureValues', type: list({ type: 'float' }) },
          { ...field, name: 'b', part: 'featureContentType', type: { type: 'text' } },
        ],
        'Record',
      ),
      /expected a field of part featureValues with bytes/,
    ],
  ];
  test.each(cases)('%s', (_name, schema, message) => {
    const error = failure(() => new ColumnEncoder(schema as ColumnSchema, { uri: 'table' }));
    expect(error.message).toMatch(message);
    expect([error.code, error.uri]).toEqual(['schema-mismatch', 'table']);
  });

  test('a type of 100,000 nested lists', () => {
    let type: ColumnType = INT64;
    for (let i = 0; i < 100_000; i++) type = list(type);
    expect(failure(() => new ColumnEncoder(schemaOf([{ ...field, type }]))).code).toBe('schema-mismatch');
  });
});

test('names with NUL, emoji and __proto__ are names of features', () => {
  const names = ['a\0b', '🦊', '__proto__', 'constructor', '', 'a'];
  const columns = names.map((name, i) => feature(name, INT64, [BigInt(i)]));
  const [record] = records(columnBatch('Example', 1, columns));
  const example = decodeExample(record);
  expect(example.size).toBe(names.length);
  for (const [i, name] of names.entries())
    expect(example.get(name)?.value).toEqual(BigInt64Array.of(BigInt(i)));
});

describe('a batch that does not match its schema is an error', () => {
  const numbers = (vector: object): ColumnVector =>
    ({ type: 'int64', length: 3, values: new BigInt64Array(3), ...vector }) as ColumnVector;
  const strings = (vector: object): ColumnVector =>
    ({
      type: 'bytes',
      length: 3,
      offsets: Int32Array.of(0, 1, 2, 3),
      data: new Uint8Array(3),
      ...vector,
    }) as ColumnVector;
  const lists = (vector: object, items: object = {}): ColumnVector =>
    ({
      type: 'list',
      length: 3,
      offsets: Int32Array.of(0, 1, 2, 3),
      items: numbers(items),
      ...vector,
    }) as ColumnVector;
  const cases: readonly (readonly [string, ColumnType, ColumnVector, RegExp])[] = [
    ['another type', INT64, numbers({ type: 'uint64' }), /expected type int64, got uint64/],
    ['another array', INT64, numbers({ values: new Float64Array(3) }), /expected an array for type int64/],
    ['a missing array', INT64, numbers({ values: undefined }), /expected an array for type int64/],
    ['too few values', INT64, numbers({ values: new BigInt64Array(2) }), /expected 3 values, got 2/],
    ['too few rows', INT64, numbers({ length: 2 }), /expected 3 rows/],
    ['validity too short', INT64, numbers({ validity: new Uint8Array(0) }), /expected validity bits for 3/],
    [
      'too few offsets',
      BYTES,
      strings({ offsets: Int32Array.of(0, 1, 2) }),
      /expected 4 32-bit offsets, got 3/,
    ],
    ['64-bit offsets', BYTES, strings({ offsets: new BigInt64Array(4) }), /expected 4 32-bit offsets/],
    ['offsets beyond the data', BYTES, strings({ offsets: Int32Array.of(0, 1, 2, 4) }), /at most 3.*got 4/],
    [
      'descending offsets',
      BYTES,
      strings({ offsets: Int32Array.of(0, 2, 1, 3) }),
      /ascending order, got 1 after 2/,
    ],
    [
      'a negative offset',
      BYTES,
      strings({ offsets: Int32Array.of(-1, 0, 1, 3) }),
      /ascending order, got -1 after 0/,
    ],
    [
      'lists beyond the items',
      list(INT64),
      lists({ offsets: Int32Array.of(0, 1, 2, 9) }),
      /at most 3.*got 9/,
    ],
    ['items of another type', list(BYTES), lists({}), /expected type bytes, got int64/],
    ['items that claim more', list(INT64), lists({}, { length: 9 }), /expected 9 values, got 3/],
    ['no items', list(INT64), lists({ items: undefined }), /expected a vector/],
    ['no vector', INT64, undefined as unknown as ColumnVector, /expected a vector/],
  ];
  test.each(cases)('%s', (_name, type, vector, message) => {
    const { schema } = columnBatch('Example', 0, [feature('a', type)]);
    expectFailure({ schema, rows: 3, firstRow: 0, columns: [vector] }, 'schema-mismatch', message);
  });

  test('another number of columns', () => {
    const { schema } = columnBatch('Example', 0, [feature('a', INT64)]);
    expectFailure({ schema, rows: 0, firstRow: 0, columns: [] }, 'schema-mismatch', /expected 1 columns/);
  });

  test.each([-1, 0.5, Number.NaN])('%s rows', (rows) => {
    const { schema } = columnBatch('Example', 0, []);
    expectFailure({ schema, rows, firstRow: 0, columns: [] }, 'schema-mismatch', /expected rows >= 0/);
  });

  test('a null in a column without nulls', () => {
    const column = { ...feature('a', INT64, [1n, null]), nullable: false };
    expectFailure(columnBatch('Example', 2, [column]), 'schema-mismatch', /expected no nulls.*row 1/);
  });
});

describe('a value that a record cannot contain is an error that names the feature and the record', () => {
  const cases: readonly (readonly [string, TestColumn, RegExp])[] = [
    [
      'a null in a list',
      feature('a', list(INT64), [[1n], [2n, null]]),
      /feature "a": expected lists without nulls/,
    ],
    [
      '2^63',
      feature('a', { type: 'uint64' }, [2n ** 63n - 1n, 2n ** 63n]),
      /below 2\^63, got 9223372036854775808/,
    ],
    [
      'a 64-bit float',
      feature('a', { type: 'float64' }, [0.5, 0.1]),
      /feature "a": expected.*32-bit floats, got 0.1/,
    ],
    ['a large float', feature('a', list({ type: 'float64' }), [[], [1e300]]), /got 1e\+300/],
    [
      'a null in a step',
      {
        ...feature('a', list(list(INT64)), [
          [[1n], []],
          [[], [1n, null]],
        ]),
        part: 'featureList',
      },
      /feature list "a": expected lists without nulls/,
    ],
  ];
  test.each(cases)('%s', (_name, column, message) => {
    const type = column.part === 'feature' ? 'Example' : 'SequenceExample';
    expectFailure(columnBatch(type, 2, [column], 40), 'unrepresentable', message, 41);
  });

  test('a 64-bit float that is a 32-bit float, also NaN, is written', () => {
    const column = feature('a', { type: 'float64' }, [0.5, Number.NaN, -0, Infinity]);
    const written = records(columnBatch('Example', 4, [column]));
    expect(written.map((record) => decodeExample(record).get('a')?.value[0])).toEqual([
      0.5,
      Number.NaN,
      -0,
      Infinity,
    ]);
  });

  test('names of features without a kind', () => {
    const unset = (names: readonly ColumnValue[]): TestColumn => ({
      name: 'unset',
      type: list({ type: 'text' }),
      nullable: true,
      part: 'unsetFeatures',
      values: [[], names],
    });
    const fail = (names: readonly ColumnValue[], message: RegExp, value: ColumnValue = null): void =>
      expectFailure(
        columnBatch('Example', 2, [feature('a', INT64, [1n, value]), unset(names)]),
        'unrepresentable',
        message,
        1,
      );
    fail([Buffer.from('x'), Buffer.from('x')], /got "x" twice/);
    fail([Buffer.from('a')], /got "a" both with values and in the names of features without a kind/, 1n);
    fail([null], /got null/);
    fail([Uint8Array.of(0xff)], /invalid UTF-8/);
  });

  test('texts of a Record that are not UTF-8', () => {
    const { of: _, ...column } = feature('uid', { type: 'text' }, [Buffer.from('ü'), Uint8Array.of(0xc3)]);
    expectFailure(
      columnBatch('Record', 2, [{ ...column, part: 'uid' }]),
      'unrepresentable',
      /uid: expected UTF-8 text/,
      1,
    );
  });

  test('keys of a tensor without values', () => {
    const values: TestColumn = {
      ...feature('a', list({ type: 'float' }), [[1], null]),
      part: 'featureValues',
    };
    const keys: TestColumn = {
      ...feature('a', list({ type: 'uint64' }), [[1n], [1n]]),
      name: 'keys',
      part: 'featureKeys',
    };
    expectFailure(columnBatch('Record', 2, [values, keys]), 'unrepresentable', /expected no keys/, 1);
  });
});

test('records before a value that cannot be written are yielded', () => {
  const values = Array.from({ length: 5000 }, (_, i): ColumnValue => (i === 4000 ? [null] : [BigInt(i)]));
  const batch = columnBatch('Example', values.length, [feature('a', list(INT64), values)]);
  let count = 0;
  const error = failure(() => {
    for (const { length } of new ColumnEncoder(batch.schema).encode(batch)) count += length;
  });
  expect([error.record, count]).toEqual([4000, 4000]);
});

test('onSkipped receives the rows that no record can represent, and the others are yielded', () => {
  const values = Array.from({ length: 3000 }, (_, i): ColumnValue => [i % 1000 === 7 ? null : BigInt(i)]);
  const others = values.map((_, i): ColumnValue => [i === 5 || i === 2999 ? 0.1 : 0.5]);
  const columns = [feature('a', list(INT64), values), feature('b', list({ type: 'float64' }), others)];
  const skipped: unknown[] = [];
  const { schema, ...batch } = columnBatch('Example', values.length, columns);
  const encoder = new ColumnEncoder(schema, { onSkipped: ({ record }) => skipped.push(record) });
  const found: unknown[] = [];
  for (const block of encoder.encode({ schema, ...batch }))
    for (const record of block) found.push(Number(decodeExample(record).get('a')?.value[0]));
  expect(skipped).toEqual([5, 7, 1007, 2007, 2999]);
  expect(found).toEqual(values.map((_, i) => i).filter((i) => !skipped.includes(i)));
});
