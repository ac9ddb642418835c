import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FetchFailure } from '../../../src/storage/errors.ts';
import { type ObjectOptions, objectOptions } from '../../../src/storage/object-options.ts';
import { storageOf } from '../../../src/storage/registry.ts';
import { closeS3Clients } from '../../../src/storage/s3/s3-clients.ts';
import type { ObjectSource, RangeHead, RangeRequest } from '../../../src/storage/storage.ts';
import { type FaultyS3, type FaultyS3Options, faultyS3 } from '../../support/faulty-s3/index.ts';
import { Random } from '../../support/random.ts';

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'us-east-1' };

beforeAll(() => {
  for (const [name, value] of Object.entries(CREDENTIALS)) vi.stubEnv(name, value);
});
afterAll(() => vi.unstubAllEnvs());

let server: FaultyS3;
let source: ObjectSource;

async function start(given: Partial<FaultyS3Options>, options: Partial<ObjectOptions> = {}): Promise<void> {
  server = await faultyS3(given);
  source = await sourceWith(options);
}

function sourceWith(options: Partial<ObjectOptions>): Promise<ObjectSource> {
  return storageOf('s3://bucket/', objectOptions({ endpointUrl: server.url, ...options }));
}

afterEach(async () => {
  await closeS3Clients();
  await server.quiet();
  await server.close();
});

interface Got {
  readonly head: RangeHead | undefined;
  readonly bytes: Buffer;
  readonly failure: FetchFailure | undefined;
}

async function get(
  request: Partial<RangeRequest> & { readonly key?: string } = {},
  signal = new AbortController().signal,
): Promise<Got> {
  const { key = 'a', ...rest } = request;
  let head: RangeHead | undefined;
  let failure: FetchFailure | undefined;
  const chunks: Uint8Array[] = [];
  const sink = {
    onHead: (one: RangeHead) => {
      head = one;
    },
    onData: (chunk: Uint8Array) => {
      chunks.push(chunk);
    },
  };
  try {
    await source.read({ uri: `s3://bucket/${key}`, start: 0, end: undefined, ...rest }, sink, signal);
  } catch (error) {
    failure = error as FetchFailure;
  }
  return { head, bytes: Buffer.concat(chunks), failure };
}

const SIZE = 3_000_000;
const BYTES = Buffer.from(new Random(6).bytes(SIZE));

describe('ranges', () => {
  beforeEach(() => start({ objects: { 'bucket/a': BYTES, 'bucket/empty': '' } }));

  test('reads the whole object', async () => {
    const { head, bytes, failure } = await get();
    expect(failure).toBeUndefined();
    expect(head).toMatchObject({ uri: 's3://bucket/a', start: 0, end: SIZE, size: SIZE });
    expect(bytes.equals(BYTES)).toBe(true);
    expect(server.log[0].range).toBe('bytes=0-');
  });

  test('reads a range, and a range beyond the end', async () => {
    const part = await get({ start: 1_000_000, end: 2_000_001 });
    expect(part.head).toMatchObject({ start: 1_000_000, end: 2_000_001, size: SIZE });
    expect(part.bytes.equals(BYTES.subarray(1_000_000, 2_000_001))).toBe(true);
    const last = await get({ start: 2_999_990, end: 10_000_000 });
    expect(last.head).toMatchObject({ start: 2_999_990, end: SIZE });
    expect(last.bytes.equals(BYTES.subarray(2_999_990))).toBe(true);
    const rest = await get({ start: 2_999_990, end: undefined });
    expect(rest.bytes.equals(last.bytes)).toBe(true);
  });

  test('an empty object has a head and no body', async () => {
    for (const end of [undefined, 100]) {
      const { head, bytes, failure } = await get({ key: 'empty', end });
      expect(failure).toBeUndefined();
      expect(head).toMatchObject({ start: 0, end: 0, size: 0 });
      expect(bytes.length).toBe(0);
    }
  });

  test('a range requires the ETag, and another version is a failure', async () => {
    const { head } = await get({ end: 10 });
    const again = await get({ start: 10, end: 20, etag: head?.etag });
    expect(again.bytes.equals(BYTES.subarray(10, 20))).toBe(true);
    server.store.put('bucket/a', 'something else');
    const changed = await get({ start: 2, end: 4, etag: head?.etag });
    expect(changed.failure).toMatchObject({ kind: 'changed', status: 412 });
    expect(changed.head).toBeUndefined();
  });

  test('a range after the end reports that the object is shorter', async () => {
    const { failure } = await get({ start: 5_000_000, end: 6_000_000 });
    expect(failure).toMatchObject({ kind: 'changed', status: 416 });
  });

  test('connections are reused', async () => {
    for (let at = 0; at < 5; at++) await get({ start: at, end: at + 10 });
    expect(server.connections).toBeLessThan(3);
  });

  test('an exception of the sink ends the request and is thrown', async () => {
    const refusal = new Error('not this one');
    const sink = {
      onHead: () => {
        throw refusal;
      },
      onData: () => {},
    };
    const request = { uri: 's3://bucket/a', start: 0, end: undefined };
    await expect(source.read(request, sink, new AbortController().signal)).rejects.toBe(refusal);
  });

  test('chunks keep no other memory alive', async () => {
    const chunks: Uint8Array[] = [];
    const sink = { onHead: () => {}, onData: (chunk: Uint8Array) => void chunks.push(chunk) };
    await source.read({ uri: 's3://bucket/a', start: 0, end: undefined }, sink, new AbortController().signal);
    const held = new Set(chunks.map(({ buffer }) => buffer));
    const bytes = [...held].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(bytes).toBeLessThan(1.02 * SIZE);
  });
});

