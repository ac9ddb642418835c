import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withChecksum } from '../../src/dataset/dataset-state.ts';
import { Dataset, type DatasetState } from '../../src/dataset/index.ts';
import { randomRuns } from '../support/random-runs.ts';
import { anySource, anySteps, both, type Step } from './model.ts';
import { readSome, stored } from './read-some.ts';

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
      let { elements, state } = await readSome(
        { iterate: () => dataset.iterate({ iteration: 3 }) },
        stops[0] ?? 0,
      );
      for (const stop of stops.slice(1)) {
        const part = await readSome(dataset.resume(state), stop);
        elements = [...elements, ...part.elements];
        state = part.state;
      }
      expect([...elements, ...(await dataset.resume(state).toArray())]).toEqual(whole);
    }),
    { numRuns: randomRuns(400) },
  );
});

test('a long shuffle is resumed from a late snapshot', async () => {
  const dataset = Dataset.range(60_000).shuffle(100, { seed: 5 }).batch(7).prefetch(3);
  const whole = await dataset.toArray({ iteration: 1 });
  for (const count of [10, 600, 2000, 5000, 8500, whole.length - 5]) {
    const { state } = await readSome({ iterate: () => dataset.iterate({ iteration: 1 }) }, count);
    expect(await dataset.resume(state).toArray()).toEqual(whole.slice(count));
    const again = await readSome(dataset.resume(state), 3);
    expect(await dataset.resume(again.state).toArray()).toEqual(whole.slice(count + 3));
  }
});

test('the seed that recordpipe chose is part of the state', async () => {
  const build = (): Dataset<number> =>
    Dataset.range(50)
      .shuffle(10)
      .map((n) => n + 1)
      .repeat(2);
  const dataset = build();
  const whole = await dataset.toArray({ iteration: 0 });
  const { state } = await readSome({ iterate: () => dataset.iterate({ iteration: 0 }) }, 20);
  expect(await build().resume(state).toArray()).toEqual(whole.slice(20));
  const nested = (): Dataset<number> =>
    Dataset.range(4).interleave((n) => Dataset.range(10 * n, 10 * n + 10).shuffle(4));
  const { elements, state: inside } = await readSome(nested(), 17);
  const rest = await nested().resume(inside).toArray();
  expect([...elements, ...rest].sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
});

test('later iterations of a resumed dataset have the next numbers', async () => {
  const build = (): Dataset<number> => Dataset.range(20).shuffle(20, { seed: 3 });
  const { state } = await readSome({ iterate: () => build().iterate({ iteration: 4 }) }, 5);
  const dataset = build();
  await dataset.resume(state).toArray();
  expect(await dataset.toArray()).toEqual(await build().toArray({ iteration: 5 }));
});

test('a state takes less than 1 KB', async () => {
  const open = (): Dataset<number> =>
    Dataset.range(1e8, 2e8)
      .map((n) => n)
      .prefetch(4);
  const dataset = Dataset.range(1e6)
    .shuffle(1000, { seed: 1 })
    .interleave(open, { cycleLength: 16 })
    .map(async (n) => n, { parallel: 8 })
    .shuffle(1000)
    .batch(32)
    .prefetch(2)
    .repeat(20);
  const { state } = await readSome(dataset, 2000);
  expect(JSON.stringify(state).length).toBeLessThan(1024);
  const long = Array.from({ length: 200 }).reduce<Dataset<number>>(
    (d) => d.filter(() => true),
    Dataset.range(9),
  );
  expect(JSON.stringify(long.iterate().state()).length).toBeLessThan(1024);
  const { state: middle } = await readSome(long, 4);
  expect(await long.resume(middle).toArray()).toEqual([4, 5, 6, 7, 8]);
});

test('a state does not count elements that were only read ahead, or that are pending', async () => {
  const later = async (n: number): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return n;
  };
  const dataset = Dataset.range(100).prefetch(20).map(later, { parallel: 4 }).prefetch(3).map(later);
  const iterator = dataset.iterate();
  await iterator.next();
  const pending = iterator.next();
  expect(await dataset.resume(iterator.state()).first()).toBe(1);
  expect((await pending).value).toBe(1);
  await iterator.return();
});

