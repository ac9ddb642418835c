import { expect, expectTypeOf, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { isRecordpipeError } from '../../../src/index.ts';
import {
  compileSequenceFeatures,
  type DenseColumn,
  decodeSequenceExample,
  encodeSequenceExample,
  fixedLen,
  fixedLenSequence,
  type RaggedColumn,
  ragged,
  sparse,
  varLen,
} from '../../../src/messages/index.ts';
import { oddSequenceExample } from '../../support/example-messages.ts';
import { Random } from '../../support/random.ts';
import { randomRuns } from '../../support/random-runs.ts';

const RECORD = encodeSequenceExample({
  context: { id: { kind: 'int64', value: [7] }, unwanted: { kind: 'bytes', value: ['x'] } },
  featureLists: {
    xy: [
      { kind: 'float', value: [1, 2] },
      { kind: 'float', value: [3, 4] },
      { kind: 'float', value: [5, 6] },
    ],
    tokens: [
      { kind: 'int64', value: [5] },
      { kind: 'int64', value: [] },
      { kind: 'int64', value: [6, 7] },
    ],
    unwanted: [{ kind: 'bytes', value: ['y'] }],
  },
});

test('context, and lists dense, sparse and ragged, step by step', () => {
  const plan = compileSequenceFeatures(
    { id: fixedLen([], 'int64') },
    {
      xy: fixedLenSequence([2], 'float'),
      tokens: varLen('int64'),
      again: ragged('int64', 'tokens'),
      none: varLen('bytes'),
    },
    { int64: 'number' },
  );
  const { context, featureLists } = plan.parse(RECORD);
  expectTypeOf(context.id).toEqualTypeOf<number>();
  expectTypeOf(featureLists.xy).toEqualTypeOf<DenseColumn<Float32Array>>();
  expectTypeOf(featureLists.again).toEqualTypeOf<RaggedColumn<Float64Array>>();
  expect(context).toEqual({ id: 7 });
  expect(featureLists.xy).toEqual({ values: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] });
  expect(featureLists.tokens).toEqual({
    indices: Int32Array.of(0, 0, 2, 0, 2, 1),
    values: Float64Array.of(5, 6, 7),
    shape: [3, 2],
  });
  expect(featureLists.again).toEqual({
    values: Float64Array.of(5, 6, 7),
    rowSplits: Int32Array.of(0, 1, 1, 3),
  });
  expect(featureLists.none).toEqual({ indices: new Int32Array(0), values: [], shape: [0, 0] });
  // No values of the previous record remain.
  expect(
    plan.parse(encodeSequenceExample({ context: { id: { kind: 'int64', value: [8] } } })).featureLists.xy,
  ).toEqual({
    values: new Float32Array(0),
    shape: [0, 2],
  });
});

test('a list that does not fit is an error that names it', () => {
  const plan = compileSequenceFeatures({}, { tokens: fixedLenSequence([], 'int64') });
  expect(() => plan.parse(RECORD, { uri: 'a.tfrecord', record: 3 })).toThrow(
    /"tokens": expected 1 values of kind int64, got 0 \(record 3 of a\.tfrecord\)/,
  );
  expect(() => compileSequenceFeatures({}, { xy: varLen('bytes') }).parse(RECORD)).toThrow(
    /"xy": expected values of kind bytes, got float/,
  );
  expect(() => plan.parse(RECORD.subarray(0, -1))).toThrow(/example: .*expected/);
  expect(() => compileSequenceFeatures({}, { a: sparse('i', 'v', 'float', 3) as never })).toThrow(UsageError);
});

test('a plan and decodeSequenceExample agree on unusual layouts', () => {
  const random = new Random(21);
  let values = 0;
  const runs = randomRuns(2000);
  for (let i = 0; i < runs; i++) {
    const record = oddSequenceExample(random);
    const whole = decodeSequenceExample(record);
    for (const [name, steps] of whole.featureLists) {
      if (name === '__proto__') continue;
      for (const kind of ['bytes', 'float', 'int64'] as const) {
        try {
          const { featureLists } = compileSequenceFeatures({}, { [name]: ragged(kind) }).parse(record);
          const found = featureLists[name] as RaggedColumn<ArrayLike<unknown>>;
          const rows = steps.map((step) => (step.kind === kind ? [...step.value] : []));
          expect([...found.rowSplits].slice(1)).toEqual(
            rows.map((_, k) => rows.slice(0, k + 1).reduce((sum, row) => sum + row.length, 0)),
          );
          expect(Array.from(found.values)).toEqual(rows.flat());
          values += found.values.length;
        } catch (error) {
          if (!isRecordpipeError(error, 'schema-mismatch')) throw error;
          expect(steps.some((step) => step.kind !== kind && step.kind !== 'none')).toBe(true);
        }
      }
    }
  }
  expect(values).toBeGreaterThan(runs / 2);
});
