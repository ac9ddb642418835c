import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Dataset, type DatasetProgress, type DatasetState } from '../../src/dataset/index.ts';
import { randomRuns } from '../support/random-runs.ts';

/** Returns a value after a number of event-loop turns that depends on it. */
async function slowly(n: number, slowness: number): Promise<number> {
  for (let i = 0; i < Math.imul(n + 1, 0x9e3779b1) >>> 29 && i < slowness; i++) await turn();
  return n;
}

async function* slowRange(from: number, to: number, slowness: number): AsyncGenerator<number> {
  for (let n = from; n < to; n++) yield await slowly(n, slowness);
}

/** A promise and its functions. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);

interface Resumable<T> {
  iterate(): AsyncIterableIterator<T> & { state(): DatasetState };
}

/** Reads a dataset in parts that begin at the state after the previous one. */
async function inParts<T>(dataset: Dataset<T>, stops: readonly number[]): Promise<T[]> {
  const all: T[] = [];
  let rest: Resumable<T> = dataset;
  for (const stop of [...stops, Number.POSITIVE_INFINITY]) {
    const iterator = rest.iterate();
    for (let i = 0; i < stop; i++) {
      const { done, value } = await iterator.next();
      if (done) break;
      all.push(value);
    }
    const text = JSON.stringify(iterator.state());
    expect(text.length).toBeLessThan(1024);
    await iterator.return?.();
    rest = dataset.resume(JSON.parse(text));
  }
  return all;
}

describe('map without order', () => {
  test('yields results as they become available', async () => {
    const calls = [0, 1, 2].map(() => deferred<string>());
    const results = Dataset.range(3).map((n) => calls[n].promise, { parallel: 3, ordered: false });
    const iterator = results.iterate();
    const first = iterator.next();
    calls[2].resolve('third');
    expect(await first).toMatchObject({ value: 'third' });
    calls[0].resolve('first');
    expect(await iterator.next()).toMatchObject({ value: 'first' });
    calls[1].resolve('second');
    expect(await iterator.next()).toMatchObject({ value: 'second' });
    expect(await iterator.next()).toMatchObject({ done: true });
  });

  test('yields the other results before the error of a call or the source', async () => {
    const seen: number[] = [];
    const call = async (n: number): Promise<number> => {
      if (n === 3) throw new Error('no 3');
      return slowly(n, 4);
    };
    const results = Dataset.range(100).map(call, { parallel: 6, ordered: false });
    await expect(results.forEach((n) => void seen.push(n))).rejects.toThrow('no 3');
    expect(sorted(seen).slice(0, 3)).toEqual([0, 1, 2]);
    expect(seen.length).toBeLessThan(3 + 8 * 6);
    const source = Dataset.from(function* () {
      yield* [0, 1, 2];
      throw new Error('no more');
    });
    seen.length = 0;
    const mapped = source.map((n) => slowly(n, 4), { parallel: 6, ordered: false });
    await expect(mapped.forEach((n) => void seen.push(n))).rejects.toThrow('no more');
    expect(sorted(seen)).toEqual([0, 1, 2]);
  });

  test('does not run far ahead of a call that does not end', async () => {
    const never = deferred<number>();
    let called = 0;
    const call = (n: number): Promise<number> | number => {
      called++;
      return n === 2 ? never.promise : slowly(n, 1);
    };
    const iterator = Dataset.range(1000).map(call, { parallel: 2, ordered: false }).iterate();
    for (let i = 0; i < 15; i++) expect((await iterator.next()).value).not.toBe(2);
    expect(called).toBeLessThanOrEqual(2 + 16);
    const waiting = iterator.next();
    never.resolve(2);
    await waiting;
    expect(sorted([(await iterator.next()).value, (await iterator.next()).value])).toHaveLength(2);
    await iterator.return();
  });

  test('a call that returns no promise keeps the order', async () => {
    const doubled = Dataset.range(50).map((n) => 2 * n, { parallel: 4, ordered: false });
    expect(await doubled.toArray()).toEqual(Array.from({ length: 50 }, (_, n) => 2 * n));
  });
});