test('after an error, the failed element is requested again, and nothing is lost', async () => {
  let fails = true;
  const dataset = Dataset.range(10)
    .map((n) => {
      if (n === 5 && fails) throw new Error('later');
      return n;
    })
    .batch(2);
  const iterator = dataset.iterate();
  const received: number[][] = [];
  await expect(
    (async () => {
      for await (const batch of iterator) received.push(batch);
    })(),
  ).rejects.toThrow('later');
  expect(received).toEqual([[0, 1], [2, 3], [4]]);
  fails = false;
  // The incomplete batch is delivered again.
  expect(await dataset.resume(iterator.state()).toArray()).toEqual([
    [4, 5],
    [6, 7],
    [8, 9],
  ]);
});

test.each<[string, (d: Dataset<number[]>) => Dataset<number[]>]>([
  ['prefetch', (d) => d.prefetch(10)],
  ['prefetchToMemory', (d) => d.prefetchToMemory(1e6)],
  ['a parallel map', (d) => d.map(async (batch) => batch, { parallel: 8 })],
  ['two of them', (d) => d.prefetch(3).map(async (batch) => batch, { parallel: 2 })],
])('after an error, elements that %s held are not delivered again', async (_name, ahead) => {
  let fails = true;
  const numbers = Dataset.range(30).map((n) => {
    if (n === 22 && fails) throw new Error('later');
    return n;
  });
  const dataset = ahead(numbers.batch(4));
  const iterator = dataset.iterate();
  const received: number[][] = [];
  await expect(
    (async () => {
      for await (const batch of iterator) {
        received.push(batch);
        await new Promise(setImmediate); // Let it read ahead, up to the error.
      }
    })(),
  ).rejects.toThrow('later');
  expect(received).toHaveLength(6);
  expect(received[5]).toEqual([20, 21]);
  fails = false;
  expect(await dataset.resume(stored(iterator.state())).toArray()).toEqual([
    [20, 21, 22, 23],
    [24, 25, 26, 27],
    [28, 29],
  ]);
});

test('a source that fails again while inner datasets are opened again reports its error', async () => {
  let failsAt = 14;
  const dataset = Dataset.range(30)
    .map((n) => {
      if (n === failsAt) throw new Error('later');
      return n;
    })
    .batch(5)
    .flatMap((batch) => Dataset.from(batch));
  const iterator = dataset.iterate();
  for (let i = 0; i < 14; i++) await iterator.next();
  await expect(iterator.next()).rejects.toThrow('later');
  const state = stored(iterator.state());
  await expect(dataset.resume(state).toArray()).rejects.toThrow('later');
  failsAt = -1;
  const { state: inside } = await readSome(dataset, 13);
  failsAt = 11;
  await expect(dataset.resume(inside).toArray()).rejects.toThrow('later');
  failsAt = -1;
  expect((await dataset.resume(state).toArray()).at(-1)).toBe(29);
});

test('a failure while the buffer of a limited shuffle is read again comes before any element', async () => {
  let fails = false;
  const dataset = Dataset.range(30)
    .map((n) => {
      if (n === 8 && fails) throw new Error('later');
      return n;
    })
    .shuffle(5, { seed: 1, maxBytes: 99 });
  const whole = await dataset.toArray({ iteration: 0 });
  const iterator = dataset.iterate({ iteration: 0 });
  for (let i = 0; i < 9; i++) await iterator.next();
  fails = true;
  const resumed = dataset.resume(iterator.state()).iterate();
  await expect(resumed.next()).rejects.toThrow('later');
  fails = false;
  expect(await dataset.resume(resumed.state()).toArray()).toEqual(whole.slice(9));
});

