import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Dataset, type MixOptions } from '../../src/dataset/index.ts';
import { randomRuns } from '../support/random-runs.ts';

interface Mixture {
  readonly weights: readonly number[];
  readonly lengths: readonly number[];
}

/** Returns the source of each element of a mix, and checks that each source keeps its order. */
async function sourcesOf(
  { weights, lengths }: Mixture,
  options: MixOptions,
  iteration = 0,
): Promise<number[]> {
  const sources = weights.map((weight, source) => ({
    // Some sources are slow.
    dataset: Dataset.range(lengths[source] ?? Number.POSITIVE_INFINITY).map((n) =>
      (n + source) % 5 === 0 ? Promise.resolve([source, n]) : [source, n],
    ),
    weight,
  }));
  const next = weights.map(() => 0);
  const chosen: number[] = [];
  let inOrder = true;
  await Dataset.mix(sources, options)
    .take(2000)
    .forEach(
      ([source, n]) => {
        inOrder &&= n === next[source]++;
        chosen.push(source);
      },
      { iteration },
    );
  expect(inOrder).toBe(true);
  return chosen;
}

const weights = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 20 }), fc.double({ min: 0.01, max: 10, noNaN: true })),
  {
    minLength: 1,
    maxLength: 8,
  },
);

/** Checks that after any number of elements each source has its share, give or take less than one. */
function expectShares(chosen: readonly number[], shares: readonly number[]): void {
  const total = shares.reduce((sum, share) => sum + share, 0);
  const counts = shares.map(() => 0);
  let worst = 0;
  chosen.forEach((source, i) => {
    counts[source]++;
    for (let k = 0; k < counts.length; k++)
      worst = Math.max(worst, Math.abs(counts[k] - ((i + 1) * shares[k]) / total));
  });
  expect(worst).toBeLessThan(1 + 1e-9);
}

test('exact ratios differ by at most one element after any number of elements', async () => {
  await fc.assert(
    fc.asyncProperty(weights, async (shares) => {
      const chosen = await sourcesOf({ weights: shares, lengths: [] }, { exact: true, seed: 1 });
      expect(chosen).toHaveLength(2000);
      expectShares(chosen, shares);
    }),
    { numRuns: randomRuns(150) },
  );
});

test('random ratios are close to the weights, and depend on the seed and the iteration', async () => {
  const mixture = { weights: [1, 2, 5], lengths: [] };
  const chosen = await sourcesOf(mixture, { seed: 3 });
  // Five standard deviations of 2000 draws.
  for (const [source, share] of [1 / 8, 2 / 8, 5 / 8].entries()) {
    const count = chosen.filter((one) => one === source).length;
    expect(Math.abs(count - 2000 * share)).toBeLessThan(5 * Math.sqrt(2000 * share * (1 - share)));
  }
  expect(await sourcesOf(mixture, { seed: 3 })).toEqual(chosen);
  expect(await sourcesOf(mixture, { seed: 4 })).not.toEqual(chosen);
  expect(await sourcesOf(mixture, { seed: 3 }, 1)).not.toEqual(chosen);
});

test.each([1e308, 5e-324])('weights of %d are equal to weights of 1', async (weight) => {
  for (const exact of [true, false]) {
    const chosen = await sourcesOf({ weights: [weight, weight], lengths: [] }, { seed: 1, exact });
    expect(chosen).toEqual(await sourcesOf({ weights: [1, 1], lengths: [] }, { seed: 1, exact }));
  }
});

describe('stop', () => {
  const mixtures = fc.record({ weights, lengths: fc.array(fc.nat(60), { minLength: 8, maxLength: 8 }) });

  test('first: ends at the turn of a source that has ended', async () => {
    await fc.assert(
      fc.asyncProperty(mixtures, fc.boolean(), async (mixture, exact) => {
        const endless = await sourcesOf({ ...mixture, lengths: [] }, { exact, seed: 5 });
        const counts = mixture.weights.map(() => 0);
        const end = endless.findIndex((source) => counts[source]++ === mixture.lengths[source]);
        expect(await sourcesOf(mixture, { exact, seed: 5 })).toEqual(endless.slice(0, end));
      }),
      { numRuns: randomRuns(100) },
    );
  });

  test('all: delivers every element, and the sources that are left keep their ratios', async () => {
    await fc.assert(
      fc.asyncProperty(mixtures, async (mixture) => {
        const { weights: shares, lengths } = mixture;
        for (const exact of [true, false]) {
          const chosen = await sourcesOf(mixture, { exact, seed: 5, stop: 'all' });
          const left = shares.map((_, source) => lengths[source]);
          for (const source of chosen) left[source]--;
          expect(left.every((count) => count === 0)).toBe(true);
        }
      }),
      { numRuns: randomRuns(60) },
    );
    const chosen = await sourcesOf(
      { weights: [1, 2, 1], lengths: [500, 20, 500] },
      { exact: true, stop: 'all' },
    );
    expectShares(chosen.slice(0, 40), [1, 2, 1]);
    expectShares(chosen.slice(chosen.lastIndexOf(1) + 2), [1, 0, 1]);
  });
});