describe('unexpected responses', () => {
  const cases: [name: string, fault: FaultyS3Options['faults'][number], expected: object][] = [
    ['range ignored', { do: 'ignore-range' }, { kind: 'fatal', message: /ignores Range/ }],
    [
      'another range',
      { do: 'headers', set: { 'content-range': 'bytes 0-99/3000000' } },
      { kind: 'fatal', message: /bytes 0-99\/3000000/ },
    ],
    [
      'another ETag',
      { do: 'headers', set: { etag: '"other"' } },
      { kind: 'changed', message: /is now other/ },
    ],
    ['reset', { do: 'reset', at: 500 }, { kind: 'transient' }],
    ['reset in the headers', { do: 'reset', at: 'headers' }, { kind: 'transient' }],
    ['reset before an answer', { do: 'reset', at: 'before' }, { kind: 'transient' }],
    ['closed too early', { do: 'close', at: 500 }, { kind: 'transient' }],
    ['chunks without an end', { do: 'chunked', at: 500 }, { kind: 'transient' }],
    ['500', { do: 'status', status: 500 }, { kind: 'transient', code: 'InternalError', status: 500 }],
    ['503', { do: 'status', status: 503 }, { kind: 'throttled', code: 'SlowDown' }],
    [
      '503 with a time',
      { do: 'status', status: 503, headers: { 'retry-after': '7' } },
      { kind: 'throttled', retryAfterMs: 7000 },
    ],
    ['429', { do: 'status', status: 429, code: 'TooManyRequests' }, { kind: 'throttled' }],
    ['408', { do: 'status', status: 408, code: 'RequestTimeout' }, { kind: 'transient' }],
    ['403', { do: 'status', status: 403 }, { kind: 'denied', code: 'AccessDenied' }],
    ['404', { do: 'delete' }, { kind: 'missing', code: 'NoSuchKey' }],
    ['400', { do: 'status', status: 400, code: 'InvalidRequest' }, { kind: 'fatal' }],
    ['expired', { do: 'status', status: 400, code: 'ExpiredToken' }, { kind: 'expired' }],
  ];

  test.each(cases)('%s', async (_, fault, expected) => {
    await start({ objects: { 'bucket/a': BYTES } });
    const { head } = await get({ end: 1 });
    server.script.add({ ...fault, from: 1000 });
    const { failure, bytes } = await get({ start: 1000, end: 2000, etag: head?.etag });
    const { message, ...fields } = expected as { message?: RegExp };
    expect(failure).toMatchObject({ name: 'FetchFailure', ...fields });
    if (message !== undefined) expect(failure?.message).toMatch(message);
    expect(bytes.equals(BYTES.subarray(1000, 1000 + bytes.length))).toBe(true);
  });

  test('a denied decryption key is named', async () => {
    const message = 'User: arn:aws:iam::1:user/me is not authorized to perform: kms:Decrypt';
    await start({
      objects: { 'bucket/a': 'x' },
      faults: [{ do: 'status', status: 403, code: 'AccessDenied', message }],
    });
    const { failure } = await get();
    expect(failure?.kind).toBe('denied');
    expect(failure?.message).toContain('kms:Decrypt');
  });

  test('stalls before and in the body time out', async () => {
    const impatient = { headersTimeoutMs: 1_100, idleTimeoutMs: 1_100 };
    await start(
      {
        objects: { 'bucket/a': BYTES },
        faults: [
          { do: 'stall', at: 'before' },
          { do: 'stall', at: 100, after: 1 },
        ],
      },
      impatient,
    );
    expect((await get()).failure).toMatchObject({ kind: 'transient', code: 'HeadersTimeout' });
    const { failure, bytes } = await get();
    expect(failure).toMatchObject({ kind: 'transient', code: 'BodyTimeout' });
    expect(bytes.length).toBe(100);
  });

  test('a refused connection is transient', async () => {
    await start({});
    await server.close();
    expect((await get()).failure).toMatchObject({ kind: 'transient', code: 'ECONNREFUSED' });
  });
});

