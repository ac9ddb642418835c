import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { Dataset } from '../../src/dataset/index.ts';

test('Node streams', async () => {
  expect(await Readable.from(Dataset.range(100).map(String)).toArray()).toHaveLength(100);
  let total = 0;
  await pipeline(Dataset.range(10), async (numbers) => {
    for await (const n of numbers) total += n as number;
  });
  expect(total).toBe(45);
});

test('a Node stream passes on the error', async () => {
  const failing = Dataset.range(10).map((n) => {
    if (n === 3) throw new Error('three');
    return { n };
  });
  const seen: number[] = [];
  const read = async (): Promise<void> => {
    for await (const { n } of Readable.from(failing)) seen.push(n);
  };
  await expect(read()).rejects.toThrow('three');
  expect(seen).toEqual([0, 1, 2]);
});

test('web streams request nothing before they are read', async () => {
  let requested = 0;
  const stream = Dataset.range(10)
    .map((n) => {
      requested++;
      return n;
    })
    .toReadableStream();
  await new Promise((resolve) => setTimeout(resolve, 2));
  expect(requested).toBe(0);
  const reader = stream.pipeThrough(new TransformStream()).getReader();
  expect((await reader.read()).value).toBe(0);
});

test('an iterator as tf.data.generator of TensorFlow.js uses it: next() only, an iterator per iteration', async () => {
  const dataset = Dataset.range(4).batch(2);
  const generator = (): AsyncIterator<number[]> => dataset[Symbol.asyncIterator]();
  for (let epoch = 0; epoch < 2; epoch++) {
    const iterator = await generator();
    const elements: number[][] = [];
    for (let step = await iterator.next(); !step.done; step = await iterator.next())
      elements.push(step.value);
    expect(elements).toEqual([
      [0, 1],
      [2, 3],
    ]);
  }
});

test('disposal ends an iterator', async () => {
  let closed = 0;
  async function* numbers(): AsyncGenerator<number> {
    try {
      for (let i = 0; ; i++) yield i;
    } finally {
      closed++;
    }
  }
  const iterator = Dataset.from(numbers).iterate();
  await iterator.next();
  await iterator[Symbol.asyncDispose]();
  expect(closed).toBe(1);
  const thrown = Dataset.from(numbers).iterate();
  await thrown.next();
  await expect(thrown.throw(new Error('thrown'))).rejects.toThrow('thrown');
  expect(closed).toBe(2);
  expect(await thrown.next()).toEqual({ done: true, value: undefined });
});
