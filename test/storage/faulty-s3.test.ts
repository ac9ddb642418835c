import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { blackhole } from '../support/faulty-s3/blackhole.ts';
import { type Fault, faultyS3, generated } from '../support/faulty-s3/index.ts';
import { faultyS3Process } from '../support/faulty-s3/process.ts';

// Tests of the server on which the transfer tests rely, using Node's own fetch.

const BYTES = Buffer.from('0123456789');
const objects = { 'bucket/a': BYTES };

describe('as S3', () => {
  test('GET: ranges, conditions, versions', async () => {
    await using server = await faultyS3({ objects });
    const get = (headers: Record<string, string> = {}, query = ''): Promise<Response> =>
      fetch(`${server.url}/bucket/a${query}`, { headers });
    const whole = await get();
    expect([whole.status, await whole.text()]).toEqual([200, '0123456789']);
    const etag = whole.headers.get('etag')!;
    expect(etag).toBe(`"${createHash('md5').update(BYTES).digest('hex')}"`);
    const part = await get({ range: 'bytes=2-4', 'if-match': etag });
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([
      206,
      '234',
      'bytes 2-4/10',
    ]);
    expect(await (await get({ range: 'bytes=-3' })).text()).toBe('789');
    expect(await (await get({ range: 'bytes=8-100' })).text()).toBe('89');
    expect((await get({ range: 'bytes=10-' })).status).toBe(416);
    const version = whole.headers.get('x-amz-version-id');
    server.store.put('bucket/a', 'new');
    expect((await get({ 'if-match': etag })).status).toBe(412);
    expect(await (await get({}, `?versionId=${version}`)).text()).toBe('0123456789');
    const missing = await fetch(`${server.url}/bucket/b`);
    expect([missing.status, await missing.text()]).toEqual([
      404,
      expect.stringContaining('<Code>NoSuchKey</Code>'),
    ]);
    expect((await fetch(`${server.url}/nowhere/b`)).status).toBe(404);
    expect(server.requests('GetObject', 'a')[1]).toMatchObject({
      from: 2,
      range: 'bytes=2-4',
      ifMatch: etag,
      status: 206,
      sent: 3,
      outcome: 'whole',
    });
  });

  test('HEAD with checksums; PUT verifies them', async () => {
    await using server = await faultyS3({ objects });
    const head = await fetch(`${server.url}/bucket/a`, {
      method: 'HEAD',
      headers: { 'x-amz-checksum-mode': 'ENABLED' },
    });
    const sum = head.headers.get('x-amz-checksum-crc32c')!;
    expect([head.headers.get('content-length'), head.headers.get('x-amz-checksum-type')]).toEqual([
      '10',
      'FULL_OBJECT',
    ]);
    const put = (body: string, headers: Record<string, string>): Promise<Response> =>
      fetch(`${server.url}/bucket/b`, { method: 'PUT', body, headers });
    const refused = await put('0123456780', { 'x-amz-checksum-crc32c': sum });
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('BadDigest')]);
    expect((await put('0123456789', { 'x-amz-checksum-crc32c': sum, 'if-none-match': '*' })).status).toBe(
      200,
    );
    expect((await put('0123456789', { 'if-none-match': '*' })).status).toBe(412);
  });

  test('listings: pages, order of the UTF-8 bytes, encoded keys', async () => {
    const keys = ['l/a b+%', 'l/\uFFEE', 'l/😀', 'l/x/1', 'l/x/2', 'm'];
    const some = Object.fromEntries(keys.map((key) => [`bucket/${key}`, 'x']));
    await using server = await faultyS3({ objects: some, pageSize: 2 });
    const page = async (more: string): Promise<string> =>
      (await fetch(`${server.url}/bucket?list-type=2&prefix=l%2F&encoding-type=url${more}`)).text();
    const found: string[] = [];
    for (let token = ''; ; ) {
      const text = await page(token);
      for (const [, key] of text.matchAll(/<Key>(.*?)<\/Key>/g))
        found.push(decodeURIComponent(key.replaceAll('+', ' ')));
      const next = /<NextContinuationToken>(.*?)</.exec(text)?.[1];
      if (next === undefined) break;
      token = `&continuation-token=${encodeURIComponent(next)}`;
    }
    expect(found).toEqual(['l/a b+%', 'l/x/1', 'l/x/2', 'l/\uFFEE', 'l/😀']);
    expect(server.log.length).toBe(3);
    expect(await page('&delimiter=/&start-after=l/a')).toContain('<Prefix>l/x/</Prefix>');
  });

  test('an upload in parts', async () => {
    await using server = await faultyS3({ buckets: ['bucket'], minPartBytes: 4 });
    const ask = (method: string, query: string, body?: string): Promise<Response> =>
      fetch(`${server.url}/bucket/k?${query}`, { method, ...(body === undefined ? {} : { body }) });
    const id = /<UploadId>(.*?)</.exec(await (await ask('POST', 'uploads')).text())![1];
    expect(server.uploads.open).toBe(1);
    const etags: string[] = [];
    for (const [i, part] of ['0123', '45'].entries())
      etags.push((await ask('PUT', `partNumber=${i + 1}&uploadId=${id}`, part)).headers.get('etag')!);
    expect(await (await ask('GET', `uploadId=${id}`)).text()).toContain('<PartNumber>2</PartNumber>');
    const parts = etags.map(
      (etag, i) => `<Part><ETag>${etag}</ETag><PartNumber>${i + 1}</PartNumber></Part>`,
    );
    const complete = (list: string[]): Promise<Response> =>
      ask('POST', `uploadId=${id}`, `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`);
    expect(await (await complete(parts.toReversed())).text()).toContain('InvalidPartOrder');
    expect(await (await complete(parts)).text()).toContain('-2&quot;');
    expect(await (await ask('GET', '')).text()).toBe('012345');
    expect(server.uploads.open).toBe(0);
  });

  test('bytes that are generated on request', async () => {
    const big = generated(6 * 2 ** 30, 7);
    await using server = await faultyS3({ objects: { 'bucket/big': big } });
    const start = 5 * 2 ** 30 + 12_345;
    const range = { range: `bytes=${start}-${start + 2_999_999}` };
    const bytes = await (await fetch(`${server.url}/bucket/big`, { headers: range })).bytes();
    expect(bytes.length).toBe(3_000_000);
    expect(Buffer.compare(bytes.subarray(0, 100), big.read(start, 100))).toBe(0);
    expect(Buffer.compare(bytes.subarray(-100), big.read(start + 2_999_900, 100))).toBe(0);
  });
});

