import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { Dataset } from '../../src/dataset/index.ts';
import { type Watch, watchedAsync, watchedSync } from './sources.ts';

let watch: Watch;
beforeEach(() => {
  watch = { opened: 0, closed: 0 };
});

const wait = async <T>(value: T): Promise<T> => {
  await sleep(1);
  return value;
};

/**
 * A way to apply each operator to an endless source, and how often that source is opened before 3
 * elements arrive.
 */
const operators: Record<string, (numbers: Dataset<number>) => Dataset<unknown>> = {
  nothing: (d) => d,
  map: (d) => d.map((n) => n),
  'async map': (d) => d.map(wait),
  'parallel map': (d) => d.map(wait, { parallel: 4 }),
  filter: (d) => d.filter((n) => n % 2 === 0),
  batch: (d) => d.batch(3),
  unbatch: (d) => d.batch(5).unbatch(),
  window: (d) => d.window(3, { shift: 1 }).flatMap((w) => w.batch(3)),
  shuffle: (d) => d.shuffle(10),
  repeat: (d) => d.take(2).repeat(),
  'concatenate first': (d) => d.concatenate(Dataset.range(3)),
  'concatenate last': (d) => Dataset.range(1).concatenate(d),
  zip: (d) => Dataset.zip([d, d.skip(1)]),
  'zip that ends': (d) => Dataset.zip({ d, few: Dataset.range(2) }),
  interleave: (d) => d.interleave((n) => Dataset.range(n)),
  'interleaved sources': (d) => Dataset.range(5).interleave(() => d, { cycleLength: 3 }),
  prefetch: (d) => d.prefetch(3),
  'batched prefetch': (d) => d.prefetch(2).batch(2).prefetch(-1),
  cache: (d) => d.cache(),
  enumerate: (d) => d.enumerate(),
  progress: (d) => d.withProgress(() => {}),
  skip: (d) => d.skip(2),
  shard: (d) => d.shard(3, 1),
};

const kinds = { sync: watchedSync, async: watchedAsync } as const;

describe.each(Object.entries(kinds))('%s sources are closed exactly once', (_, make) => {
  const source = (): Dataset<number> => Dataset.from(() => make(watch));

  test.each(Object.entries(operators))('by break: %s', async (_name, operator) => {
    let seen = 0;
    for await (const _element of operator(source())) if (++seen === 3) break;
    expect(watch.opened).toBeGreaterThan(0);
    expect(watch.closed).toBe(watch.opened);
  });

  test.each(Object.entries(operators))('by throw: %s', async (_name, operator) => {
    const loop = async (): Promise<void> => {
      for await (const _element of operator(source())) throw new Error('enough');
    };
    await expect(loop()).rejects.toThrow('enough');
    expect(watch.closed).toBe(watch.opened);
  });

  test.each(Object.entries(operators))('by take: %s', async (_name, operator) => {
    await operator(source()).take(2).toArray();
    expect(watch.closed).toBe(watch.opened);
  });

  test.each(Object.entries(operators))('by an error in a later operator: %s', async (_name, operator) => {
    const failing = operator(source()).map(() => {
      throw new Error('no');
    });
    await expect(failing.toArray()).rejects.toThrow('no');
    expect(watch.closed).toBe(watch.opened);
  });

  test.each(Object.entries(operators))('by an error in an earlier operator: %s', async (_name, operator) => {
    const failing = source().map((n) => {
      if (n === 4) throw new Error('four');
      return n;
    });
    // An operator that ends early ends here without an error.
    await operator(failing)
      .take(100)
      .toArray()
      .catch((error: Error) => expect(error.message).toBe('four'));
    expect(watch.closed).toBe(watch.opened);
  });

  test.each(Object.entries(operators))(
    'by abort, while an element is awaited or not: %s',
    async (_name, operator) => {
      for (const ms of [0, 3]) {
        const stop = new AbortController();
        const iterator = operator(source()).iterate({ signal: stop.signal });
        await iterator.next();
        setTimeout(() => stop.abort(new Error('why')), ms);
        const loop = async (): Promise<void> => {
          for await (const _element of iterator) await sleep(ms);
        };
        if (_name === 'zip that ends') await loop().catch(() => {});
        else await expect(loop()).rejects.toMatchObject({ code: 'aborted', cause: { message: 'why' } });
        await expect.poll(() => watch.closed).toBe(watch.opened);
        expect(getEventListeners(stop.signal, 'abort').length).toBe(0);
      }
    },
  );

  test.each(Object.entries(operators))('by streams that are destroyed: %s', async (_name, operator) => {
    for await (const _element of Readable.from(operator(source()))) break;
    await operator(source()).toReadableStream().cancel();
    const reader = operator(source()).toReadableStream().getReader();
    await reader.read();
    await reader.cancel();
    expect(watch.opened).toBeGreaterThan(0);
    await expect.poll(() => watch.closed).toBe(watch.opened);
  });
});

