import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Xoshiro128 } from '../../../src/dataset/operators/random.ts';
import { FeistelPermutation, randomPermutation } from '../../../src/dataset/shards/permutation.ts';
import { randomRuns } from '../../support/random-runs.ts';

test('contains every number once, and indexOf is its inverse', () => {
  const lengths = fc.oneof(fc.nat(300), fc.integer({ min: 4000, max: 9000 }));
  fc.assert(
    fc.property(lengths, fc.maxSafeInteger(), fc.nat(), (length, seed, epoch) => {
      const permutation = randomPermutation(length, new Xoshiro128(seed, epoch));
      const positions = new Float64Array(length).fill(-1);
      for (let i = 0; i < length; i++) positions[permutation.at(i)] = i;
      expect(positions.every((position, number) => position === permutation.indexOf(number))).toBe(true);
    }),
    { numRuns: randomRuns(300) },
  );
});

test('also permutes up to 2^53 numbers', () => {
  const lengths = [2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32, 2 ** 32 + 1, 1e12, 2 ** 53 - 1, 2 ** 53];
  for (const length of lengths) {
    const permutation = randomPermutation(length, new Xoshiro128(length, 1));
    const seen = new Set<number>();
    for (let k = 0; k < 500; k++) {
      const i = k < 250 ? k : length - 1 - k;
      const number = permutation.at(i);
      expect(number >= 0 && number < length && Number.isSafeInteger(number)).toBe(true);
      expect(permutation.indexOf(number)).toBe(i);
      seen.add(number);
    }
    expect(seen.size).toBe(500);
  }
});

test('the same seed and epoch give the same order', () => {
  const order = (seed: number, epoch: number): number[] => {
    const permutation = randomPermutation(5000, new Xoshiro128(seed, epoch));
    return Array.from({ length: 5000 }, (_, i) => permutation.at(i));
  };
  expect(order(7, 1)).toEqual(order(7, 1));
  expect(order(7, 1)).not.toEqual(order(7, 2));
  expect(order(7, 1)).not.toEqual(order(8, 1));
});

/** Returns chi-squared divided by its degrees of freedom, which is close to 1 for equal chances. */
function deviation(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0) / (counts.length - 1);
}

test.each([
  ['a table', (length: number, random: Xoshiro128) => randomPermutation(length, random)],
  ['a Feistel network', (length: number, random: Xoshiro128) => new FeistelPermutation(length, random)],
])('every number is equally likely at every position (%s)', (_, permutationOf) => {
  const length = 13;
  const at = Array.from({ length: length * length }, () => 0);
  const neighbors = Array.from({ length: length * (length - 1) }, () => 0);
  for (let seed = 0; seed < 10_000; seed++) {
    const permutation = permutationOf(length, new Xoshiro128(seed, 0));
    for (let i = 0; i < length; i++) at[i * length + permutation.at(i)]++;
    const [first, second] = [permutation.at(5), permutation.at(6)];
    neighbors[first * (length - 1) + (second > first ? second - 1 : second)]++;
  }
  // With more than 150 degrees of freedom, the deviation of fair counts is below 1.5 with a
  // probability of 0.9999.
  expect(deviation(at)).toBeLessThan(1.5);
  expect(deviation(neighbors)).toBeLessThan(1.5);
});

test('distant and neighboring positions of one large permutation are unrelated', () => {
  const length = 1_000_003;
  const permutation = randomPermutation(length, new Xoshiro128(3, 0));
  const cells = Array.from({ length: 16 * 16 }, () => 0);
  const cell = (number: number): number => Math.floor((16 * number) / length);
  for (let i = 0; i < 60_000; i++) cells[16 * cell(permutation.at(i)) + cell(permutation.at(i + 1))]++;
  expect(deviation(cells)).toBeLessThan(1.4);
});
