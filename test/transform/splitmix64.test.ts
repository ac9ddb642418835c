import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SplitMix64 } from '../../src/transform/random-keys.ts';
import { splitmix64 } from './oracle-keys.ts';

function numbers(seed: number, count: number): bigint[] {
  const random = new SplitMix64(seed);
  return Array.from({ length: count }, () => {
    random.next();
    return (BigInt(random.hi) << 32n) | BigInt(random.lo);
  });
}

test('matches the published test vectors', () => {
  expect(numbers(1234567, 5)).toEqual([
    6457827717110365317n,
    3203168211198807973n,
    9817491932198370423n,
    4593380528125082431n,
    16408922859458223821n,
  ]);
});

test('matches a BigInt implementation for random seeds', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (seed) => {
      expect(numbers(seed, 20)).toEqual(Array.from({ length: 20 }, (_, i) => splitmix64(seed, i)));
    }),
  );
});

test('numbers do not repeat', () => {
  expect(new Set(numbers(7, 100_000)).size).toBe(100_000);
});
