import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KnownFile } from '../../src/check/index.ts';
import { UsageError } from '../../src/errors.ts';
import { assign } from '../../src/scale/index.ts';

const FILE_COST_BYTES = 256 * 1024;

const files: fc.Arbitrary<KnownFile[]> = fc.uniqueArray(
  fc.record({
    uri: fc.oneof(
      fc.string({ minLength: 1 }),
      fc.nat(1000).map((n) => `s3://bucket/${n}.tfrecord`),
    ),
    size: fc.oneof(
      fc.constant(0),
      fc.nat(1000),
      fc.maxSafeNat().map((n) => n % 2 ** 40),
    ),
  }),
  { selector: ({ uri }) => uri, maxLength: 60 },
);
const shards: fc.Arbitrary<number> = fc.integer({ min: 1, max: 20 });

function cost(some: readonly KnownFile[]): number {
  return some.reduce((sum, { size }) => sum + size + FILE_COST_BYTES, 0);
}

test('every file belongs to exactly one shard', () => {
  fc.assert(
    fc.property(files, shards, (all, n) => {
      const assigned = assign({ files: all }, n);
      expect(assigned).toHaveLength(n);
      expect(
        assigned
          .flat()
          .map(({ uri }) => uri)
          .sort(),
      ).toEqual(all.map(({ uri }) => uri).sort());
    }),
  );
});

test('the result does not depend on the order of the files', () => {
  fc.assert(
    fc.property(
      files.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      shards,
      ([all, shuffled], n) => {
        expect(assign({ files: shuffled }, n)).toEqual(assign({ files: all }, n));
      },
    ),
  );
});

test('no shard exceeds its equal share by more than one file', () => {
  fc.assert(
    fc.property(files, shards, (all, n) => {
      const costs = assign({ files: all }, n).map(cost);
      const largest = Math.max(0, ...all.map(({ size }) => size + FILE_COST_BYTES));
      expect(Math.max(...costs)).toBeLessThanOrEqual(cost(all) / n + largest);
      expect(Math.max(...costs) - Math.min(...costs)).toBeLessThanOrEqual(largest);
    }),
  );
});

test('files of equal size, including empty ones, are distributed evenly', () => {
  for (const size of [0, 1, 2 ** 33]) {
    const all = Array.from({ length: 1000 }, (_, i) => ({ uri: `${i}`, size }));
    expect(
      assign({ files: all }, 7)
        .map((some) => some.length)
        .sort(),
    ).toEqual([142, 143, 143, 143, 143, 143, 143]);
  }
});

test('parts of one file are assigned like files', () => {
  const part = (from: number): KnownFile => ({
    uri: 'x',
    size: 400,
    range: { format: 'tfrecord', from, to: from + 10, start: 10 * from, end: 10 * from + 100 },
  });
  const parts = [part(0), part(10), part(20), part(30)];
  expect(assign({ files: parts }, 2)).toEqual([
    [part(0), part(20)],
    [part(10), part(30)],
  ]);
});

test('rejects invalid numbers of shards', () => {
  for (const n of [0, -1, 1.5, Number.NaN])
    expect(() => assign({ files: [] }, n)).toThrow(/shards: expected/);
});

test('rejects more than a million shards', () => {
  expect(() => assign({ files: [] }, 1_000_001)).toThrow(UsageError);
});