describe('a state that does not fit', () => {
  const dataset = Dataset.range(100).shuffle(10, { seed: 1 }).batch(4);
  const state = async (): Promise<DatasetState> => (await readSome(dataset, 3)).state;

  test('names the operator that differs', async () => {
    const resume = async (other: Dataset<unknown>): Promise<unknown> => {
      try {
        return await other.resume(await state()).toArray();
      } catch (error) {
        return (error as { code: string }).code + (error as Error).message;
      }
    };
    const { shuffle } = Dataset.prototype;
    const shuffled = shuffle.call(Dataset.range(100), 10, { seed: 1 }) as Dataset<number>;
    expect(await resume(shuffled.batch(5))).toMatch(
      /^not-resumable.*operator 3 is batch\(5\), but the state has batch\(4\)/,
    );
    expect(await resume(shuffled)).toMatch(/operator 3 is missing, but the state has batch\(4\)/);
    expect(await resume(shuffled.batch(4).map((b) => b))).toMatch(
      /operator 4 is map, but the state has no such operator/,
    );
    expect(await resume(Dataset.range(100).shuffle(10, { seed: 2 }).batch(4))).toMatch(
      /operator 2 is shuffle\(10, seed 2\), but the state has shuffle\(10, seed 1\)/,
    );
    expect(await resume(shuffled.batch(4))).toHaveLength(22);
  });

  test.each([null, {}, { version: 1 }, [], 'x'])('rejects %j', (value) => {
    expect(() => dataset.resume(value as unknown as DatasetState)).toThrow(
      /expected a value returned by state/,
    );
  });

  test('rejects other versions and changed positions', async () => {
    const saved = await state();
    expect(() => dataset.resume({ ...saved, version: 2 } as unknown as DatasetState)).toThrow(
      /the state has version 2/,
    );
    for (const position of [7, [], [0], [-1, null], [0, [3, 9, [[1, 2, 3], 4]]], 'x'])
      await expect(dataset.resume(withChecksum({ ...saved, position })).toArray()).rejects.toMatchObject({
        code: 'malformed-state',
      });
  });

  test('rejects changed states', async () => {
    const saved = stored(await state());
    const circular: unknown[] = [];
    circular.push(circular);
    const changes = [{ iteration: 1 }, { seeds: [1] }, { position: null }, { position: circular }];
    for (const change of [...changes, { position: [0, [1e15, 7, [0, null]]] }, { checksum: undefined }])
      expect(() => dataset.resume({ ...saved, ...change } as unknown as DatasetState)).toThrow(
        'the checksum of the state does not match',
      );
    expect(() => dataset.resume({ x: 1n } as unknown as DatasetState)).toThrow('expected a value returned');
    const { checksum, ...others } = saved;
    expect(await dataset.resume({ checksum, ...others }).count()).toBe(22);
  });

  test.each<[string, (elements: number[]) => Dataset<number>]>([
    ['an array', (elements) => Dataset.from(elements)],
    ['an iterable', (elements) => Dataset.from(new Set(elements))],
    ['a function', (elements) => Dataset.from(() => elements)],
    [
      'a generator',
      (elements) =>
        Dataset.from(async function* () {
          yield* elements;
        }),
    ],
    ['a prefetch', (elements) => Dataset.from(elements).prefetch(3)],
    ['a shuffle with maxBytes', (elements) => Dataset.from(elements).shuffle(3, { seed: 1, maxBytes: 99 })],
  ])('rejects %s with fewer elements than were received', async (_name, build) => {
    const { state: saved } = await readSome(build([1, 2, 3, 4, 5]), 4);
    await expect(build([1, 2, 3]).resume(saved).toArray()).rejects.toMatchObject({
      code: 'not-resumable',
      message: expect.stringContaining('has fewer elements than when the state was saved'),
    });
    expect(await build([1, 2, 3, 4]).resume(saved).toArray()).toEqual([]);
  });

  test('names an interleave with other inner datasets', async () => {
    const build = (size: number): Dataset<number[]> =>
      Dataset.range(5).interleave(() => Dataset.range(9).batch(size));
    const { state: inside } = await readSome(build(2), 3);
    await expect(build(3).resume(inside).toArray()).rejects.toMatchObject({ code: 'not-resumable' });
  });
});
