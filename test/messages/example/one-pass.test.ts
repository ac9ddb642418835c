import { expect, test } from 'vitest';
import { isRecordpipeError } from '../../../src/errors.ts';
import { columnOf } from '../../../src/messages/example/columns.ts';
import type { PlanInt64 } from '../../../src/messages/example/feature-specs.ts';
import { FoundFeatures } from '../../../src/messages/example/found-features.ts';
import {
  compileFeatures,
  encodeExample,
  type Feature,
  type FeatureSpecs,
  fixedLen,
} from '../../../src/messages/index.ts';
import { damaged, randomDamage } from '../../support/corrupt.ts';
import { NAMES, oddExample } from '../../support/example-messages.ts';
import { Random } from '../../support/random.ts';
import { randomRuns } from '../../support/random-runs.ts';

const KINDS = ['bytes', 'float', 'int64'] as const;

interface Wanted {
  readonly kind: (typeof KINDS)[number];
  readonly size: number;
  readonly hasDefault: boolean;
}

function specsOf(wanted: readonly Wanted[]): FeatureSpecs {
  const specs = wanted.map(({ kind, size, hasDefault }, i) => {
    const value = kind === 'bytes' ? 'x' : 7;
    const defaults = hasDefault ? Array.from({ length: size }, () => value) : undefined;
    return [NAMES[i], fixedLen(size === 1 ? [] : [size], kind, defaults as number[] | undefined)];
  });
  return Object.fromEntries(specs);
}

/** Returns a record that matches the specs, or has one odd value. */
function recordOf(wanted: readonly Wanted[], random: Random): Uint8Array {
  const isRegular = random.below(4) > 0;
  const features = wanted.map(({ kind, size }, i): [string, Feature] => {
    const odd = isRegular ? 9 : random.below(8);
    const count = odd === 0 ? size + 1 : odd === 1 ? Math.max(0, size - 1) : size;
    const name = odd === 2 ? 'other' : NAMES[i];
    if (odd === 3) return [name, { kind: 'none', value: [] } as Feature];
    const integer = (): bigint =>
      BigInt.asIntN(64, BigInt(random.below(2 ** 31)) << BigInt(random.below(34)));
    const values = Array.from({ length: count }, () =>
      kind === 'bytes' ? new Uint8Array(random.below(4)) : kind === 'float' ? random.below(100) : integer(),
    );
    return [name, { kind, value: values } as Feature];
  });
  return encodeExample(Object.fromEntries(features));
}

/** Parses a batch in two passes, without collecting columns while features are found. */
function twoPasses(specs: FeatureSpecs, int64: PlanInt64, records: readonly Uint8Array[]): unknown {
  const names = Object.keys(specs);
  const found = new FoundFeatures(names, false);
  const columns = names.map((name) => columnOf(name, specs[name], int64, (one) => names.indexOf(one)));
  found.begin(records.length, (record) => ({ record, offset: undefined }));
  for (const record of records) found.add(record, 0, record.length);
  return Object.fromEntries(names.map((name, i) => [name, columns[i].batch(found)]));
}

function outcome(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    if (!isRecordpipeError(error)) throw error;
    return { code: error.code, message: error.message, record: error.record };
  }
}

test('columns are the same whether records are read in one pass or two', () => {
  const random = new Random(17);
  let columns = 0;
  let errors = 0;
  for (let i = 0; i < randomRuns(2000); i++) {
    const wanted = Array.from({ length: 1 + random.below(3) }, () => ({
      kind: KINDS[random.below(3)],
      size: random.below(3) > 0 ? 1 : random.below(20),
      hasDefault: random.below(2) > 0,
    }));
    const specs = specsOf(wanted);
    const int64 = random.below(2) > 0 ? 'bigint' : 'number';
    const plan = compileFeatures(specs, { int64 });
    // The second batch must not depend on the first one.
    for (let batch = 0; batch < 2; batch++) {
      const records = Array.from({ length: 1 + random.below(5) }, () => {
        const record = random.below(20) === 0 ? oddExample(random) : recordOf(wanted, random);
        const isDamaged = record.length > 0 && random.below(20) === 0;
        return isDamaged ? damaged(record, randomDamage(random, record.length)) : record;
      });
      const expected = outcome(() => twoPasses(specs, int64, records));
      const found = outcome(() => plan.parseBatch(records));
      expect(found, records.map((record) => Buffer.from(record).toString('hex')).join()).toEqual(expected);
      if ((expected as { code?: string }).code === undefined) columns++;
      else errors++;
    }
  }
  expect(columns).toBeGreaterThan(randomRuns(300));
  expect(errors).toBeGreaterThan(randomRuns(300));
});

test('the last of several features with the same name is used', () => {
  const plan = compileFeatures({ a: fixedLen([], 'int64') }, { int64: 'number' });
  const record = (value: number): Uint8Array => encodeExample({ a: { kind: 'int64', value: [value] } });
  // Two messages in sequence are one message, and their maps are joined.
  const twice = Buffer.concat([record(1), record(2)]);
  expect([...plan.parseBatch([record(3), twice, record(4)]).a.values]).toEqual([3, 2, 4]);
});
