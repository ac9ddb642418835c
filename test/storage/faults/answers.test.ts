import { describe, expect, test } from 'vitest';
import { processGate } from '../../../src/storage/prefetch/request-gate.ts';
import { type Action, type Fault, generated } from '../../support/faulty-s3/index.ts';
import { expectWhole, SMALL, transferred, withServer } from './transfer.ts';

const PART = 64 * 1024;
const object = generated(10 * PART + 1000);
const objects = { 'bucket/a': object };
const uri = 's3://bucket/a';

describe('a failing service', () => {
  test.each([500, 502, 504, 408])('%i a few times: retried', async (status) => {
    const faults: Fault[] = [
      { from: 0, do: 'status', status },
      { from: 5 * PART, do: 'status', status, times: 2 },
    ];
    await withServer({ objects, faults }, async (server) => {
      const done = await transferred(server, uri);
      expectWhole(done, object);
      expect(done.stats.retries).toBe(3);
      expect(done.events[0]).toMatchObject({ requestId: 'FAULTY0000000000' });
    });
  });

  test.each([
    ['503 SlowDown', { do: 'status', status: 503 }],
    ['429', { do: 'status', status: 429 }],
  ] as const)('%s: retried, with fewer concurrent requests', async (_, action) => {
    await withServer({ objects, faults: [{ ...action, after: 8, times: 3 }] }, async (server) => {
      const limit = processGate.limit;
      const done = await transferred(server, uri);
      expectWhole(done, object);
      expect(done.stats).toMatchObject({ retries: 3, throttles: 3 });
      expect(processGate.limit).toBeLessThan(limit);
    });
  });

  test('Retry-After is obeyed', async () => {
    const faults: Fault[] = [{ do: 'status', status: 500, headers: { 'retry-after': '1' } }];
    await withServer({ objects, faults }, async (server) => {
      expectWhole(await transferred(server, uri), object);
      const [first, second] = server.log;
      expect(second.at - first.at).toBeGreaterThanOrEqual(990);
    });
  });

  test('an outage of a second with 64 parts in progress: all arrive', async () => {
    const wide = generated(64 * PART);
    const faults: Fault[] = [{ do: 'status', status: 500, forMs: 1000, after: 20 }];
    await withServer({ objects: { 'bucket/wide': wide }, latencyMs: 20, faults }, async (server) => {
      const options = { maxRequests: 64, windowBytes: 64 * PART };
      const done = await transferred(server, 's3://bucket/wide', options);
      expectWhole(done, wide);
      expect(server.script.hits[0]).toBe(done.stats.retries);
      expect(done.stats.retries).toBeGreaterThan(10);
    });
  });

  test('many streams during 503s: the limit falls and recovers', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `bucket/${i}`);
    const many = Object.fromEntries(names.map((name, i) => [name, generated(20 * PART, i)]));
    const faults: Fault[] = [{ do: 'status', status: 503, after: 60, times: 8 }];
    await withServer({ objects: many, latencyMs: 5, faults }, async (server) => {
      const streams = names.map((name) => transferred(server, `s3://${name}`));
      for (const [i, done] of (await Promise.all(streams)).entries())
        expectWhole(done, generated(20 * PART, i));
      expect(server.maxConcurrent).toBeLessThanOrEqual(32);
      const low = processGate.limit;
      expect(low).toBeLessThan(32);
      expectWhole(await transferred(server, 's3://bucket/0', { partBytes: 4096 }), generated(20 * PART, 0));
      expect(processGate.limit).toBeGreaterThan(low);
    });
  });

  test('endless 503: the error names the range, the attempts and the request id', async () => {
    await withServer({ objects, faults: [{ do: 'status', status: 503, times: 1e9 }] }, async (server) => {
      const { error, bytes } = await transferred(server, uri, { retryTimeoutMs: 3000 });
      expect(error).toMatchObject({ code: 'retries-exhausted', uri });
      expect(error?.message).toMatch(/bytes 0-65535/);
      expect(error?.message).toMatch(/\d+ attempts/);
      expect(error?.message).toMatch(/SlowDown/);
      expect(error?.message).toMatch(/FAULTY\d{10}/);
      expect(bytes).toBe(0);
      expect(server.log.length).toBeGreaterThan(1);
    });
  });

  test('endless 500 after valid parts: these are delivered, then the error', async () => {
    const faults: Fault[] = [{ from: 4 * PART, do: 'status', status: 500, times: 1e9 }];
    await withServer({ objects, faults }, async (server) => {
      const { error, bytes } = await transferred(server, uri, { maxAttempts: 3 });
      expect(error).toMatchObject({ code: 'retries-exhausted', uri });
      expect(bytes).toBe(4 * PART);
      expect(server.log.filter(({ from }) => from === 4 * PART).length).toBe(3);
    });
  });
});

