import { describe, expect, test } from 'vitest';
import { listObjects, readObjects } from '../../../src/storage/index.ts';
import type { Fault, FaultyS3 } from '../../support/faulty-s3/index.ts';
import { expectWhole, IMPATIENT, SMALL, transferred, withServer } from './transfer.ts';

const options = (server: FaultyS3) => ({ ...SMALL, endpointUrl: server.url });

describe('keys', () => {
  const odd = [
    'a b',
    'a+b',
    'a%20b',
    'a%',
    'ä/ö/ü',
    '日本語/データ.tfrecord',
    '😀',
    '\uFFEE',
    'x//y',
    '/leading',
    'trailing.',
    'a/./b/../c',
    'quote\'"<&>',
    'question?mark#hash=1&b=2',
    '*[x]{y}',
    'tab\tnewline\nbell\u0007',
    'x'.repeat(1000),
    `${'long/'.repeat(199)}k`,
  ];

  test.each(
    odd.map((key) => [key.length > 60 ? `${key.slice(0, 20)}… (${key.length})` : JSON.stringify(key), key]),
  )('%s: listed, and read', async (_, key) => {
    await withServer({ objects: { [`bucket/${key}`]: `bytes of ${key}` } }, async (server) => {
      const uris: string[] = [];
      for await (const { uri } of listObjects('s3://bucket', options(server))) uris.push(uri);
      expect(uris).toEqual([`s3://bucket/${key}`]);
      expectWhole(await transferred(server, uris[0]), `bytes of ${key}`);
      expect(server.requests('GetObject').map((request) => request.key)).toEqual([key]);
    });
  });

  test('all of them in byte order, as one stream', async () => {
    const objects = Object.fromEntries(odd.map((key) => [`bucket/${key}`, `<${key}>`]));
    await withServer({ objects, pageSize: 3 }, async (server) => {
      const inOrder = odd.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const done = await transferred(server, listObjects('s3://bucket', options(server)));
      expectWhole(done, inOrder.map((key) => `<${key}>`).join(''));
    });
  });

  test('10,001 of them: listed page by page while the first are read', async () => {
    const names = Array.from({ length: 10_001 }, (_, i) => `train/${String(i).padStart(6, '0')}`);
    const objects = Object.fromEntries(names.map((name) => [`bucket/${name}`, name.at(-1)!]));
    await withServer({ objects }, async (server) => {
      let count = 0;
      for await (const { uri } of listObjects('s3://bucket/train/', options(server)))
        expect(uri).toBe(`s3://bucket/${names[count++]}`);
      expect(count).toBe(10_001);
      expect(server.requests('ListObjectsV2').length).toBe(11);
      // A reader that stops early has not listed everything.
      const read = readObjects(listObjects('s3://bucket/train/', options(server)), options(server));
      for await (const { index } of read) if (index === 100) break;
      expect(server.requests('ListObjectsV2').length).toBeLessThan(16);
    });
  });
});

describe('empty objects', () => {
  test('empty objects yield no bytes, folder markers are skipped', async () => {
    const objects = { 'bucket/d/': '', 'bucket/d/a': 'a', 'bucket/d/b': '', 'bucket/d/c': 'c' };
    await withServer({ objects }, async (server) => {
      const warned: string[] = [];
      const listed = listObjects('s3://bucket/d/', {
        ...options(server),
        onWarning: ({ type, uri }) => void warned.push(`${type} ${uri}`),
      });
      expectWhole(await transferred(server, listed), 'ac');
      expect(warned).toEqual(['folder-mark s3://bucket/d/', 'empty-object s3://bucket/d/b']);
      expect(server.requests('GetObject').map(({ key }) => key)).toEqual(['d/a', 'd/c']);
    });
  });

  test.each(['s3://bucket/nothing/', 's3://bucket/nothing*', 's3://nowhere/'])(
    '%s: an error, not the end',
    async (uri) => {
      await withServer({ buckets: ['bucket'] }, async (server) => {
        const { error } = await transferred(server, listObjects(uri, options(server)));
        expect(error).toMatchObject({ code: 'object-missing' });
        expect(error?.message).toContain(uri.split('/')[2]);
      });
    },
  );
});

describe('a failing listing', () => {
  const objects = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`bucket/${i}`, String(i)]));

  test.each<[string, Fault]>([
    ['500', { do: 'status', status: 500, after: 1, times: 2 }],
    ['503', { do: 'status', status: 503, after: 1 }],
    ['reset', { do: 'reset', at: 100, after: 1 }],
    ['closed too early', { do: 'close', at: 100, after: 2 }],
    ['a stall', { do: 'stall', at: 'before', after: 1 }],
    ['a stall in the page', { do: 'stall', at: 100, after: 1 }],
    ['a truncated page in chunks', { do: 'chunked', at: 100, after: 1 }],
    ['a length too small', { do: 'length', by: -50, after: 1 }],
    ['expired credentials', { do: 'status', status: 400, code: 'ExpiredToken', after: 1 }],
    ['another region', { do: 'redirect', region: 'eu-west-1' }],
  ])('%s: retried, without lost or repeated keys', async (_, fault) => {
    const faults: Fault[] = [{ operation: 'ListObjectsV2', ...fault }];
    await withServer({ objects, pageSize: 2, faults }, async (server) => {
      const listed = listObjects('s3://bucket', { ...options(server), ...IMPATIENT });
      expectWhole(await transferred(server, listed), '012345678');
      expect(server.script.hits[0]).toBeGreaterThanOrEqual(1);
    });
  });

  test.each([
    [403, 'access-denied'],
    [500, 'retries-exhausted'],
  ])('endless %i on a later page: an error after the listed objects', async (status, code) => {
    const faults: Fault[] = [{ operation: 'ListObjectsV2', do: 'status', status, after: 2, times: 1e9 }];
    await withServer({ objects, pageSize: 2, faults }, async (server) => {
      const listed = listObjects('s3://bucket', { ...options(server), maxAttempts: 2 });
      const { error, bytes } = await transferred(server, listed);
      expect(error).toMatchObject({ code });
      expect(bytes).toBe(4);
    });
  });

  test('aborted while a page is waited for', async () => {
    const faults: Fault[] = [{ operation: 'ListObjectsV2', do: 'stall', at: 'before', after: 1 }];
    await withServer({ objects, pageSize: 2, faults }, async (server) => {
      const signal = AbortSignal.timeout(300);
      const listed = listObjects('s3://bucket', { ...options(server), signal });
      const { error } = await transferred(server, listed, { signal });
      expect(error).toMatchObject({ code: 'aborted' });
    });
  });
});
