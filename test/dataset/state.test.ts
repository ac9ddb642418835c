import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Dataset, type DatasetState } from '../../src/dataset/index.ts';
import { randomRuns } from '../support/random-runs.ts';
import { anySource, anySteps, both, type Step } from './model.ts';

const shuffles: fc.Arbitrary<Step> = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.nat(5), fc.boolean(), fc.boolean(), fc.boolean())
  .map(([buffer, seed, seeded, reshuffleEachIteration, limited]) => ({
    name: `shuffle(${buffer}, ${seeded ? seed : '?'}, ${reshuffleEachIteration}, ${limited})`,
    ours: (d) =>
      d.shuffle(buffer, {
        seed: seeded ? seed : undefined,
        reshuffleEachIteration,
        maxBytes: limited ? 20 : undefined,
      }),
    plain: (source) => source,
  }));
const inner: fc.Arbitrary<Step> = fc.integer({ min: 1, max: 4 }).map(
  (cycleLength): Step => ({
    name: `interleave(${cycleLength}) of shuffle`,
    ours: (d) =>
      d.interleave(
        (n) =>
          Dataset.range(n % 7)
            .shuffle(3, { seed: n })
            .prefetch(2),
        { cycleLength },
      ),
    plain: (source) => source,
  }),
);
const steps = fc
  .tuple(anySteps, fc.array(fc.oneof(shuffles, inner), { maxLength: 2 }), anySteps)
  .map((parts) => parts.flat());

/** Saves and loads a state, as a checkpoint does. */
function stored(state: DatasetState): DatasetState {
  return JSON.parse(JSON.stringify(state));
}

/** Reads up to `count` elements, and returns them with the state after them. */
async function some<T>(
  source: { iterate(): AsyncIterableIterator<T> & { state(): DatasetState } },
  count: number,
): Promise<{ elements: T[]; state: DatasetState }> {
  const elements: T[] = [];
  const iterator = source.iterate();
  while (elements.length < count) {
    const { done, value } = await iterator.next();
    if (done) break;
    elements.push(value);
  }
  const state = stored(iterator.state());
  await iterator.return?.();
  expect(stored(iterator.state())).toEqual(state);
  return { elements, state };
}

test('an iteration that is interrupted any number of times yields the elements of a whole one', async () => {
  await fc.assert(
    fc.asyncProperty(anySource, steps, fc.array(fc.nat(25), { maxLength: 6 }), async (plan, chain, stops) => {
      const { ours } = both({ ...plan, failAt: undefined }, chain);
      const whole = await ours
        .take(200)
        .toArray({ iteration: 3 })
        .catch(() => undefined);
      fc.pre(whole !== undefined);
      const dataset = ours.take(200);
      let { elements, state } = await some(
        { iterate: () => dataset.iterate({ iteration: 3 }) },
        stops[0] ?? 0,
      );
      for (const stop of stops.slice(1)) {
        const part = await some(dataset.resume(state), stop);
        elements = [...elements, ...part.elements];
        state = part.state;
      }
      expect([...elements, ...(await dataset.resume(state).toArray())]).toEqual(whole);
    }),
    { numRuns: randomRuns(400) },
  );
});
