import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { DEFAULT_OBJECT_OPTIONS, openObject, readObjects } from '../../../src/storage/index.ts';
import { storageOf } from '../../../src/storage/registry.ts';
import { type FaultyS3, generated } from '../../support/faulty-s3/index.ts';
import { digestOf, expectWhole, SMALL, transferred, withServer } from './transfer.ts';

const PART = 64 * 1024;
const uri = 's3://bucket/a';

test.each([0, 1, PART - 1, PART, PART + 1, 2 * PART - 1, 2 * PART, 2 * PART + 1, 9 * PART])(
  '%i bytes in parts of 65536, the size known or not',
  async (size) => {
    const object = generated(size);
    await withServer({ objects: { 'bucket/a': object } }, async (server) => {
      const unknown = await transferred(server, uri);
      expectWhole(unknown, object);
      expect(unknown.stats.retries).toBe(0);
      const requested = server.log.length;
      expectWhole(await transferred(server, [{ uri, size }]), object);
      // No request is sent for an object that is known to be empty.
      expect(server.log.length - requested).toBe(Math.ceil(size / PART));
      expectWhole(await transferred(server, uri, { single: true }), object);
    });
  },
);

test('with `reuse`, the bytes of many objects arrive in the same few blocks of memory', async () => {
  const object = generated(40 * PART + 7);
  await withServer({ objects: { 'bucket/a': object } }, async (server) => {
    const blocks = new Set<ArrayBufferLike>();
    const came: Uint8Array[] = [];
    const refs = Array.from({ length: 3 }, () => ({ uri, size: object.size }));
    for await (const { chunk } of readObjects(refs, { ...SMALL, endpointUrl: server.url, reuse: true })) {
      blocks.add(chunk.buffer);
      came.push(chunk.slice());
    }
    expect(digestOf(Buffer.concat(came))).toBe(digestOf(object, object, object));
    expect([...blocks].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(40 * PART);
  });
});

describe('a reader that pauses', () => {
  const PAUSE_MS = 3000;
  /** So long that no request fails only because the machine is busy. */
  const SHORTER_THAN_PAUSE = { connectTimeoutMs: 2000, headersTimeoutMs: 2000, idleTimeoutMs: 2000 };

  test('no retry and no timeout; requests end, and no more than the window is held', async () => {
    const object = generated(64 * PART);
    await withServer({ objects: { 'bucket/a': object } }, async (server) => {
      const options = { ...SMALL, ...SHORTER_THAN_PAUSE, slowAfterMs: 2000, endpointUrl: server.url };
      const { chunks, stats } = openObject(uri, options);
      const came: Uint8Array[] = [];
      for await (const chunk of chunks) {
        const before = came.length;
        came.push(chunk);
        if (before !== 20) continue;
        await settled(server);
        const requested = server.log.length;
        await sleep(PAUSE_MS);
        expect([server.log.length, server.concurrent]).toEqual([requested, 0]);
        expect(stats).toMatchObject({ retries: 0, activeRequests: 0 });
        expect(stats.heldBytes).toBeLessThanOrEqual(SMALL.windowBytes!);
      }
      expect(digestOf(Buffer.concat(came))).toBe(digestOf(object));
      expect(stats.retries).toBe(0);
      expect(stats.peakHeldBytes).toBeLessThanOrEqual(SMALL.windowBytes!);
    });
  });

  test('a whole object in one request: the same, with another request for the rest', async () => {
    const object = generated(64 * PART);
    await withServer({ objects: { 'bucket/a': object } }, async (server) => {
      const options = { ...SMALL, ...SHORTER_THAN_PAUSE, single: true, endpointUrl: server.url };
      const { chunks, stats } = openObject({ uri, size: object.size }, options);
      const came: Uint8Array[] = [];
      for await (const chunk of chunks) {
        came.push(chunk);
        if (came.length === 2) await sleep(PAUSE_MS);
      }
      expect(digestOf(Buffer.concat(came))).toBe(digestOf(object));
      expect(stats.retries).toBe(0);
      // One read from the connection may exceed the window.
      expect(stats.peakHeldBytes).toBeLessThanOrEqual(SMALL.windowBytes! + 1024 * 1024);
    });
  });
});

/** Waits until no request has been sent for a while and none is in progress. */
async function settled(server: FaultyS3): Promise<void> {
  for (let requested = -1, tries = 0; requested !== server.log.length || server.concurrent > 0; tries++) {
    if (tries > 100) throw new Error('requests go on');
    requested = server.log.length;
    await sleep(300);
  }
}

describe('sizes of requests', () => {
  test('a reader that stops after the first bytes fetches little of an object of 6 GiB', async () => {
    await withServer({ objects: { 'bucket/a': generated(6 * 2 ** 30) } }, async (server) => {
      const { chunks } = openObject(uri, { region: 'us-east-1', endpointUrl: server.url });
      for await (const _ of chunks) break;
      expect(server.requests('GetObject').length).toBeLessThanOrEqual(2);
    });
  });

  test('positions after 5 GiB are correct', async () => {
    const object = generated(5 * 2 ** 30 + PART);
    await withServer({ objects: { 'bucket/a': object } }, async (server) => {
      const options = { ...DEFAULT_OBJECT_OPTIONS, region: 'us-east-1', endpointUrl: server.url };
      const source = await storageOf(uri, options);
      const start = 5 * 2 ** 30 + 17;
      const came: Uint8Array[] = [];
      let size = 0;
      const sink = {
        onHead: (head: { size: number }) => {
          size = head.size;
        },
        onData: (chunk: Uint8Array) => void came.push(chunk),
      };
      await source.read({ uri, start, end: undefined }, sink, new AbortController().signal);
      expect(size).toBe(object.size);
      const expected = Buffer.from(object.read(start, 1000));
      expect(Buffer.concat(came).subarray(0, expected.length).equals(expected)).toBe(true);
      expect(Buffer.concat(came).length).toBe(object.size - start);
    });
  });

  test('never more requests than allowed, in one stream and in all of them', async () => {
    const names = Array.from({ length: 10 }, (_, i) => `bucket/${i}`);
    const objects = Object.fromEntries(names.map((name, i) => [name, generated(30 * PART, i)]));
    await withServer({ objects, answersInRounds: true }, async (server) => {
      const one = await transferred(server, 's3://bucket/0', { maxRequests: 3 });
      expectWhole(one, generated(30 * PART, 0));
      expect(one.stats.peakActiveRequests).toBe(3);
      const all = await Promise.all(names.map((name) => transferred(server, `s3://${name}`)));
      for (const [i, done] of all.entries()) expectWhole(done, generated(30 * PART, i));
      expect(server.maxConcurrent).toBeLessThanOrEqual(32);
    });
  });

  test('small objects are requested together', async () => {
    const count = 200;
    const names = Array.from({ length: count }, (_, i) => `bucket/${String(i).padStart(4, '0')}`);
    const objects = Object.fromEntries(names.map((name, i) => [name, generated(1000 + i, i)]));
    await withServer({ objects, answersInRounds: true }, async (server) => {
      const refs = names.map((name, i) => ({ uri: `s3://${name}`, size: 1000 + i }));
      const done = await transferred(server, refs);
      expectWhole(done, ...Object.values(objects));
      // Four small objects take the place of each part.
      expect(done.stats).toMatchObject({ peakActiveRequests: 32, objects: count, requests: count });
      const unknown = refs.map(({ uri }) => ({ uri }));
      const guessed = await transferred(server, unknown, { partBytes: 128 * 1024, windowBytes: 512 * 1024 });
      expectWhole(guessed, ...Object.values(objects));
      expect(guessed.stats).toMatchObject({ peakActiveRequests: 32, objects: count, requests: count });
      expect(guessed.stats.peakHeldBytes).toBeLessThanOrEqual(512 * 1024);
    });
  });

  test('objects of unknown size that are larger than earlier ones', async () => {
    const sizes = [100, 50, 9 * PART, 0, 3000, PART + 1, 1, 5 * PART, 700, 800];
    const objects = Object.fromEntries(sizes.map((size, i) => [`bucket/${i}`, generated(size, i)]));
    await withServer({ objects, latencyMs: 2 }, async (server) => {
      const done = await transferred(
        server,
        sizes.map((_, i) => ({ uri: `s3://bucket/${i}` })),
      );
      expectWhole(done, ...Object.values(objects));
      expect(done.stats).toMatchObject({ retries: 0, objects: sizes.length });
      expect(done.stats.peakHeldBytes).toBeLessThanOrEqual(SMALL.windowBytes!);
    });
  });
});

describe('ending it', () => {
  const objects = { 'bucket/a': generated(64 * PART) };

  test.each([
    ['while bytes come', {}],
    ['in a stall', { do: 'stall', at: 1000, after: 3 }],
    ['between two attempts', { do: 'status', status: 503, after: 3, times: 1e9 }],
    ['before the headers', { do: 'stall', at: 'before', after: 3 }],
  ] as const)('by its signal, %s: aborted immediately, connections closed', async (_, fault) => {
    const faults = 'do' in fault ? [fault] : [];
    await withServer({ objects, faults, latencyMs: 5 }, async (server) => {
      const abort = new AbortController();
      const run = transferred(server, uri, { signal: abort.signal });
      while (server.log.length < 4) await sleep(5);
      await sleep(50);
      abort.abort();
      const { error, stats } = await run;
      expect(error).toMatchObject({ code: 'aborted' });
      await expect.poll(() => server.concurrent).toBe(0);
      expect(stats.heldBytes).toBe(0);
    });
  });

  test('by leaving the loop', async () => {
    await withServer({ objects, latencyMs: 5 }, async (server) => {
      const read = readObjects([{ uri }], { ...SMALL, endpointUrl: server.url });
      for await (const { offset } of read) if (offset > 10 * PART) break;
      expect(read.stats).toMatchObject({ heldBytes: 0, activeRequests: 0 });
      await settled(server);
      expect(server.log.length).toBeLessThan(30);
    });
  });

  test('unused connections are closed after some seconds', async () => {
    await withServer({ objects }, async (server) => {
      expectWhole(await transferred(server, uri), objects['bucket/a']);
      await server.quiet();
    });
  });
});