describe('aborting', () => {
  test('works before the request, before the headers and in the body', async () => {
    await start({ objects: { 'bucket/a': BYTES } });
    expect((await get({}, AbortSignal.abort())).failure).toMatchObject({ kind: 'aborted' });
    expect(server.log.length).toBe(0);
    for (const at of ['before', 100] as const) {
      server.script.add({ do: 'stall', at });
      const stop = new AbortController();
      const requested = get({}, stop.signal);
      while (server.concurrent === 0) await new Promise(setImmediate);
      setTimeout(() => stop.abort(), 20);
      expect((await requested).failure).toMatchObject({ kind: 'aborted' });
      await server.quiet();
    }
  });
});

describe('service and identity', () => {
  test('a bucket in another region is redirected once', async () => {
    await start({ objects: { 'bucket/a': 'abc' }, faults: [{ do: 'redirect', region: 'eu-central-1' }] });
    expect((await get()).bytes.toString()).toBe('abc');
    expect((await get()).bytes.toString()).toBe('abc');
    const regions = server.log.map(
      ({ headers }) => /\d{8}\/([^/]+)\/s3/.exec(String(headers['authorization']))?.[1],
    );
    expect(regions).toEqual(['us-east-1', 'eu-central-1', 'eu-central-1']);
  });

  test('anonymous requests are not signed', async () => {
    await start({ objects: { 'bucket/a': 'abc' } }, { anonymous: true });
    expect((await get()).bytes.toString()).toBe('abc');
    expect(server.log[0].headers['authorization']).toBeUndefined();
  });

  test('requesterPays is sent with every request', async () => {
    await start({ objects: { 'bucket/a': 'abc' } }, { requesterPays: true });
    await get();
    await source.stat({ uri: 's3://bucket/a' });
    for await (const _ of source.list('s3://bucket/')) expect(_.size).toBe(3);
    expect(server.log.map(({ headers }) => headers['x-amz-request-payer'])).toEqual(
      Array(3).fill('requester'),
    );
  });

  test('the endpoint can be set in the environment', async () => {
    await start({ objects: { 'bucket/a': 'abc' } });
    vi.stubEnv('AWS_ENDPOINT_URL_S3', server.url);
    source = await storageOf('s3://bucket/a', objectOptions({ maxAttempts: 3 }));
    vi.stubEnv('AWS_ENDPOINT_URL_S3', undefined);
    expect((await get()).bytes.toString()).toBe('abc');
  });

  test('an incorrect clock is corrected', async () => {
    await start({ objects: { 'bucket/a': 'abc' }, clockSkewMs: 3_600_000 });
    expect((await get()).failure).toMatchObject({ kind: 'transient', code: 'RequestTimeTooSkewed' });
    expect((await get()).bytes.toString()).toBe('abc');
  });
});
