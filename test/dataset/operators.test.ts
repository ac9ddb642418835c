import { describe, expect, test } from 'vitest';
import { Dataset } from '../../src/dataset/index.ts';
import { UsageError } from '../../src/errors.ts';
import { compileFeatures, fixedLen } from '../../src/messages/index.ts';

describe('rejects invalid arguments immediately', () => {
  const d = Dataset.range(5);
  const f = 'no' as never;
  test.each<[string, () => unknown, typeof UsageError | typeof UsageError]>([
    ['batch(0)', () => d.batch(0), UsageError],
    ['batch(1.5)', () => d.batch(1.5), UsageError],
    ['batch(NaN)', () => d.batch(Number.NaN), UsageError],
    ['batch(Infinity)', () => d.batch(Number.POSITIVE_INFINITY), UsageError],
    ['paddedBatch(0)', () => d.paddedBatch(0), UsageError],
    ['shuffle(0)', () => d.shuffle(0), UsageError],
    ['shuffle seed', () => d.shuffle(1, { seed: 0.5 }), UsageError],
    ['shuffle maxBytes', () => d.shuffle(1, { maxBytes: 0 }), UsageError],
    ['shard(0, 0)', () => d.shard(0, 0), UsageError],
    ['shard(3, 3)', () => d.shard(3, 3), UsageError],
    ['shard(3, -1)', () => d.shard(3, -1), UsageError],
    ['interleave cycleLength', () => d.interleave(() => d, { cycleLength: 0 }), UsageError],
    ['interleave blockLength', () => d.interleave(() => d, { blockLength: -1 }), UsageError],
    ['prefetch(-2)', () => d.prefetch(-2), UsageError],
    ['take(0.5)', () => d.take(0.5), UsageError],
    ['skip(NaN)', () => d.skip(Number.NaN), UsageError],
    ['repeat(2.5)', () => d.repeat(2.5), UsageError],
    ['map parallel', () => d.map((n) => n, { parallel: 0 }), UsageError],
    ['window(0)', () => d.window(0), UsageError],
    ['range step', () => Dataset.range(0, 5, 0), UsageError],
    ['range fraction', () => Dataset.range(0.5), UsageError],
    ['range NaN', () => Dataset.range(Number.NaN), UsageError],
    ['iteration', () => d.iterate({ iteration: -1 }), UsageError],
    ['workers', () => d.mapInWorkers('/x.js', { workers: 0 }), UsageError],
    ['relative module', () => d.mapInWorkers('x.js'), UsageError],
    ['map(no)', () => d.map(f), UsageError],
    ['filter(no)', () => d.filter(f), UsageError],
    ['interleave(no)', () => d.interleave(f), UsageError],
    ['from(5)', () => Dataset.from(5 as never), UsageError],
    ['from(null)', () => Dataset.from(null as never), UsageError],
    ['zip()', () => Dataset.zip([]), UsageError],
    ['zip(number)', () => Dataset.zip([5 as never]), UsageError],
    ['records()', () => Dataset.records(''), UsageError],
    ['records(5)', () => Dataset.records(5 as never), UsageError],
    ['records reuse', () => Dataset.records('x', { reuse: true } as never), UsageError],
    ['records option', () => Dataset.records('x', { onTruncated: 'no' as never }), UsageError],
  ])('%s', (_, call, kind) => expect(call).toThrow(kind));
});

test.each<[string, (options: never) => unknown]>([
  ['map: unknown option paralel; did you mean parallel?', (o) => Dataset.range(1).map((n) => n, o)],
  [
    'mapInWorkers: unknown option paralel; known options: workers',
    (o) => Dataset.range(1).mapInWorkers('/x', o),
  ],
  ['batch: unknown option paralel; known options: dropRemainder', (o) => Dataset.range(1).batch(2, o)],
  ['paddedBatch: unknown option paralel; known options: ', (o) => Dataset.range(1).paddedBatch(2, o)],
  ['window: unknown option paralel; known options: ', (o) => Dataset.range(1).window(2, o)],
  ['shuffle: unknown option paralel; known options: ', (o) => Dataset.range(1).shuffle(2, o)],
  ['interleave: unknown option paralel; known options: ', (o) => Dataset.range(1).interleave(() => [], o)],
  ['prefetchToMemory: unknown option paralel; ', (o) => Dataset.range(1).prefetchToMemory(2, o)],
  ['withProgress: unknown option paralel; ', (o) => Dataset.range(1).withProgress(() => {}, o)],
  ['files: unknown option paralel; known options: ', (o) => Dataset.files('x', o)],
  ['records: unknown option paralel; ', (o) => Dataset.records('x', o)],
  [
    'parse: unknown option paralel; known options: batchRows',
    (o) => Dataset.from([new Uint8Array()]).parse(compileFeatures({ a: fixedLen([], 'int64') }), o),
  ],
  ['shards: unknown option paralel; known options: ', (o) => Dataset.shards('x', o)],
  ['mix: unknown option paralel; ', (o) => Dataset.mix([{ dataset: Dataset.range(1), weight: 1 }], o)],
  ['iterate: unknown option paralel; known options: signal, iteration', (o) => Dataset.range(1).iterate(o)],
])('%s', (message, build) => {
  expect(() => build({ paralel: 1 } as never)).toThrow(UsageError);
  expect(() => build({ paralel: 1 } as never)).toThrow(message);
});

