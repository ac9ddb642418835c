import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Dataset } from 'recordpipe/dataset';
import { describe, expect, test } from 'vitest';
import { mapPool } from '../../src/dataset/operators/map-in-workers.ts';

// Use the built package, because Node runs it in threads.
const work = new URL('./workers/work.mjs', import.meta.url);
const threads = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;

test('elements are returned in order, regardless of how long each takes', async () => {
  const before = threads();
  const squares = Dataset.range(50).mapInWorkers<number>(work, { workers: 2 });
  expect(await squares.toArray()).toEqual(Array.from({ length: 50 }, (_, i) => i * i));
  expect(await squares.take(5).batch(2).prefetch(1).toArray()).toEqual([[0, 1], [4, 9], [16]]);
  expect(await Dataset.range(3).mapInWorkers(fileURLToPath(work), { workers: 1 }).toArray()).toEqual([
    0, 1, 4,
  ]);
  expect(threads()).toBe(before);
});

test('without order, each element is returned once, also by a resumed iteration', async () => {
  const squares = Dataset.range(60).mapInWorkers<number>(work, { workers: 2, ordered: false });
  const iterator = squares.iterate();
  const seen: number[] = [];
  for (let i = 0; i < 21; i++) seen.push((await iterator.next()).value);
  const state = JSON.parse(JSON.stringify(iterator.state()));
  await iterator.return();
  seen.push(...(await squares.resume(state).toArray()));
  expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i * i));
});

test('requests no more elements than the threads can take', async () => {
  let requested = 0;
  const counted = Dataset.range(100).map((n) => {
    requested++;
    return n;
  });
  await counted.mapInWorkers(work, { workers: 2 }).first();
  expect(requested).toBe(4);
});

interface Seen {
  length: number;
  buffer: number;
  sum: number;
}

describe('buffers', () => {
  const chunk = Uint8Array.from({ length: 100 }, (_, i) => i);
  const views = [chunk.subarray(0, 3), chunk.subarray(50, 60)];

  test('a record is sent without its chunk and stays valid here', async () => {
    for (const transfer of [false, true]) {
      const seen = await Dataset.from(views).mapInWorkers<Seen>(work, { workers: 1, transfer }).toArray();
      expect(seen).toEqual([
        { length: 3, buffer: 3, sum: 3 },
        { length: 10, buffer: 10, sum: 545 },
      ]);
    }
    expect(chunk[99]).toBe(99);
  });

  test('copies whole buffers, and moves them with transfer', async () => {
    const whole = Uint8Array.of(1, 2, 3);
    const dataset = Dataset.from([whole]);
    expect(await dataset.mapInWorkers<Seen>(work, { workers: 1 }).first()).toMatchObject({ sum: 6 });
    expect(whole.length).toBe(3);
    expect(await dataset.mapInWorkers<Seen>(work, { workers: 1, transfer: true }).first()).toMatchObject({
      sum: 6,
    });
    expect(whole.length).toBe(0);
    await expect(dataset.mapInWorkers(work, { workers: 1, transfer: true }).first()).rejects.toThrow(
      /detached/,
    );
  });

  test('sends records inside objects and arrays; Buffers arrive as Uint8Array', async () => {
    const element = { id: 1, parts: [views[0], Buffer.from('ab')], date: new Date(5) };
    const [back] = await Dataset.from([element]).mapInWorkers<typeof element>(work, { workers: 1 }).toArray();
    expect(back).toEqual({
      id: 1,
      parts: [Uint8Array.of(0, 1, 2), Uint8Array.of(97, 98)],
      date: new Date(5),
    });
    expect(back.parts[0].buffer.byteLength).toBe(3);
  });

  test('moves results, sends only the viewed part of a buffer, and rejects a buffer that was already moved', async () => {
    const [bytes] = await Dataset.from(['bytes']).mapInWorkers<Uint8Array>(work, { workers: 1 }).toArray();
    expect(bytes).toEqual(Uint8Array.of(7, 7, 7));
    expect(bytes.buffer.byteLength).toBe(3);
    await expect(Dataset.from(['kept', 'kept']).mapInWorkers(work, { workers: 1 }).toArray()).rejects.toThrow(
      /detached/,
    );
  });
});

describe('errors', () => {
  const seenBefore = async (element: string, error: object): Promise<void> => {
    const seen: unknown[] = [];
    const elements = Dataset.from<number | string>([1, 2, element, 3, 4]);
    await expect(
      elements.mapInWorkers(work, { workers: 2 }).forEach((value) => {
        seen.push(value);
      }),
    ).rejects.toMatchObject(error);
    if (element !== 'die') expect(seen).toEqual([1, 4]);
  };

  test('delivers errors of the function in their place', () =>
    seenBefore('throw', { name: 'RangeError', message: 'thrown by work' }));
  test('errors of results that cannot be sent', () =>
    seenBefore('function', { message: expect.stringContaining('could not be cloned') }));
  test('errors of a thread that dies', () => seenBefore('die', { code: 'io-failure', uri: work.href }));

  test('errors of a missing module or one without a default function', async () => {
    const missing = Dataset.range(3).mapInWorkers(new URL('./workers/none.mjs', import.meta.url), {
      workers: 1,
    });
    await expect(missing.toArray()).rejects.toThrow(/none\.mjs/);
    const none = Dataset.range(3).mapInWorkers(new URL('./workers/no-default.mjs', import.meta.url), {
      workers: 1,
    });
    await expect(none.toArray()).rejects.toThrow(/default export/);
  });
});

test('the function runs on the calling thread if no thread can start', async () => {
  const pool = mapPool(work.href, 2, () => new Worker(new URL('./none.mjs', import.meta.url)));
  const element = Uint8Array.of(1, 2, 3);
  expect(await Promise.all([pool.run(3), pool.run(element)])).toEqual([9, { length: 3, buffer: 3, sum: 6 }]);
  await expect(pool.run('throw')).rejects.toMatchObject({ name: 'RangeError', message: 'thrown by work' });
  await pool.close();
});

describe('threads end with the iteration', () => {
  test.each(['hang', 'block'])('ends when it is interrupted during a call: %s', async (what) => {
    const before = threads();
    const dataset = Dataset.from<string | number>([1, what, what]).mapInWorkers(work, { workers: 2 });
    for await (const value of dataset) {
      expect(value).toBe(1);
      break;
    }
    expect(threads()).toBe(before);
    const signal = AbortSignal.timeout(150);
    await expect(dataset.toArray({ signal })).rejects.toMatchObject({ code: 'aborted' });
    await expect.poll(threads).toBe(before);
  });
});
