import fc from 'fast-check';
import { isRecordpipeError } from 'recordpipe';
import { encodeExample, type FeaturesInput } from 'recordpipe/messages';
import { compileFilter } from 'recordpipe/messages/filter';
import { expect, test } from 'vitest';
import {
  type Expression,
  evaluated,
  type Operand,
  OracleMismatch,
  oracleRecord,
  type Scalar,
  type Sign,
  written,
} from '../../support/oracle-filter.ts';
import { randomRuns } from '../../support/random-runs.ts';

const NAMES = ['a', 'b', 'c.d', 'image/x', 'ü'];

// Few distinct values, so that comparisons are often equal.
const integers = fc.oneof(
  fc.constantFrom(
    0n,
    1n,
    -1n,
    127n,
    128n,
    2n ** 53n,
    2n ** 53n + 1n,
    -(2n ** 53n) - 1n,
    2n ** 63n - 1n,
    -(2n ** 63n),
  ),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const floats = fc.oneof(
  fc.constantFrom(0, 0.5, -1, Math.fround(0.1), 128, 2 ** 53, Number.POSITIVE_INFINITY, Number.NaN),
  fc.float(),
);
const decimals = fc.constantFrom(0.5, 0.1, 1.5, 128.25, 1e10, 9.5e15, 3.25e2);
const texts = fc.oneof(
  fc.constantFrom('', 'x', 'xy', 'xyx', '\xff'),
  fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);

const features: fc.Arbitrary<FeaturesInput> = fc.dictionary(
  fc.constantFrom(...NAMES),
  fc.oneof(
    fc.array(integers, { maxLength: 3 }).map((value) => ({ kind: 'int64', value }) as const),
    fc.array(floats, { maxLength: 3 }).map((value) => ({ kind: 'float', value }) as const),
    fc
      .array(texts, { maxLength: 3 })
      .map((value) => ({ kind: 'bytes', value: value.map((one) => Buffer.from(one, 'latin1')) }) as const),
    fc.constant({ kind: 'none', value: [] } as const),
  ),
  { maxKeys: 5 },
) as never;

const names = fc.constantFrom(...NAMES);
const literals: fc.Arbitrary<Operand> = fc
  .oneof<fc.Arbitrary<Scalar>[]>(integers, decimals, texts)
  .map((value) => ({ of: 'literal', value }));
const ofRecord: fc.Arbitrary<Operand> = fc.oneof(
  names.map((name) => ({ of: 'feature' as const, name })),
  fc.record({ of: fc.constant('item' as const), name: names, index: fc.nat(3) }),
  names.map((name) => ({ of: 'length' as const, name })),
);
const signs = fc.constantFrom<Sign>('==', '!=', '<', '<=', '>', '>=');
const sameTyped = fc.oneof(
  fc.array(fc.oneof<fc.Arbitrary<Scalar>[]>(integers, decimals), { minLength: 1, maxLength: 4 }),
  fc.array(texts, { minLength: 1, maxLength: 4 }),
);

const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({
      op: fc.constant('compare' as const),
      sign: signs,
      left: ofRecord.filter(({ of }) => of !== 'length'),
      right: fc.oneof(literals, ofRecord),
    }),
    fc.record({
      op: fc.constant('compare' as const),
      sign: signs,
      left: ofRecord,
      right: integers.map((value) => ({ of: 'literal' as const, value })),
    }),
    names.map((name) => ({ op: 'has' as const, name })),
    fc.record({
      op: fc.constant('inList' as const),
      left: ofRecord.filter(({ of }) => of !== 'length'),
      items: sameTyped.map((values) => values.map((value) => ({ of: 'literal' as const, value }))),
    }),
    fc.record({ op: fc.constant('inFeature' as const), item: fc.oneof(literals, ofRecord), name: names }),
    fc.record({
      op: fc.constantFrom('exists' as const, 'all' as const, 'exists_one' as const),
      name: names,
      sign: signs,
      item: literals,
    }),
    fc.record({
      op: fc.constantFrom('startsWith' as const, 'endsWith' as const, 'contains' as const),
      left: ofRecord.filter(({ of }) => of !== 'length'),
      part: texts,
    }),
    fc.record({
      op: fc.constantFrom('and' as const, 'or' as const),
      all: fc.array(tie('expression'), { minLength: 2, maxLength: 3 }),
    }),
    tie('expression').map((one) => ({ op: 'not' as const, one })),
  ),
}));

test('a filter agrees with evaluating the decoded record in plain JavaScript', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(features, { minLength: 1, maxLength: 8 }), expression, async (inputs, tree) => {
      const text = written(tree);
      const filter = await compileFilter(text);
      for (const input of inputs) {
        const record = encodeExample(input);
        expect(
          outcome(() => filter.matches(record)),
          text,
        ).toEqual(outcome(() => evaluated(tree, oracleRecord(record)) === true));
      }
    }),
    { numRuns: randomRuns(20_000) },
  );
});

function outcome(run: () => boolean): boolean | 'mismatch' {
  try {
    return run();
  } catch (error) {
    if (error instanceof OracleMismatch || isRecordpipeError(error, 'schema-mismatch')) return 'mismatch';
    throw error;
  }
}
