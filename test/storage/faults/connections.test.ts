import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { blackhole } from '../../support/faulty-s3/blackhole.ts';
import { type Action, generated } from '../../support/faulty-s3/index.ts';
import { expectWhole, IMPATIENT, SMALL, transferred, withServer } from './transfer.ts';

const PART = 64 * 1024;
const object = generated(10 * PART + 1000);
const objects = { 'bucket/a': object };
const uri = 's3://bucket/a';

describe('an interrupted response resumes after its last received byte', () => {
  test.each<[string, Action]>([
    ['reset in the middle', { do: 'reset', at: 30_000 }],
    ['reset at the first byte', { do: 'reset', at: 0 }],
    ['reset at the last byte', { do: 'reset', at: -1 }],
    ['reset in the headers', { do: 'reset', at: 'headers' }],
    ['reset instead of a response', { do: 'reset', at: 'before' }],
    ['closed in the middle', { do: 'close', at: 30_000 }],
    ['closed at the first byte', { do: 'close', at: 0 }],
    ['closed instead of a response', { do: 'close', at: 'before' }],
    ['chunks without an end', { do: 'chunked', at: 30_000 }],
  ])('%s', async (_, action) => {
    for (const from of [0, 3 * PART]) {
      await withServer({ objects, faults: [{ from, ...action }] }, async (server) => {
        const done = await transferred(server, uri);
        expectWhole(done, object);
        expect(server.script.hits).toEqual([1]);
        expect(done.stats.retries).toBe(1);
        expect(done.events).toMatchObject([{ type: 'retry', uri, attempt: 1 }]);
        expectResumed(server.requests('GetObject'), from);
      });
    }
  });

  test('each time, as long as every attempt receives some bytes', async () => {
    const faults = [{ do: 'close', at: 5000, times: 40 }] as const;
    await withServer({ objects, faults }, async (server) => {
      const done = await transferred(server, uri, { maxAttempts: 2 });
      expectWhole(done, object);
      expect(done.stats.retries).toBeGreaterThan(30); // Some of the faults hit the last bytes of a part, all of which had arrived.
      expect(done.stats.bytes).toBe(object.size);
    });
  });

  /**
   * Expects that retries requested the same part and the same version of the object, starting at
   * the first missing byte.
   */
  function expectResumed(
    requests: readonly { range?: string | undefined; ifMatch?: string | undefined }[],
    from: number,
  ): void {
    const last = `-${from + PART - 1}`;
    const [first, second, ...others] = requests.filter(({ range }) => range?.endsWith(last));
    expect(others).toEqual([]);
    const start = Number(/bytes=(\d+)-/.exec(second.range ?? '')?.[1]);
    expect(start).toBeGreaterThanOrEqual(from);
    expect(start).toBeLessThan(from + PART);
    if (from > 0 || start > 0) expect(second.ifMatch).toMatch(/^"[0-9a-f]{32}"$/);
    expect(first.range).toBe(`bytes=${from}${last}`);
  }
});

describe('a response with an incorrect length', () => {
  test.each([
    ['too large', 10],
    ['too small', -10],
  ])('%s: never treated as complete', async (_, by) => {
    for (const from of [0, 3 * PART]) {
      await withServer({ objects, faults: [{ from, do: 'length', by }] }, async (server) => {
        const done = await transferred(server, uri);
        if (done.error === undefined) expectWhole(done, object);
        else expect(done.error.code).toBe('io-failure');
        expect(done.bytes % PART === 0 || done.bytes === object.size).toBe(true);
      });
    }
  });

  test('of a whole object, whose size is known from the listing', async () => {
    for (const by of [1000, -1000]) {
      await withServer({ objects, faults: [{ do: 'length', by, times: 3 }] }, async (server) => {
        const done = await transferred(server, [{ uri, size: object.size }], { single: true });
        if (done.error === undefined) expectWhole(done, object);
        else expect(done).toMatchObject({ bytes: 0, error: { uri } });
      });
    }
  });
});