describe('its faults', () => {
  const big = generated(1_000_000);
  /** Returns what a client receives for an object with a fault. */
  async function met(fault: Fault, headers: Record<string, string> = {}): Promise<Met> {
    await using server = await faultyS3({ objects: { 'bucket/a': big }, faults: [fault] });
    const result = { status: 0, received: 0, failed: false, headers: new Headers() };
    try {
      const response = await fetch(`${server.url}/bucket/a`, { headers, signal: AbortSignal.timeout(2000) });
      Object.assign(result, { status: response.status, headers: response.headers });
      for await (const chunk of response.body!) result.received += chunk.length;
    } catch {
      result.failed = true;
    }
    expect(server.script.hits).toEqual([1]);
    return result;
  }
  interface Met {
    readonly status: number;
    readonly received: number;
    readonly failed: boolean;
    readonly headers: Headers;
  }

  test.each([
    ['reset in the middle', { do: 'reset', at: 500_000 }, { status: 200, failed: true }],
    ['reset at the first byte', { do: 'reset', at: 0 }, { received: 0, failed: true }],
    ['reset at the last byte', { do: 'reset', at: -1 }, { status: 200, failed: true }],
    ['reset in the headers', { do: 'reset', at: 'headers' }, { status: 0, failed: true }],
    ['reset before', { do: 'reset', at: 'before' }, { status: 0, failed: true }],
    ['closed too early', { do: 'close', at: 500_000 }, { received: 500_000, failed: true }],
    ['a length too large', { do: 'length', by: 10 }, { received: 1_000_000, failed: true }],
    ['cut chunks', { do: 'chunked', at: 500_000 }, { received: 500_000, failed: true }],
    ['a stall in the middle', { do: 'stall', at: 500_000 }, { received: 500_000, failed: true }],
    ['a stall before the headers', { do: 'stall', at: 'before' }, { status: 0, failed: true }],
    ['a stall that ends', { do: 'stall', at: 500_000, ms: 50 }, { received: 1_000_000, failed: false }],
    ['an error', { do: 'status', status: 503 }, { status: 503, failed: false }],
    ['a redirect', { do: 'redirect', region: 'eu-west-1' }, { status: 301, failed: false }],
    ['a flipped byte', { do: 'flip', at: 500 }, { received: 1_000_000, failed: false }],
    ['deleted', { do: 'delete' }, { status: 404, failed: false }],
    ['overwritten', { do: 'overwrite', content: 'new' }, { status: 200, received: 3 }],
  ] as const)('%s', async (_, fault, expected) => {
    expect(await met(fault)).toMatchObject(expected);
  });

  test('ignored ranges, replaced headers, few bytes at a time', async () => {
    const range = { range: 'bytes=5-9' };
    expect(await met({ do: 'ignore-range' }, range)).toMatchObject({ status: 200, received: 1_000_000 });
    const { headers } = await met({ do: 'headers', set: { etag: '"other"' } }, range);
    expect(headers.get('etag')).toBe('"other"');
    const slow = await met({ do: 'slow', bytesPerSecond: 200, at: 10 });
    expect(slow).toMatchObject({ failed: true });
    expect(slow.received).toBeLessThan(1000);
  });

  test('the number and kind of requests', async () => {
    const faults: Fault[] = [
      { key: 'a', from: 5, do: 'status', status: 500, after: 1, times: 2 },
      { key: 'b', do: 'status', status: 403, forMs: 150 },
    ];
    await using server = await faultyS3({ objects: { ...objects, 'bucket/b': 'b' }, faults });
    const status = async (key: string, range: string): Promise<number> => {
      const response = await fetch(`${server.url}/bucket/${key}`, { headers: { range } });
      await response.text();
      return response.status;
    };
    expect(await status('a', 'bytes=0-1')).toBe(206);
    const some: number[] = [];
    for (let i = 0; i < 4; i++) some.push(await status('a', 'bytes=5-9'));
    expect(some).toEqual([206, 500, 500, 206]);
    expect(await status('b', 'bytes=0-0')).toBe(403);
    await sleep(200);
    expect(await status('b', 'bytes=0-0')).toBe(206);
  });

  test('an incorrect clock', async () => {
    await using server = await faultyS3({ objects, clockSkewMs: 3_600_000 });
    const date = `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
    const { status, headers } = await fetch(`${server.url}/bucket/a`, { headers: { 'x-amz-date': date } });
    expect(status).toBe(403);
    expect(new Date(headers.get('date')!).getTime()).toBeGreaterThan(Date.now() + 3_000_000);
  });
});

test('a speed limit, and latency', async () => {
  await using server = await faultyS3({
    objects: { 'bucket/a': generated(1_000_000) },
    bytesPerSecond: 5_000_000,
    latencyMs: 50,
  });
  const start = performance.now();
  const { length } = await (await fetch(`${server.url}/bucket/a`)).bytes();
  expect(length).toBe(1_000_000);
  expect(performance.now() - start).toBeGreaterThan(200); // This is a lower bound, so it holds on any machine.
});

test('a separate process', async () => {
  await using server = await faultyS3Process({ objects: { 'bucket/a': { size: 10_000_000, seed: 3 } } });
  const bytes = await (await fetch(`${server.url}/bucket/a`)).bytes();
  expect(bytes.length).toBe(10_000_000);
});

test.runIf(process.platform === 'linux')('an address that does not respond at first', async () => {
  await using server = await faultyS3({ objects });
  await using hole = await blackhole(server.port);
  await expect(fetch(`${hole.url}/bucket/a`, { signal: AbortSignal.timeout(500) })).rejects.toThrow();
  expect(server.log).toEqual([]);
  hole.open();
  expect(await (await fetch(`${hole.url}/bucket/a`)).text()).toBe('0123456789');
});