test('a mix that is interrupted anywhere continues from its state', async () => {
  const mixtures = fc.record({
    weights,
    lengths: fc.array(fc.nat(30), { minLength: 8, maxLength: 8 }),
    stop: fc.constantFrom('first', 'all'),
    exact: fc.boolean(),
    seed: fc.option(fc.nat(), { nil: undefined }),
    iteration: fc.nat(3),
  });
  await fc.assert(
    fc.asyncProperty(mixtures, fc.array(fc.nat(40), { maxLength: 5 }), async (mixture, stops) => {
      const { lengths, stop, exact, seed, iteration } = mixture;
      const counts: number[] = [];
      const sources = mixture.weights.map((weight, source) => ({
        dataset: Dataset.range(lengths[source])
          .shuffle(4, { seed: source })
          .map((n) => (n % 5 === 0 ? Promise.resolve(`${source}.${n}`) : `${source}.${n}`)),
        weight,
      }));
      const mixed = Dataset.mix(sources, { stop, exact, seed, counts }).batch(3);
      const whole = await mixed.toArray({ iteration });
      const wholeCounts = [...counts];
      const received: string[][] = [];
      let iterator = mixed.iterate({ iteration });
      for (const count of stops) {
        for (let i = 0; i < count; i++) {
          const { done, value } = await iterator.next();
          if (done) break;
          received.push(value);
        }
        const state = JSON.stringify(iterator.state());
        expect(state.length).toBeLessThan(1000);
        await iterator.return();
        iterator = mixed.resume(JSON.parse(state)).iterate();
      }
      for await (const batch of iterator) received.push(batch);
      expect(received).toEqual(whole);
      expect(counts).toEqual(wholeCounts);
    }),
    { numRuns: randomRuns(150) },
  );
});

test('counts has the number of elements taken from each source', async () => {
  const counts: number[] = [];
  const sources = [1, 3].map((weight) => ({ dataset: Dataset.range(100), weight }));
  const mixed = Dataset.mix(sources, { exact: true, counts });
  await mixed.take(8).toArray();
  expect(counts).toEqual([2, 6]);
  await mixed.take(4).toArray();
  expect(counts).toEqual([1, 3]);
});

test('elements before the error of a source are delivered, and all sources are closed', async () => {
  const closed: string[] = [];
  const numbers = (name: string, failAt: number) =>
    async function* (): AsyncGenerator<string> {
      try {
        for (let i = 0; ; i++) {
          if (i === failAt) throw new Error(`${name} failed`);
          yield `${name}${i}`;
        }
      } finally {
        closed.push(name);
      }
    };
  const mixed = Dataset.mix(
    [
      { dataset: Dataset.from(numbers('a', 2)), weight: 1 },
      { dataset: Dataset.from(numbers('b', 99)), weight: 1 },
    ],
    { exact: true },
  );
  const seen: string[] = [];
  await expect(mixed.forEach((element) => void seen.push(element))).rejects.toThrow('a failed');
  expect(seen).toEqual(['a0', 'b0', 'a1', 'b1']);
  expect(closed.toSorted()).toEqual(['a', 'b']);
});

test('rejects invalid sources and options', () => {
  const one = [{ dataset: Dataset.range(3), weight: 1 }];
  expect(() => Dataset.mix(one, { sed: 1 } as MixOptions)).toThrow(
    'mix: unknown option sed; did you mean seed?',
  );
  const dataset = Dataset.range(3);
  const invalid: (() => unknown)[] = [
    () => Dataset.mix([]),
    () => Dataset.mix([dataset] as never),
    () => Dataset.mix([{ dataset, weight: 0 }]),
    () => Dataset.mix([{ dataset, weight: Number.NaN }]),
    () => Dataset.mix([{ dataset, weight: 1 }], { stop: 'last' as never }),
    () => Dataset.mix([{ dataset, weight: 1 }], { seed: 0.5 }),
    () => Dataset.mix([{ dataset, weight: 1 }], { counts: {} as never }),
  ];
  for (const call of invalid) expect(call).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
});