test('an interleave with more slots than memory has room for opens only those that it needs', async () => {
  const lengths = { cycleLength: 2 ** 40 };
  const datasets = Dataset.range(3).interleave((n) => Dataset.range(n + 1), lengths);
  expect(await datasets.toArray()).toEqual([0, 0, 0, 1, 1, 2]);
  const unordered = Dataset.range(3).interleave((n) => Dataset.range(n + 1), { ...lengths, ordered: false });
  expect((await unordered.toArray()).sort()).toEqual([0, 0, 0, 1, 1, 2]);
});

test('accepts infinite counts', async () => {
  const infinite = Number.POSITIVE_INFINITY;
  expect(await Dataset.range(3).take(infinite).count()).toBe(3);
  expect(await Dataset.range(3).skip(infinite).count()).toBe(0);
  expect(await Dataset.range(3).repeat(infinite).take(7).count()).toBe(7);
  expect(await Dataset.range(100).shuffle(infinite).count()).toBe(100);
  expect(await Dataset.range(5, -infinite, -2).take(3).toArray()).toEqual([5, 3, 1]);
});

describe('from', () => {
  test('a generator can be iterated once; the second iteration is an error', async () => {
    const generator = (function* () {
      yield* [1, 2];
    })();
    const dataset = Dataset.from(generator);
    expect(await dataset.toArray()).toEqual([1, 2]);
    await expect(dataset.toArray()).rejects.toThrow(/already consumed/);
    const again = Dataset.from(
      (async function* () {
        yield 1;
      })(),
    );
    await expect(again.repeat(2).toArray()).rejects.toThrow(/already consumed/);
  });

  test('a dataset, a map, a set, typed arrays, a web stream', async () => {
    expect(await Dataset.from(Dataset.range(2)).toArray()).toEqual([0, 1]);
    expect(await Dataset.from(new Map([[1, 'a']])).toArray()).toEqual([[1, 'a']]);
    expect(await Dataset.from(new Set([1, 1, 2])).toArray()).toEqual([1, 2]);
    expect(await Dataset.from(Uint8Array.of(7, 8)).toArray()).toEqual([7, 8]);
    const stream = new Blob(['ab']).stream();
    expect(
      await Dataset.from(stream)
        .map((chunk) => chunk.length)
        .toArray(),
    ).toEqual([2]);
  });

  test('rejects a function that returns nothing iterable', async () => {
    await expect(Dataset.from(() => 5 as never).toArray()).rejects.toThrow(UsageError);
    await expect(Dataset.from(async () => 5 as never).toArray()).rejects.toThrow(UsageError);
    const failing = Dataset.from(async () => {
      throw new Error('cannot');
    });
    await expect(failing.toArray()).rejects.toThrow('cannot');
  });

  test('elements may be undefined, null, or what an iterator returns', async () => {
    const odd = [undefined, null, 0, Number.NaN, { done: true, value: 1 }];
    expect(
      await Dataset.from(odd)
        .map((x) => x)
        .batch(2)
        .unbatch()
        .prefetch(2)
        .toArray(),
    ).toEqual(odd);
    expect(await Dataset.from(async () => odd).toArray()).toEqual(odd);
  });
});

test('interleaves inputs of different lengths as tf.data does', async () => {
  const dataset = Dataset.range(1, 5).interleave((x) => Dataset.from([x]).repeat(x), {
    cycleLength: 3,
    blockLength: 2,
  });
  expect(await dataset.toArray()).toEqual([1, 2, 2, 3, 3, 4, 4, 3, 4, 4]);
});