describe('interleave without order', () => {
  test('takes elements from inner datasets that are ready', async () => {
    const never = deferred<number>();
    const inner = (n: number) =>
      n === 0
        ? (async function* () {
            yield await never.promise;
          })()
        : [10 * n, 10 * n + 1];
    const iterator = Dataset.range(4).interleave(inner, { cycleLength: 2, ordered: false }).iterate();
    const seen: number[] = [];
    for (let i = 0; i < 6; i++) seen.push((await iterator.next()).value);
    expect(seen).toEqual([10, 11, 20, 21, 30, 31]);
    never.resolve(7);
    expect(await iterator.next()).toMatchObject({ value: 7 });
    expect(await iterator.next()).toMatchObject({ done: true });
  });

  test('keeps the order within each inner dataset', async () => {
    const inner = (n: number) => slowRange(100 * n, 100 * n + 20, 3);
    const all = await Dataset.range(9)
      .interleave(inner, { cycleLength: 3, blockLength: 2, ordered: false })
      .toArray();
    expect(all).toHaveLength(180);
    for (let n = 0; n < 9; n++) {
      const part = all.filter((one) => Math.floor(one / 100) === n);
      expect(part).toEqual(sorted(part));
    }
  });
});

/** An operator that may follow an unordered one, and the elements that it yields, in any order. */
interface Last {
  ours(dataset: Dataset<number>): Dataset<number | number[]>;
  plain(all: number[]): number[];
}
const extra = [1000, 1001, 1002, 1003, 1004];
const lasts: readonly Last[] = [
  { ours: (d) => d, plain: (all) => all },
  { ours: (d) => d.batch(3), plain: (all) => all },
  { ours: (d) => d.filter((n) => n % 3 !== 0), plain: (all) => all.filter((n) => n % 3 !== 0) },
  { ours: (d) => d.repeat(2), plain: (all) => [...all, ...all] },
  {
    ours: (d) => d.concatenate(Dataset.from(extra)).withProgress(() => {}),
    plain: (all) => [...all, ...extra],
  },
  {
    ours: (d) => d.enumerate(),
    plain: (all) => [...all, ...all.keys()],
  },
  {
    ours: (d) =>
      Dataset.mix(
        [
          { dataset: d, weight: 2 },
          { dataset: Dataset.from(extra), weight: 1 },
        ],
        { seed: 5, stop: 'all' },
      ),
    plain: (all) => [...all, ...extra],
  },
];

