import { expect, onTestFinished, test, vi } from 'vitest';
import { isRecordpipeError } from '../../src/errors.ts';
import { FetchFailure } from '../../src/storage/errors.ts';
import { type ObjectReadOptions, openObject, type TransferEvent } from '../../src/storage/index.ts';
import { internal, reset, ScriptedSource, slowDown } from './scripted-source.ts';
import { bytesOf, expectBytes } from './some-bytes.ts';

const URI = 's3://bucket/key';

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

async function failureOf(chunks: AsyncIterable<Uint8Array>): Promise<{ error: unknown; got: number }> {
  let got = 0;
  try {
    for await (const chunk of chunks) got += chunk.length;
  } catch (error) {
    return { error, got };
  }
  return { error: undefined, got };
}

const SMALL: ObjectReadOptions = { partBytes: 10_000, windowBytes: 40_000, maxRequests: 4 };

test.each([0, 1, 9_999, 10_000, 10_001, 123_456])('%d bytes, size known or not', async (length) => {
  const source = new ScriptedSource();
  const bytes = bytesOf(length);
  const ref = source.put(URI, bytes);
  for (const object of [URI, ref])
    for (const single of [false, true]) {
      const opened = openObject(object, { ...SMALL, source, single });
      expectBytes(await collect(opened.chunks), bytes);
      expect(opened.size()).toBe(length);
      expect(opened.stats).toMatchObject({ heldBytes: 0, activeRequests: 0, bytes: length, retries: 0 });
      expect(opened.stats.peakHeldBytes).toBeLessThanOrEqual(41_000);
    }
  expect(source.activeRequests).toBe(0);
});

test('no request is sent before the first read, and none for an empty object', async () => {
  const source = new ScriptedSource();
  const ref = source.put(URI, new Uint8Array(0));
  const { chunks } = openObject(ref, { source });
  expect(await collect(chunks)).toHaveLength(0);
  openObject(URI, { source });
  expect(source.requests).toEqual([]);
});

test('an interrupted range resumes at the missing byte of the same version', async () => {
  const source = new ScriptedSource();
  const bytes = bytesOf(25_000);
  source.put(URI, bytes, 'v1');
  source.script = (_, number) => (number === 0 ? { after: 3_500, failure: reset() } : undefined);
  const events: TransferEvent[] = [];
  const opened = openObject(URI, { ...SMALL, source, onEvent: (event) => events.push(event) });
  expectBytes(await collect(opened.chunks), bytes);
  expect(source.requests.slice(0, 2)).toMatchObject([
    { start: 0, end: 10_000, etag: undefined },
    { start: 3_500, end: 10_000, etag: 'v1' },
  ]);
  expect(events).toMatchObject([{ type: 'retry', start: 3_500, attempt: 1 }]);
  expect(opened.stats.retries).toBe(1);
});

test('a response that ends early is not the end of the object', async () => {
  const source = new ScriptedSource();
  const bytes = bytesOf(25_000);
  source.put(URI, bytes);
  source.script = (_, number) => (number < 3 ? { after: 100, endsEarly: true } : undefined);
  expectBytes(await collect(openObject(URI, { ...SMALL, source }).chunks), bytes);
});

test('a failure after the last byte is ignored', async () => {
  const source = new ScriptedSource();
  const bytes = bytesOf(5_000);
  source.put(URI, bytes);
  source.script = () => ({ after: 5_000, failure: reset() });
  const opened = openObject(URI, { ...SMALL, source });
  expectBytes(await collect(opened.chunks), bytes);
  expect(opened.stats.requests).toBe(1);
});

