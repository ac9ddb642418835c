import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Dataset } from '../../src/dataset/index.ts';

/** Returns an endless dataset of numbers, and a function that returns how many were requested. */
function counted(): { numbers: Dataset<number>; requested: () => number } {
  let requested = 0;
  const numbers = Dataset.range(Number.POSITIVE_INFINITY).map((n) => {
    requested++;
    return n;
  });
  return { numbers, requested: () => requested };
}

test('nothing happens before the first element is requested', async () => {
  let opened = 0;
  const dataset = Dataset.from(() => {
    opened++;
    return [1, 2];
  });
  const chain = dataset
    .map((n) => n)
    .shuffle(3)
    .batch(2)
    .prefetch(2)
    .repeat(2);
  const iterator = chain[Symbol.asyncIterator]();
  await sleep(5);
  expect(opened).toBe(0);
  await iterator.next();
  expect(opened).toBe(1);
  await iterator.return();
  expect(opened).toBe(1);
});

test('take requests no element after the last', async () => {
  const { numbers, requested } = counted();
  expect(await numbers.take(3).toArray()).toEqual([0, 1, 2]);
  expect(requested()).toBe(3);
});

test('first requests one element', async () => {
  const { numbers, requested } = counted();
  expect(await numbers.first()).toBe(0);
  expect(requested()).toBe(1);
  expect(await Dataset.range(0).first()).toBeUndefined();
});

test('take ends an endless source', async () => {
  expect(
    await Dataset.from([1, 2, 3])
      .repeat()
      .map((n) => n)
      .batch(2)
      .take(3)
      .toArray(),
  ).toEqual([
    [1, 2],
    [3, 1],
    [2, 3],
  ]);
});

test('repeating an empty dataset without end ends', async () => {
  expect(await Dataset.from([]).repeat().toArray()).toEqual([]);
  expect(
    await Dataset.range(5)
      .filter(() => false)
      .repeat(-1)
      .toArray(),
  ).toEqual([]);
});

describe('prefetch', () => {
  test('reads up to the limit ahead while the consumer waits for something else', async () => {
    const { numbers, requested } = counted();
    const iterator = numbers.batch(10).prefetch(3).iterate();
    await iterator.next();
    await sleep(10);
    expect(requested()).toBe(40);
    await iterator.next();
    await sleep(10);
    expect(requested()).toBe(50);
    await iterator.return();
    await sleep(10);
    expect(requested()).toBe(50);
  });

  test('a limit of 0 prefetches nothing', async () => {
    const { numbers, requested } = counted();
    const iterator = numbers.prefetch(0).iterate();
    await iterator.next();
    await sleep(10);
    expect(requested()).toBe(1);
    await iterator.return();
  });

  test('a limit of -1 adapts to the consumer within bounds', async () => {
    const { numbers, requested } = counted();
    const iterator = numbers.prefetch(-1).iterate();
    for (let i = 0; i < 200; i++) await iterator.next();
    await sleep(10);
    expect(requested()).toBeGreaterThan(200);
    expect(requested()).toBeLessThanOrEqual(264);
    await iterator.return();
  });

  test('overlaps a slow source with a slow consumer', async () => {
    let isConsuming = false;
    let overlapped = 0;
    const slow = Dataset.range(8).map(async (n) => {
      await sleep(4);
      if (isConsuming) overlapped++;
      return n;
    });
    for await (const _ of slow.prefetch(2)) {
      isConsuming = true;
      await sleep(8);
      isConsuming = false;
    }
    expect(overlapped).toBeGreaterThan(2);
  });
});

