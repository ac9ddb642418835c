import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Dataset } from '../../src/dataset/index.ts';
import { randomRuns } from '../support/random-runs.ts';

const numbers = (length: number): number[] => Array.from({ length }, (_, i) => i);

test('laws: every element once, none too early, the same order for the same seed and iteration', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(60),
      fc.integer({ min: 1, max: 70 }),
      fc.maxSafeInteger(),
      async (length, buffer, seed) => {
        const shuffle = (): Dataset<number> => Dataset.range(length).shuffle(buffer, { seed });
        const dataset = shuffle();
        const first = await dataset.toArray();
        const second = await dataset.toArray();
        expect(first.toSorted((a, b) => a - b)).toEqual(numbers(length));
        first.forEach((element, at) => {
          expect(element).toBeLessThan(at + buffer);
        });
        const again = shuffle();
        expect(await again.toArray()).toEqual(first);
        expect(await again.toArray()).toEqual(second);
        expect(await again.toArray({ iteration: 0 })).toEqual(first);
        expect(await again.toArray({ iteration: 1 })).toEqual(second);
      },
    ),
    { numRuns: randomRuns(100) },
  );
});

test('each iteration has its own order unless reshuffleEachIteration is false', async () => {
  const dataset = Dataset.range(100).shuffle(100, { seed: 5 });
  const orders = [await dataset.toArray(), await dataset.toArray(), await dataset.toArray()];
  expect(new Set(orders.map(String)).size).toBe(3);
  const same = Dataset.range(100).shuffle(100, { seed: 5, reshuffleEachIteration: false });
  expect(await same.toArray()).toEqual(orders[0]);
  expect(await same.toArray()).toEqual(orders[0]);
  const unseeded = Dataset.range(100).shuffle(100, { reshuffleEachIteration: false });
  expect(await unseeded.toArray()).toEqual(await unseeded.toArray());
  expect(await Dataset.range(100).shuffle(100).toArray()).not.toEqual(
    await Dataset.range(100).shuffle(100).toArray(),
  );
});

test('a seed gives the same known order on every machine', async () => {
  expect(await Dataset.range(10).shuffle(10, { seed: 42 }).toArray()).toMatchInlineSnapshot(`
    [
      2,
      8,
      7,
      1,
      0,
      4,
      5,
      6,
      9,
      3,
    ]
  `);
  expect(await Dataset.range(10).shuffle(4, { seed: 42 }).toArray({ iteration: 3 })).toMatchInlineSnapshot(`
    [
      2,
      3,
      1,
      0,
      5,
      4,
      6,
      8,
      7,
      9,
    ]
  `);
});

test('all orders are about equally likely', async () => {
  const dataset = Dataset.range(3).shuffle(3, { seed: 1 });
  const counts = new Map<string, number>();
  for (let i = 0; i < 3000; i++) {
    const order = String(await dataset.toArray());
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(110);
});

describe('with repeat', () => {
  test('shuffle before repeat keeps epochs apart, each with its own order', async () => {
    const shuffled = Dataset.range(20).shuffle(20, { seed: 3 });
    const epochs = await shuffled.repeat(3).batch(20).toArray();
    expect(epochs.map((epoch) => epoch.toSorted((a, b) => a - b))).toEqual([
      numbers(20),
      numbers(20),
      numbers(20),
    ]);
    for (const [i, epoch] of epochs.entries())
      expect(await shuffled.toArray({ iteration: i })).toEqual(epoch);
    const next = await shuffled.repeat(3).take(20).toArray({ iteration: 1 });
    expect(next).toEqual(await shuffled.toArray({ iteration: 3 }));
    expect(await shuffled.repeat().take(60).batch(20).toArray({ iteration: 0 })).toEqual(epochs);
  });

  test('shuffle after repeat mixes epochs', async () => {
    const [first] = await Dataset.range(20).repeat(3).shuffle(40, { seed: 3 }).batch(20).toArray();
    expect(new Set(first).size).toBeLessThan(20);
  });
});

test('datasets derived from a shuffle share its iteration numbers', async () => {
  const shuffled = Dataset.range(50).shuffle(50, { seed: 9 });
  const epochs: number[][] = [];
  for (let epoch = 0; epoch < 3; epoch++)
    epochs.push(
      await shuffled
        .take(50)
        .map((n) => n)
        .toArray(),
    );
  expect(new Set(epochs.map(String)).size).toBe(3);
  const zipped = await Dataset.zip([shuffled, Dataset.range(50)]).toArray();
  expect(epochs.map(String)).not.toContain(String(zipped.map(([n]) => n)));
});

describe('maxBytes', () => {
  const kilobytes = (count: number): Dataset<Uint8Array> =>
    Dataset.range(count).map((n) => new Uint8Array(1000).fill(n));

  test('maxBytes limits the buffer even if its element limit is larger', async () => {
    let made = 0;
    const source = kilobytes(100).map((bytes) => {
      made++;
      return bytes;
    });
    const iterator = source.shuffle(1000, { seed: 1, maxBytes: 10_000 }).iterate();
    await iterator.next();
    expect(made).toBe(10); // Each has 1,016 bytes.
    for (let i = 0; i < 50; i++) await iterator.next();
    expect(made).toBe(60);
    await iterator.return();
  });

  test('loses no element and holds a single element that exceeds maxBytes', async () => {
    const all = await kilobytes(20)
      .shuffle(8, { maxBytes: 1 })
      .map((bytes) => bytes[0])
      .toArray();
    expect(all).toEqual(numbers(20));
    const mixed = await Dataset.from(['a', 'b'.repeat(1000), 'c', 'd'.repeat(2000), 'e'])
      .shuffle(10, { maxBytes: 1500, seed: 2 })
      .toArray();
    expect(mixed.map((text) => text[0]).toSorted()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('sizeOf determines the size of elements', async () => {
    let made = 0;
    const source = Dataset.range(100).map((n) => {
      made++;
      return n;
    });
    await source.shuffle(100, { maxBytes: 30, sizeOf: (n: number) => n + 1 }).first();
    expect(made).toBe(8); // 1 + 2 + … + 8 >= 30
  });
});

test('records in the buffer are copies', async () => {
  const chunk = new Uint8Array(1000);
  const views = Array.from({ length: 10 }, (_, i) => chunk.subarray(i, i + 1));
  views.forEach((view, i) => {
    view[0] = i;
  });
  const dataset = Dataset.from(views).shuffle(5);
  const shuffled = await dataset.toArray();
  expect(shuffled.every((view) => view.buffer.byteLength === 1)).toBe(true);
  expect(shuffled.map(([n]) => n).toSorted((a, b) => a - b)).toEqual(numbers(10));
});

test('buffered elements come before a later error', async () => {
  const seen: number[] = [];
  const failing = Dataset.range(10).map((n) => {
    if (n === 5) throw new Error('five');
    return n;
  });
  await expect(
    failing.shuffle(100).forEach((n) => {
      seen.push(n);
    }),
  ).rejects.toThrow('five');
  expect(seen.toSorted()).toEqual([0, 1, 2, 3, 4]);
});