test('attempts without received bytes are counted, and the error has all details', async () => {
  const source = new ScriptedSource();
  source.put(URI, bytesOf(25_000));
  source.script = ({ start }) => (start >= 10_000 && start < 20_000 ? { failure: internal() } : undefined);
  const { error, got } = await failureOf(openObject(URI, { ...SMALL, source, maxAttempts: 3 }).chunks);
  expect(got).toBe(10_000);
  expect(isRecordpipeError(error, 'retries-exhausted')).toBe(true);
  expect((error as Error).message).toMatch(
    /^bytes 10000-19999: 3 attempts in a row failed in .* s; the last error: 500: We encountered an internal error \(request ID500\); .*\(s3:\/\/bucket\/key\)$/,
  );
});

test('the time for attempts is limited', async () => {
  const source = new ScriptedSource();
  source.put(URI, bytesOf(10));
  source.script = () => ({ failure: slowDown() });
  const { error } = await failureOf(openObject(URI, { source, retryTimeoutMs: 50 }).chunks);
  expect(isRecordpipeError(error, 'retries-exhausted')).toBe(true);
});

test.each([
  ['missing', 'object-missing'],
  ['denied', 'access-denied'],
  ['fatal', 'io-failure'],
] as const)('%s fails at once', async (kind, code) => {
  const source = new ScriptedSource();
  source.put(URI, bytesOf(10));
  source.script = () => ({ failure: new FetchFailure(kind, 'no', { status: 400 }) });
  const opened = openObject(URI, { source });
  const { error } = await failureOf(opened.chunks);
  expect(isRecordpipeError(error, code)).toBe(true);
  expect((error as { uri?: string }).uri).toBe(URI);
  expect(opened.stats.requests).toBe(1);
});

test('expired credentials are renewed once', async () => {
  const source = new ScriptedSource();
  source.put(URI, bytesOf(10));
  const expired = { failure: new FetchFailure('expired', 'The provided token has expired') };
  source.script = (_, number) => (number === 0 ? expired : undefined);
  expect(await collect(openObject(URI, { source }).chunks)).toHaveLength(10);
  source.script = () => expired;
  const opened = openObject(URI, { source });
  const { error } = await failureOf(opened.chunks);
  expect(isRecordpipeError(error, 'access-denied')).toBe(true);
  expect(opened.stats.requests).toBe(2);
});

test.each(['headers', 'body'] as const)('a stall of the %s is detected', async (stall) => {
  const source = new ScriptedSource();
  const bytes = bytesOf(3_000);
  source.put(URI, bytes);
  source.script = (_, number) => (number === 0 ? { stall, after: 1_000 } : undefined);
  const limits = { connectTimeoutMs: 200, headersTimeoutMs: 400, idleTimeoutMs: 600 };
  const opened = openObject(URI, { source, ...limits });
  expectBytes(await collect(opened.chunks), bytes);
  expect(opened.stats.retries).toBe(1);
});

test('slow bytes are detected, and abandoned if they remain slow', async () => {
  const source = new ScriptedSource(10);
  const bytes = bytesOf(1_000);
  source.put(URI, bytes);
  source.script = (_, number) => (number === 0 ? { dripMs: 10 } : undefined);
  const limits = { slowAfterMs: 500, minBytesPerSecond: 100_000, retryTimeoutMs: 2000 };
  const opened = openObject(URI, { source, ...limits });
  expectBytes(await collect(opened.chunks), bytes);
  expect(opened.stats.retries).toBe(1);
  source.put(URI, bytesOf(100_000));
  source.script = () => ({ dripMs: 10 });
  const { error } = await failureOf(openObject(URI, { source, ...limits }).chunks);
  expect(isRecordpipeError(error, 'retries-exhausted')).toBe(true);
});