describe('a missing response is requested again on another connection', () => {
  test.each<[string, Action]>([
    ['a stall in the middle', { do: 'stall', at: 30_000 }],
    ['a stall before the first byte', { do: 'stall', at: 0 }],
    ['a stall in the headers', { do: 'stall', at: 'headers' }],
    ['a stall before the response', { do: 'stall', at: 'before' }],
  ])('%s', async (_, action) => {
    await withServer({ objects, faults: [{ from: 2 * PART, ...action }] }, async (server) => {
      const done = await transferred(server, uri, IMPATIENT);
      expectWhole(done, object);
      expect(done.stats.retries).toBeGreaterThanOrEqual(1);
      const [first, second] = server
        .requests('GetObject')
        .filter(({ range }) => range?.endsWith(`-${3 * PART - 1}`));
      expect(first.outcome).toBe('left');
      expect(second.socket).not.toBe(first.socket);
    });
  });

  test('a stall shorter than the timeout is not an error', async () => {
    await withServer({ objects, faults: [{ do: 'stall', at: 30_000, ms: 300 }] }, async (server) => {
      const done = await transferred(server, uri);
      expectWhole(done, object);
      expect(done.stats.retries).toBe(0);
    });
  });

  test('endless stalls: retries-exhausted, within the time limit', async () => {
    await withServer({ objects, faults: [{ do: 'stall', at: 'before', times: 1e9 }] }, async (server) => {
      const done = await transferred(server, uri, { ...IMPATIENT, maxAttempts: 3 });
      expect(done.error).toMatchObject({ code: 'retries-exhausted', uri });
      expect(server.log.length).toBe(3);
      expect(done.bytes).toBe(0);
    });
  });

  test('no server is listening', async () => {
    const closed = { url: 'http://127.0.0.1:1' };
    const { error } = await transferred(closed, uri, { maxAttempts: 3 });
    expect(error).toMatchObject({ code: 'retries-exhausted', uri });
    expect(error?.message).toContain('ECONNREFUSED');
  });

  test.runIf(process.platform === 'linux')('no response, and then one', async () => {
    await withServer({ objects }, async (server) => {
      await using hole = await blackhole(server.port);
      const run = transferred(hole, uri, IMPATIENT);
      await sleep(1500);
      expect(server.log).toEqual([]);
      hole.open();
      const done = await run;
      expectWhole(done, object);
      expect(done.stats.retries).toBeGreaterThanOrEqual(1);
    });
  });

  test.runIf(process.platform === 'linux')('no response ever', async () => {
    await withServer({ objects }, async (server) => {
      await using hole = await blackhole(server.port);
      const done = await transferred(hole, uri, { ...IMPATIENT, maxAttempts: 2 });
      expect(done.error).toMatchObject({ code: 'retries-exhausted', uri });
    });
  });
});

test('a request after a complete response that never ended uses another connection', async () => {
  const small = { 'bucket/a': generated(1000, 1), 'bucket/b': generated(1000, 2) };
  const faults = [
    { key: 'a', do: 'stall', at: 1000 },
    { key: 'b', do: 'stall', at: 'before' },
  ] as const;
  await withServer({ objects: small, faults }, async (server) => {
    const refs = [{ uri: 's3://bucket/a' }, { uri: 's3://bucket/b' }];
    const { error, bytes } = await transferred(server, refs, { ...IMPATIENT, maxRequests: 1 });
    expect([error, bytes]).toEqual([undefined, 2000]);
  });
});

describe('a response that arrives very slowly', () => {
  const slow = { ...SMALL, slowAfterMs: 500, minBytesPerSecond: 32 * 1024 };

  test('is requested again', async () => {
    const faults = [{ from: 2 * PART, do: 'slow', bytesPerSecond: 200 }] as const;
    await withServer({ objects, faults }, async (server) => {
      const done = await transferred(server, uri, slow);
      expectWhole(done, object);
      expect(done.stats.retries).toBeGreaterThanOrEqual(1);
      expect(done.events[0]).toMatchObject({
        type: 'retry',
        reason: expect.stringContaining('bytes per second'),
      });
    });
  });

  test('each time: retries-exhausted, within the time limit', async () => {
    const faults = [{ do: 'slow', bytesPerSecond: 200, times: 1e9 }] as const;
    await withServer({ objects, faults }, async (server) => {
      const done = await transferred(server, uri, { ...slow, retryTimeoutMs: 2000 });
      expect(done.error).toMatchObject({ code: 'retries-exhausted', uri });
      expect(done.bytes).toBeLessThan(object.size);
    });
  });
});