describe('map awaits promises', () => {
  test('runs up to `parallel` calls at once and keeps the order', async () => {
    let running = 0;
    let most = 0;
    const map = async (n: number): Promise<number> => {
      most = Math.max(most, ++running);
      await sleep((n * 7) % 4);
      running--;
      return n;
    };
    expect(await Dataset.range(40).map(map, { parallel: 5 }).toArray()).toEqual(
      Array.from({ length: 40 }, (_, i) => i),
    );
    expect(most).toBe(5);
    most = 0;
    await Dataset.range(10).map(map).toArray();
    expect(most).toBe(1);
  });

  test('delivers an error in its place and starts no later call', async () => {
    const called: number[] = [];
    const seen: number[] = [];
    const failing = Dataset.range(1000).map(
      async (n) => {
        called.push(n);
        await sleep(n === 0 ? 10 : 1);
        if (n === 3) throw new Error('three');
        return n;
      },
      { parallel: 4 },
    );
    await expect(
      failing.forEach((n) => {
        seen.push(n);
      }),
    ).rejects.toThrow('three');
    expect(seen).toEqual([0, 1, 2]);
    expect(Math.max(...called)).toBeLessThan(8);
  });

  test('ignores later failures of concurrent calls', async () => {
    const failing = Dataset.range(10).map(
      async (n) => {
        await sleep(n);
        throw new Error(String(n));
      },
      { parallel: 5 },
    );
    await expect(failing.toArray()).rejects.toThrow('0');
    await sleep(20); // An unhandled rejection would end the test.
  });

  test('without promises, parallel makes no call ahead', async () => {
    const { numbers, requested } = counted();
    await numbers
      .map((n) => n, { parallel: 8 })
      .take(3)
      .toArray();
    expect(requested()).toBe(3);
  });

  test('treats thenables as promises', async () => {
    class Thenable {
      readonly #n: number;
      constructor(n: number) {
        this.#n = n;
      }
      // biome-ignore lint/suspicious/noThenProperty: that is what a thenable is
      then(take: (n: number) => void): void {
        take(this.#n + 1);
      }
    }
    const map = (n: number): PromiseLike<number> => new Thenable(n) as unknown as PromiseLike<number>;
    expect(await Dataset.range(3).map(map).toArray()).toEqual([1, 2, 3]);
  });
});

describe('cache', () => {
  test('caches complete iterations only', async () => {
    const { numbers, requested } = counted();
    const cached = numbers.take(5).cache();
    await cached.first();
    expect(requested()).toBe(1);
    expect(await cached.toArray()).toEqual([0, 1, 2, 3, 4]);
    expect(requested()).toBe(6);
    expect(await cached.toArray()).toEqual([0, 1, 2, 3, 4]);
    expect(await cached.repeat(2).count()).toBe(10);
    expect(requested()).toBe(6);
  });

  test('take after cache leaves the cache incomplete, as in tf.data', async () => {
    const { numbers, requested } = counted();
    const cached = numbers.take(5).cache().take(3);
    await cached.toArray();
    await cached.toArray();
    expect(requested()).toBe(6);
  });

  test('a failed iteration is not cached', async () => {
    let fails = true;
    const cached = Dataset.range(3)
      .map((n) => {
        if (fails && n === 2) throw new Error('not yet');
        return n;
      })
      .cache();
    await expect(cached.toArray()).rejects.toThrow('not yet');
    fails = false;
    expect(await cached.toArray()).toEqual([0, 1, 2]);
  });
});

test('timers run while a chain that never waits runs', async () => {
  let turns = 0;
  const timer = setInterval(() => {
    turns++;
  }, 1);
  // Ends by a timer rather than a clock: a chain that never yields to the event loop would never
  // end.
  for await (const _ of Dataset.range(Number.POSITIVE_INFINITY)) if (turns >= 2) break;
  await Dataset.range(Number.POSITIVE_INFINITY)
    .filter(() => turns >= 4)
    .first();
  clearInterval(timer);
  expect(turns).toBeGreaterThanOrEqual(4);
});

test('reports progress periodically and at the end', async () => {
  const reported: number[] = [];
  const watched = Dataset.range(5000).withProgress(
    ({ elements, done, elapsedMs }) => {
      expect(elapsedMs).toBeGreaterThanOrEqual(0);
      reported.push(done ? -elements : elements);
    },
    { everyMs: 0 },
  );
  expect(await watched.count()).toBe(5000);
  expect(reported.at(-1)).toBe(-5000);
  expect(reported.length).toBeGreaterThan(1);
});