test('zips by name', async () => {
  const zipped = Dataset.zip({ n: Dataset.range(5), text: Dataset.from(['a', 'b']) });
  expect(await zipped.toArray()).toEqual([
    { n: 0, text: 'a' },
    { n: 1, text: 'b' },
  ]);
});

describe('paddedBatch', () => {
  test('pads objects by field, typed arrays as typed arrays, and text with empty text', async () => {
    const dataset = Dataset.from([
      { id: 1, x: Float32Array.of(1, 2), words: ['a'] },
      { id: 2, x: Float32Array.of(3), words: ['b', 'c'] },
    ]);
    expect(await dataset.paddedBatch(2).toArray()).toEqual([
      [
        { id: 1, x: Float32Array.of(1, 2), words: ['a', ''] },
        { id: 2, x: Float32Array.of(3, 0), words: ['b', 'c'] },
      ],
    ]);
    const given = { shape: { x: [3], words: [null], id: [] }, value: { x: -1, words: '?' } };
    expect(await dataset.paddedBatch(1, given).toArray()).toEqual([
      [{ id: 1, x: Float32Array.of(1, 2, -1), words: ['a'] }],
      [{ id: 2, x: Float32Array.of(3, -1, -1), words: ['b', 'c'] }],
    ]);
  });

  test('pads matrices, bigints and booleans', async () => {
    expect(
      await Dataset.from([[[1]], [[1, 2], [3]]])
        .paddedBatch(2)
        .first(),
    ).toEqual([
      [
        [1, 0],
        [0, 0],
      ],
      [
        [1, 2],
        [3, 0],
      ],
    ]);
    expect(
      await Dataset.from([[1n], []])
        .paddedBatch(2)
        .first(),
    ).toEqual([[1n], [0n]]);
    expect(
      await Dataset.from([BigInt64Array.of(1n), new BigInt64Array(0)])
        .paddedBatch(2)
        .first(),
    ).toEqual([BigInt64Array.of(1n), BigInt64Array.of(0n)]);
    expect(
      await Dataset.from([[], [true]])
        .paddedBatch(2)
        .first(),
    ).toEqual([[false], [true]]);
    expect(
      await Dataset.from([[], []])
        .paddedBatch(2, { shape: [2] })
        .first(),
    ).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  test('padding does not change the elements', async () => {
    const rows = [[1], [1, 2]];
    await Dataset.from(rows).paddedBatch(2).toArray();
    expect(rows).toEqual([[1], [1, 2]]);
  });

  test.each<[string, readonly unknown[], object]>([
    ['ranks', [[1], [[1]]], {}],
    ['a scalar among arrays', [[1], 1], {}],
    ['fields', [{ a: [1] }, { b: [1] }], {}],
    ['too long for the shape', [[1, 2, 3]], { shape: [2] }],
    ['a shape of another rank', [[1]], { shape: [2, 2] }],
  ])('different %s', async (_, elements, options) => {
    await expect(
      Dataset.from(elements as number[][])
        .paddedBatch(2, options)
        .toArray(),
    ).rejects.toThrow(UsageError);
  });
});

test('unbatch accepts iterables and rejects other elements', async () => {
  const iterables: Iterable<number>[] = [[1], new Set([2]), Uint8Array.of(3), new Map([[4, 4]]).keys()];
  expect(await Dataset.from(iterables).unbatch().toArray()).toEqual([1, 2, 3, 4]);
  await expect(
    Dataset.from([5 as unknown as number[]])
      .unbatch()
      .toArray(),
  ).rejects.toThrow(UsageError);
});

test('reduce, forEach, count', async () => {
  expect(await Dataset.range(5).reduce(0, (a, b) => a + b)).toBe(10);
  expect(await Dataset.range(5).reduce('', async (a, b) => a + b)).toBe('01234');
  let running = 0;
  await Dataset.range(5).forEach(async () => {
    expect(++running).toBe(1);
    await Promise.resolve();
    running--;
  });
  expect(
    await Dataset.range(1000)
      .filter((n) => n % 10 === 0)
      .count(),
  ).toBe(100);
  expect(await Dataset.range(1000).shard(3, 0).count()).toBe(334);
  const failing = async (): Promise<void> => {
    throw new Error('visit');
  };
  await expect(Dataset.range(5).forEach(failing)).rejects.toThrow('visit');
});

test('pads a large batch of arrays of any type', async () => {
  expect(
    await Dataset.range(100_000)
      .batch(100_000)
      .map((batch) => batch.length)
      .toArray(),
  ).toEqual([100_000]);
});