describe('a service that rejects requests', () => {
  test.each<[string, Action, string, RegExp]>([
    ['403', { do: 'status', status: 403 }, 'access-denied', /s3:GetObject/],
    ['404', { do: 'status', status: 404 }, 'object-missing', /NoSuchKey|the object does not exist/],
    [
      '404 of the bucket',
      { do: 'status', status: 404, code: 'NoSuchBucket' },
      'object-missing',
      /NoSuchBucket|bucket/,
    ],
    ['400', { do: 'status', status: 400 }, 'io-failure', /400/],
    [
      'a wrong signature',
      { do: 'status', status: 403, code: 'SignatureDoesNotMatch' },
      'access-denied',
      /SignatureDoesNotMatch/,
    ],
    [
      'a key of KMS',
      { do: 'status', status: 403, message: 'not authorized to perform: kms:Decrypt on the resource' },
      'access-denied',
      /kms:Decrypt/,
    ],
  ])('%s: fails immediately, without a retry', async (_, action, code, text) => {
    await withServer({ objects, faults: [{ ...action, times: 1e9 }] }, async (server) => {
      const { error, stats, bytes } = await transferred(server, uri);
      expect(error).toMatchObject({ code, uri });
      expect(error?.message).toMatch(text);
      expect([stats.retries, bytes]).toEqual([0, 0]);
      expect(server.log.length).toBe(1);
    });
  });

  test('credentials that expire during a transfer are renewed once', async () => {
    const faults: Fault[] = [{ from: 3 * PART, do: 'status', status: 400, code: 'ExpiredToken' }];
    await withServer({ objects, faults }, async (server) => {
      const done = await transferred(server, uri);
      expectWhole(done, object);
      expect(server.log.filter(({ from }) => from === 3 * PART).length).toBe(2);
    });
  });

  test('credentials that stay expired: an error', async () => {
    const faults: Fault[] = [{ do: 'status', status: 400, code: 'ExpiredToken', times: 1e9 }];
    await withServer({ objects, faults }, async (server) => {
      const { error } = await transferred(server, uri);
      expect(error).toMatchObject({ code: 'access-denied', uri });
      expect(error?.message).toContain('expired');
      expect(server.log.length).toBe(2);
    });
  });

  test('after a redirect, requests for a bucket go to its region', async () => {
    const faults: Fault[] = [{ do: 'redirect', region: 'eu-west-1' }];
    await withServer({ objects, faults }, async (server) => {
      expectWhole(await transferred(server, uri), object);
      const regions = server.log.map(
        ({ headers }) => /\/([a-z0-9-]+)\/s3\//.exec(String(headers.authorization))?.[1],
      );
      expect(regions[0]).toBe('us-east-1');
      expect(new Set(regions.slice(1))).toEqual(new Set(['eu-west-1']));
    });
  });

  test("a clock that is an hour off is corrected by the service's time", async () => {
    for (const clockSkewMs of [3_600_000, -3_600_000]) {
      await withServer({ objects, clockSkewMs }, async (server) => {
        expectWhole(await transferred(server, uri), object);
        expect(server.log.filter(({ status }) => status === 403).length).toBeGreaterThanOrEqual(1);
      });
    }
  });
});