describe('ends an iteration whose source never responds', () => {
  const hanging = (): Dataset<number> => Dataset.from(() => watchedAsync(watch, 1));

  test.each(Object.entries(operators))('does not delay an abort: %s', async (_name, operator) => {
    const stop = new AbortController();
    const all = operator(hanging()).toArray({ signal: stop.signal });
    setTimeout(() => stop.abort(), 3);
    await expect(all).rejects.toMatchObject({ code: 'aborted' });
    expect(watch.closed).toBe(watch.opened);
  });

  test.each(Object.entries(operators))('does not delay return: %s', async (_name, operator) => {
    const iterator = operator(hanging()).iterate();
    const calls = [iterator.next(), iterator.next(), iterator.next(), iterator.next()];
    await sleep(3);
    await iterator.return();
    await Promise.all(calls);
    expect(watch.closed).toBe(watch.opened);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});

test('an abort before the first element opens nothing', async () => {
  const dataset = Dataset.from(() => watchedAsync(watch));
  await expect(dataset.toArray({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
  expect(watch.opened).toBe(0);
});

test('sources that have ended or failed are not closed again', async () => {
  const ended = {
    [Symbol.iterator]: () => ({
      next: () => ({ done: true, value: undefined }) as const,
      return: () => {
        throw new Error('closed though it had ended');
      },
    }),
  };
  expect(await Dataset.from(ended).repeat(2).toArray()).toEqual([]);
  const failing = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.reject(new Error('failed')),
      return: () => Promise.reject(new Error('closed though it had failed')),
    }),
  };
  await expect(Dataset.from(failing).prefetch(2).toArray()).rejects.toThrow('failed');
});

test('an error of closing is thrown unless there is an earlier error', async () => {
  const source = (): Dataset<number> =>
    Dataset.from({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 1 }),
        return: () => Promise.reject(new Error('close')),
      }),
    });
  await expect(source().take(2).toArray()).rejects.toThrow('close');
  await expect(source().take(2).repeat(2).toArray()).rejects.toThrow('close');
  await expect(source().first()).rejects.toThrow('close');
  const failing = source().map(() => {
    throw new Error('map');
  });
  await expect(failing.toArray()).rejects.toThrow('map');
});

test('a source is closed before the next one is opened', async () => {
  const log: string[] = [];
  async function* numbers(name: string): AsyncGenerator<number> {
    log.push(`open ${name}`);
    try {
      yield* [1, 2, 3];
    } finally {
      await sleep(2);
      log.push(`close ${name}`);
    }
  }
  const a = Dataset.from(() => numbers('a')).take(1);
  const b = Dataset.from(() => numbers('b')).take(1);
  expect(await a.concatenate(b).repeat(2).toArray()).toEqual([1, 1, 1, 1]);
  const round = ['open a', 'close a', 'open b', 'close b'];
  expect(log).toEqual([...round, ...round]);
});

test('a thousand aborted iterations leave no listener and no timer', async () => {
  const stop = new AbortController();
  const dataset = Dataset.from(() => watchedAsync(watch))
    .map(async (n) => n, { parallel: 3 })
    .prefetch(4)
    .batch(2)
    .prefetch(1);
  const resources = (): string[] =>
    process
      .getActiveResourcesInfo()
      .filter((name) => name !== 'PipeWrap')
      .sort();
  const before = resources();
  for (let i = 0; i < 1000; i++) {
    const own = new AbortController();
    const iterator = dataset.iterate({ signal: own.signal });
    const pending = iterator.next();
    if (i % 2 === 0) await pending;
    own.abort();
    await pending.catch(() => {});
    await iterator.next().catch(() => {});
    if (getEventListeners(own.signal, 'abort').length > 0) throw new Error('a listener is left');
    const shared = dataset.iterate({ signal: stop.signal });
    await shared.next();
    await shared.return();
  }
  expect(getEventListeners(stop.signal, 'abort').length).toBe(0);
  for (let turn = 0; turn < 1000 && resources().length > before.length; turn++) await sleep(5);
  expect(resources().length).toBeLessThanOrEqual(before.length);
  expect(watch.closed).toBe(watch.opened);
});