test('a resumed iteration yields each remaining element once, whatever was in progress', async () => {
  const chain = fc.record({
    length: fc.nat(120),
    parallel: fc.integer({ min: 2, max: 9 }),
    cycleLength: fc.integer({ min: 1, max: 4 }),
    blockLength: fc.integer({ min: 1, max: 3 }),
    slowness: fc.nat(7),
    kind: fc.constantFrom('map', 'interleave'),
    shuffles: fc.boolean(),
    calls: fc.nat(4),
    prefetches: fc.constantFrom('none', 'elements', 'bytes'),
    last: fc.constantFrom(...lasts),
    stops: fc.array(fc.nat(40), { maxLength: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(chain, async (given) => {
      const { length, parallel, cycleLength, blockLength, slowness, kind, stops } = given;
      let dataset = Dataset.range(length);
      if (given.shuffles) dataset = dataset.shuffle(10, { seed: 3 });
      if (kind === 'interleave')
        dataset = dataset.interleave((n) => slowRange(3 * n, 3 * n + 3, slowness), {
          cycleLength,
          blockLength,
          ordered: false,
        });
      else dataset = dataset.map((n) => slowly(n, slowness), { parallel, ordered: false });
      if (given.calls > 0) dataset = dataset.map((n) => slowly(n, slowness), { parallel: given.calls });
      if (given.prefetches === 'elements') dataset = dataset.prefetch(5);
      if (given.prefetches === 'bytes') dataset = dataset.prefetchToMemory(50);
      const count = kind === 'map' ? length : 3 * length;
      const all = Array.from({ length: count }, (_, n) => n);
      const found = await inParts(given.last.ours(dataset), stops);
      expect(sorted(found.flat())).toEqual(sorted(given.last.plain(all)));
    }),
    { numRuns: randomRuns(400) },
  );
});

test.each<[string, (unordered: Dataset<number>) => Dataset<unknown>]>([
  ['shuffle', (d) => d.shuffle(3)],
  ['unbatch', (d) => d.batch(3).unbatch()],
  ['window', (d) => d.window(3, { shift: 1 })],
  ['interleave', (d) => d.interleave((n) => [n])],
  ['map', (d) => d.map(async (n) => n, { parallel: 2, ordered: false })],
  ['cache', (d) => d.cache()],
  ['interleave', (d) => Dataset.range(2).interleave(() => d)],
])('%s after an unordered operator has elements, but no state', async (name, chain) => {
  const unordered = Dataset.range(20).map((n) => slowly(n, 3), { parallel: 3, ordered: false });
  const iterator = chain(unordered).iterate();
  expect(await iterator.next()).toMatchObject({ done: false });
  expect(() => iterator.state()).toThrow(expect.objectContaining({ code: 'not-resumable' }));
  expect(() => iterator.state()).toThrow(name);
  await iterator.return();
});

test('a state of an ordered map does not fit an unordered one', async () => {
  const map = (ordered: boolean): Dataset<number> =>
    Dataset.range(9).map((n) => slowly(n, 2), { parallel: 2, ordered });
  const iterator = map(true).iterate();
  await iterator.next();
  const state = iterator.state();
  await iterator.return();
  expect(() => map(false).resume(state)).toThrow(/map\(unordered\)/);
});

describe('prefetchToMemory', () => {
  test('reads ahead up to the given number of bytes', async () => {
    let created = 0;
    const source = Dataset.from(function* () {
      for (let i = 0; i < 100; i++) {
        created++;
        yield new Uint8Array(1000 - 16);
      }
    });
    const iterator = source.prefetchToMemory(5000).iterate();
    await iterator.next();
    await expect.poll(() => created).toBe(6);
    await iterator.next();
    await expect.poll(() => created).toBe(7);
    await iterator.return();
  });

  test('holds one element that is larger, and measures as told', async () => {
    let created = 0;
    const source = Dataset.from(function* () {
      for (let i = 0; i < 100; i++) {
        created++;
        yield i;
      }
    });
    const iterator = source.prefetchToMemory(10, { sizeOf: (n: number) => 100 + n }).iterate();
    expect(await iterator.next()).toMatchObject({ value: 0 });
    await expect.poll(() => created).toBe(2);
    expect(await iterator.next()).toMatchObject({ value: 1 });
    await iterator.return();
    expect(() => source.prefetchToMemory(0)).toThrow('prefetchToMemory: bytes');
  });

  test.each<[string, () => number, string]>([
    ['throws', () => JSON.parse('{'), 'JSON'],
    ['returns NaN', () => Number.NaN, 'sizeOf: expected the function to return a number >= 0, got NaN'],
    ['returns -1', () => -1, 'sizeOf: expected the function to return a number >= 0, got -1'],
  ])('fails after the elements before it if sizeOf %s', async (_name, wrong, message) => {
    const sizeOf = (n: number): number => (n < 5 ? 8 : wrong());
    const received: number[] = [];
    const read = async (): Promise<void> => {
      for await (const n of Dataset.range(100).prefetchToMemory(1000, { sizeOf })) {
        received.push(n);
        await new Promise(setImmediate);
      }
    };
    await expect(read()).rejects.toThrow(message);
    expect(received).toEqual([0, 1, 2, 3, 4, 5]);
    const shuffled = Dataset.range(100).shuffle(50, { maxBytes: 1000, sizeOf: wrong });
    await expect(shuffled.count()).rejects.toThrow(message);
  });
});

describe('withProgress', () => {
  async function lastOf(
    dataset: Dataset<unknown>,
    consume: () => Promise<unknown>,
  ): Promise<DatasetProgress> {
    let last: DatasetProgress | undefined;
    const watched = dataset.withProgress((progress) => {
      last = progress;
    });
    for await (const _ of watched) await consume();
    return last!;
  }
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const source = Dataset.from(async function* () {
    for (let i = 0; i < 4; i++) {
      await pause(10);
      yield i;
    }
  });
  const free = async (): Promise<void> => {};

  test('tells where an iteration waits', async () => {
    const { waitingMs: slowSource } = await lastOf(source, free);
    expect(slowSource.source).toBeGreaterThan(25);
    expect(slowSource.map).toBe(0);
    const slow = async (n: number): Promise<number> => {
      await pause(10);
      return n;
    };
    for (const ordered of [true, false]) {
      const mapped = Dataset.range(4).map(slow, { parallel: ordered ? 1 : 2, ordered });
      const { waitingMs: slowMap } = await lastOf(mapped.batch(2), free);
      expect(slowMap.map).toBeGreaterThan(12);
      expect(slowMap.source).toBe(0);
    }
    const { waitingMs: slowConsumer, elapsedMs } = await lastOf(Dataset.range(4), () => pause(10));
    expect(slowConsumer.consumer).toBeGreaterThan(25);
    expect(slowConsumer.consumer).toBeLessThanOrEqual(elapsedMs);
    expect(slowConsumer.source + slowConsumer.map).toBe(0);
  });
});