test('an overwritten object is read again before its first byte, and an error after that', async () => {
  const source = new ScriptedSource();
  const after = bytesOf(35_000, 9);
  const old = source.put(URI, bytesOf(25_000), 'v1');
  source.put(URI, after, 'v2');
  const events: TransferEvent[] = [];
  const opened = openObject(old, { ...SMALL, source, onEvent: (event) => events.push(event) });
  expectBytes(await collect(opened.chunks), after);
  expect(opened.info()).toMatchObject({ etag: 'v2', size: 35_000 });
  expect(events).toMatchObject([{ type: 'restarted', uri: URI }]);

  const again = openObject(URI, { ...SMALL, source });
  let got = 0;
  const error = await (async () => {
    for await (const chunk of again.chunks) {
      expectBytes(chunk, after.subarray(got, got + chunk.length));
      got += chunk.length;
      source.put(URI, bytesOf(35_000, 3), 'v3');
    }
    return undefined;
  })().catch((caught: unknown) => caught);
  expect(isRecordpipeError(error, 'object-changed')).toBe(true);
  expect(got).toBeGreaterThan(0);
});

test('ending it early ends all requests without retries', async () => {
  const source = new ScriptedSource();
  source.put(URI, bytesOf(1_000_000));
  source.script = () => ({ dripMs: 2 });
  const opened = openObject(URI, { ...SMALL, source });
  let got = 0;
  for await (const chunk of opened.chunks) {
    got += chunk.length;
    if (got > 30_000) break;
  }
  expect(source.activeRequests).toBe(0);
  const requests = source.requests.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(source.requests.length).toBe(requests);
  expect(opened.stats).toMatchObject({ heldBytes: 0, activeRequests: 0 });
});

test.each(['body', 'headers', 'backoff'] as const)('a signal ends it: %s', async (when) => {
  const source = new ScriptedSource();
  source.put(URI, bytesOf(1_000_000));
  source.script = () =>
    when === 'backoff' ? { failure: slowDown(100_000) } : { stall: when, after: 10_000 };
  const { signal, abort } = (() => {
    const controller = new AbortController();
    return { signal: controller.signal, abort: () => controller.abort(new Error('enough')) };
  })();
  const opened = openObject(URI, { ...SMALL, source, signal });
  const timer = setTimeout(abort, 50);
  const { error } = await failureOf(opened.chunks);
  clearTimeout(timer);
  expect(isRecordpipeError(error, 'aborted')).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(source.activeRequests).toBe(0);
  expect(await opened.chunks[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
});

test('a reader that pauses delays requests without causing a timeout', async () => {
  // The time of the pause passes at once, and no other time passes, so a busy machine adds none.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const source = new ScriptedSource();
  const bytes = bytesOf(400_000);
  const limits = { idleTimeoutMs: 40, headersTimeoutMs: 40, slowAfterMs: 60, minBytesPerSecond: 1_000_000 };
  for (const single of [false, true]) {
    const ref = source.put(URI, bytes);
    const opened = openObject(ref, { ...SMALL, ...limits, single, source });
    const all: Uint8Array[] = [];
    let paused = false;
    for await (const chunk of opened.chunks) {
      all.push(chunk);
      if (all.length === 100 && !paused) {
        paused = true;
        while (source.activeRequests > 0) await new Promise(setImmediate);
        await vi.advanceTimersByTimeAsync(300);
        expect(source.activeRequests).toBe(0);
        expect(opened.stats.heldBytes).toBeLessThanOrEqual(41_000);
      }
    }
    expectBytes(Buffer.concat(all), bytes);
    expect(opened.stats).toMatchObject({ retries: 0 });
    expect(opened.stats.peakHeldBytes).toBeLessThanOrEqual(41_000);
  }
});

test('a reader that stops after a record fetches little; one that continues has all requests', async () => {
  const source = new ScriptedSource(100_000);
  source.put(URI, new Uint8Array(40_000_000));
  const options = { source, partBytes: 1_000_000, windowBytes: 8_000_000 };
  for await (const _ of openObject(URI, options).chunks) break;
  expect(source.requests.length).toBe(1);
  expect(source.sent).toBeLessThan(300_000);
  const opened = openObject(URI, options);
  await collect(opened.chunks);
  expect(opened.stats.peakActiveRequests).toBe(8);
});