describe('responses that do not match their request', () => {
  test('ranges are ignored: an error, never bytes from a wrong position', async () => {
    await withServer({ objects, faults: [{ do: 'ignore-range', times: 1e9 }] }, async (server) => {
      const { error, bytes } = await transferred(server, uri);
      expect(error).toMatchObject({ code: 'io-failure', uri });
      expect(error?.message).toContain('ignores Range');
      expect(bytes).toBe(0);
    });
  });

  test('a service that ignores ranges after the first part', async () => {
    const faults: Fault[] = [{ from: 2 * PART, do: 'ignore-range', times: 1e9 }];
    await withServer({ objects, faults }, async (server) => {
      const { error, bytes } = await transferred(server, uri);
      expect(error).toMatchObject({ code: 'io-failure', uri });
      expect(bytes).toBe(2 * PART);
    });
  });

  test('a service that ignores ranges, and an object of one part', async () => {
    const small = generated(PART - 1);
    const faults: Fault[] = [{ do: 'ignore-range', times: 1e9 }];
    await withServer({ objects: { 'bucket/a': small }, faults }, async (server) => {
      expectWhole(await transferred(server, uri), small);
    });
    await withServer({ objects, faults }, async (server) => {
      expectWhole(await transferred(server, uri, { single: true }), object);
    });
  });

  test.each([
    ['of another position', 'bytes 0-65535/656360'],
    ['that is shorter', `bytes ${2 * PART}-${2 * PART + 99}/656360`],
    ['that cannot be parsed', 'bytes somewhere'],
    ['of another size', `bytes ${2 * PART}-${3 * PART - 1}/1656360`],
  ])('a Content-Range %s: an error', async (_, range) => {
    const faults: Fault[] = [{ from: 2 * PART, do: 'headers', set: { 'content-range': range }, times: 1e9 }];
    await withServer({ objects, faults }, async (server) => {
      const { error, bytes } = await transferred(server, uri);
      expect(['io-failure', 'object-changed']).toContain(error?.code);
      expect(bytes).toBe(2 * PART);
    });
  });

  test('a body longer than declared: an error, never a shorter object', async () => {
    const faults: Fault[] = [
      { do: 'headers', set: { 'content-range': 'bytes 0-9/10' }, times: 1e9 },
      { do: 'chunked', at: -1, times: 1e9 },
      { do: 'stall', at: 10, ms: 30, times: 1e9 },
    ];
    await withServer({ objects, faults }, async (server) => {
      const { error } = await transferred(server, uri);
      expect(error).toMatchObject({ code: 'io-failure', uri });
      expect(error?.message).toContain('expected a body of 10 bytes, got');
    });
  });

  test('another ETag than the requested one: an error', async () => {
    const faults: Fault[] = [{ from: 2 * PART, do: 'headers', set: { etag: '"other"' }, times: 1e9 }];
    await withServer({ objects, faults }, async (server) => {
      const { error, bytes } = await transferred(server, uri);
      expect(error).toMatchObject({ code: 'object-changed', uri });
      expect(bytes).toBe(2 * PART);
    });
  });

  test('wrong bytes are detected if the service has a full-object checksum', async () => {
    const bytes = Buffer.from(generated(10 * PART).read(0, 10 * PART));
    const faults: Fault[] = [{ from: 9 * PART, do: 'flip', at: 100 }];
    await withServer({ objects: { 'bucket/a': bytes }, faults }, async (server) => {
      const options = { ...SMALL, verifyObject: true };
      const { error, bytes: came } = await transferred(server, uri, options);
      expect(error).toMatchObject({ code: 'object-checksum', uri });
      expect(came).toBeLessThan(bytes.length);
      expectWhole(await transferred(server, uri, options), bytes);
    });
  });
});
