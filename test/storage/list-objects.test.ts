import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { statObject } from '../../src/storage/inspect.ts';
import type { ListOptions, ListWarning } from '../../src/storage/list-objects.ts';
import { listObjects } from '../../src/storage/list-objects.ts';
import { closeS3Clients } from '../../src/storage/s3/s3-clients.ts';
import { type FaultyS3, type FaultyS3Options, faultyS3 } from '../support/faulty-s3/index.ts';
import { tempDir } from '../support/temp-dir.ts';

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
});
afterAll(() => vi.unstubAllEnvs());

let server: FaultyS3 | undefined;
afterEach(async () => {
  await closeS3Clients();
  await server?.quiet();
  await server?.close();
  server = undefined;
});

async function serve(keys: readonly string[], more: Partial<FaultyS3Options> = {}): Promise<void> {
  const objects = Object.fromEntries(
    keys.map((key) => [`bucket/${key}`, key.endsWith('/') ? '' : `of ${key}`]),
  );
  server = await faultyS3({ objects, buckets: ['bucket'], ...more });
}

async function listed(uri: string | URL, options: ListOptions = {}): Promise<string[]> {
  const keys: string[] = [];
  const endpointUrl = server?.url;
  for await (const object of listObjects(uri, {
    ...(endpointUrl !== undefined && { endpointUrl }),
    ...options,
  }))
    keys.push(object.uri.replace('s3://bucket/', ''));
  return keys;
}

const ODD = [
  'a b',
  ' begins with a blank',
  'ends with one ',
  'a+b',
  'a%20b',
  '100%',
  'what?x=1&y=2#z',
  "it's (odd) *!",
  'a//b',
  'ünï/😀',
  'l/\uffee',
  'l/😀',
  'tab\there',
  'line\nend',
  '<&>"',
  'back\\slash',
  '[0-9]{a,b}',
  `${'k'.repeat(500)}/${'l'.repeat(499)}`,
];

describe('S3', () => {
  test('unusual keys are listed unchanged, in the order of their bytes, and can be requested', async () => {
    await serve(ODD);
    const keys = await listed('s3://bucket');
    const byBytes = [...ODD].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(keys).toEqual(byBytes);
    for (const key of ODD) {
      expect(await listed(`s3://bucket/${key}`)).toEqual([key]);
      const { size } = await statObject(`s3://bucket/${key}`, { endpointUrl: server!.url });
      expect(size).toBe(Buffer.byteLength(`of ${key}`));
    }
  });

  const KEYS = [
    'train/',
    'train/a.tfrecord',
    'train/b.tfrecord',
    'train/deep/c.tfrecord',
    'train/notes.txt',
    'train/.hidden.tfrecord',
    'train2/d.tfrecord',
    'val-[1].tfrecord',
    'val-1.tfrecord',
  ];

  test.each([
    ['train/a.tfrecord', ['train/a.tfrecord']],
    ['train/deep/', ['train/deep/c.tfrecord']],
    ['train/*.tfrecord', ['train/a.tfrecord', 'train/b.tfrecord']],
    ['train/**/*.tfrecord', ['train/a.tfrecord', 'train/b.tfrecord', 'train/deep/c.tfrecord']],
    ['train/{a,notes}.*', ['train/a.tfrecord', 'train/notes.txt']],
    ['train/?.tfrecord', ['train/a.tfrecord', 'train/b.tfrecord']],
    ['*/[cd].tfrecord', ['train2/d.tfrecord']],
    ['val-[1].tfrecord', ['val-[1].tfrecord']],
    ['val-[0-9].tfrecord', ['val-1.tfrecord']],
    ['train/[!a].tfrecord', ['train/b.tfrecord']],
    ['val', ['val-1.tfrecord', 'val-[1].tfrecord']],
  ])('%s', async (name, expected) => {
    await serve(KEYS);
    expect(await listed(`s3://bucket/${name}`)).toEqual(expected);
  });

  test('only the prefix before the first wildcard is listed', async () => {
    await serve(KEYS);
    await listed('s3://bucket/train/deep/*.tfrecord');
    expect(server?.requests('ListObjectsV2').map(({ query }) => query.get('prefix'))).toEqual([
      'train/deep/',
    ]);
  });

  test('folder markers are skipped; empty objects and prefixes wider than a folder give warnings', async () => {
    await serve([...KEYS, 'train/z/']);
    server?.store.put('bucket/train/empty', '');
    const warnings: ListWarning[] = [];
    const keys = await listed('s3://bucket/train', { onWarning: (warning) => warnings.push(warning) });
    expect(keys.filter((key) => key.endsWith('/'))).toEqual([]);
    expect(keys).toContain('train2/d.tfrecord');
    expect(warnings).toEqual([
      { type: 'folder-mark', uri: 's3://bucket/train/' },
      { type: 'empty-object', uri: 's3://bucket/train/empty' },
      { type: 'folder-mark', uri: 's3://bucket/train/z/' },
      { type: 'siblings', uri: 's3://bucket/train', sibling: 's3://bucket/train2/d.tfrecord' },
    ]);
  });

  test('as: prefix lists every key that begins with it, regardless of its characters', async () => {
    await serve(['a', 'ab', 'a*']);
    expect(await listed('s3://bucket/a', { as: 'prefix' })).toEqual(['a', 'a*', 'ab']);
    expect(await listed('s3://bucket/a*', { as: 'prefix' })).toEqual(['a*']);
    expect(await listed('s3://bucket/none', { as: 'prefix' })).toEqual([]);
  });

  test('an address without objects is an error that contains it', async () => {
    await serve(['train/']);
    for (const name of ['nothing', 'nothing/', '*.tfrecord', 'train/', ''])
      await expect(listed(`s3://bucket/${name}`)).rejects.toMatchObject({
        code: 'object-missing',
        uri: `s3://bucket/${name}`,
      });
    await expect(listed('s3://no-bucket/x')).rejects.toMatchObject({ code: 'object-missing' });
    await expect(async () => listed('s3:///x')).rejects.toThrow(UsageError);
  });

  test('10,001 keys arrive page by page, and stopping early requests at most one page ahead', async () => {
    const keys = Array.from({ length: 10_001 }, (_, at) => `k/${String(at).padStart(5, '0')}`);
    await serve(keys);
    expect(await listed('s3://bucket/k/')).toEqual(keys);
    expect(server?.requests('ListObjectsV2').length).toBe(11);
    for await (const { uri } of listObjects('s3://bucket/k/', { endpointUrl: server!.url })) {
      expect(uri).toBe('s3://bucket/k/00000');
      break;
    }
    expect(server?.requests('ListObjectsV2').length).toBeLessThan(14);
  });

  test('temporary failures are retried, others are errors', async () => {
    await serve(KEYS, {
      faults: [
        { operation: 'ListObjectsV2', do: 'status', status: 500, times: 2 },
        { operation: 'ListObjectsV2', do: 'reset', at: 100 },
      ],
    });
    expect(await listed('s3://bucket/train2/')).toEqual(['train2/d.tfrecord']);
    server?.script.add({ do: 'status', status: 403, times: 9 });
    await expect(listed('s3://bucket/train2/')).rejects.toMatchObject({ code: 'access-denied' });
    server?.script.clear();
    server?.script.add({ do: 'status', status: 500, times: 99 });
    await expect(listed('s3://bucket/train2/', { maxAttempts: 2 })).rejects.toMatchObject({
      code: 'retries-exhausted',
    });
  });

  test('without list permission, an object can be listed by its exact address', async () => {
    await serve(KEYS, { faults: [{ operation: 'ListObjectsV2', do: 'status', status: 403, times: 99 }] });
    expect(await listed('s3://bucket/train2/d.tfrecord')).toEqual(['train2/d.tfrecord']);
    await expect(listed('s3://bucket/train2/x')).rejects.toMatchObject({ code: 'object-missing' });
  });

  test('aborting ends it', async () => {
    await serve(KEYS, { faults: [{ operation: 'ListObjectsV2', do: 'stall', at: 'before' }] });
    const stop = new AbortController();
    const listing = listed('s3://bucket/train/', { signal: stop.signal });
    setTimeout(() => stop.abort(), 50);
    await expect(listing).rejects.toMatchObject({ code: 'aborted' });
    await expect(listed('s3://bucket/', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  test('checksums that the service stores', async () => {
    await serve(['a']);
    const { checksums, etag, metadata } = await statObject('s3://bucket/a', { endpointUrl: server!.url });
    expect(etag).toMatch(/^[0-9a-f]+$/);
    expect(metadata).toEqual({});
    for (const { kind } of checksums) expect(kind).toBe('whole');
  });
});

describe('local files', () => {
  test('have the same interface', async () => {
    const { path: folder } = tempDir();
    await mkdir(join(folder, 'train/deep'), { recursive: true });
    await mkdir(join(folder, 'train2'));
    const names = ['train/a.x', 'train/b.x', 'train/deep/c.x', 'train2/d.x', 'train/[1].x', 'l\uffee', 'l😀'];
    for (const name of names) await writeFile(join(folder, name), name);
    const at = (name: string): string => join(folder, name);
    const below = async (name: string, options?: ListOptions): Promise<string[]> =>
      (await listed(at(name), options)).map((path) => path.slice(folder.length + 1));
    expect(await below('train/a.x')).toEqual(['train/a.x']);
    expect(await below('train')).toEqual(['train/[1].x', 'train/a.x', 'train/b.x', 'train/deep/c.x']);
    expect(await below('train/*.x')).toEqual(['train/[1].x', 'train/a.x', 'train/b.x']);
    expect(await below('**/[cd].x')).toEqual(['train/deep/c.x', 'train2/d.x']);
    expect(await below('train/[1].x')).toEqual(['train/[1].x']);
    expect(await below('train2/d')).toEqual(['train2/d.x']);
    expect(await below('l')).toEqual(['l\uffee', 'l😀']);
    expect(await below('train/', { as: 'prefix' })).toHaveLength(4);
    await expect(below('none')).rejects.toMatchObject({ code: 'not-found' });
    await expect(below('*.y')).rejects.toMatchObject({ code: 'not-found' });
    const url = pathToFileURL(at('train2/'));
    expect(await listed(url)).toEqual([`${url.href}d.x`]);
    expect(await statObject(at('train/a.x'))).toMatchObject({ size: 9, checksums: [] });
  });
});

test('a local folder is listed completely or not at all: links are followed, and a link without a target is an error', async () => {
  const root = `${tempDir().path}/links`;
  await mkdir(`${root}/a/below`, { recursive: true });
  await mkdir(`${root}/b`);
  await writeFile(`${root}/a/below/x`, '1');
  await symlink('../b', `${root}/a/to-b`);
  await symlink('../a', `${root}/b/back`);
  await writeFile(`${root}/b/y`, '2');
  expect(await listed(`${root}/a/`)).toEqual([`${root}/a/below/x`, `${root}/a/to-b/y`]);
  await symlink('nowhere', `${root}/b/gone`);
  await expect(listed(`${root}/a/`)).rejects.toMatchObject({
    code: 'not-found',
    uri: `${root}/a/to-b/gone`,
  });
  await rm(`${root}/b/gone`);
  await writeFile(Buffer.from(`${root}/b/name-\xff`, 'latin1'), '3');
  await expect(listed(`${root}/a/`)).rejects.toMatchObject({ code: 'unsupported-source' });
});

test('a link to its own folder or to one above it adds no files', async () => {
  const root = `${tempDir().path}/links`;
  await mkdir(`${root}/a/below`, { recursive: true });
  await writeFile(`${root}/a/x`, '1');
  await writeFile(`${root}/beside`, '2');
  await symlink('.', `${root}/a/self`);
  await symlink('..', `${root}/a/up`);
  await symlink('../..', `${root}/a/below/up`);
  await symlink('/', `${root}/a/below/all`);
  expect(await listed(`${root}/a/`)).toEqual([`${root}/a/x`]);
  await symlink('a', `${root}/to-a`);
  expect(await listed(`${root}/to-a/`)).toEqual([`${root}/to-a/x`]);
  expect(await listed(`${root}/`)).toEqual([`${root}/a/x`, `${root}/beside`, `${root}/to-a/x`]);
});

test('an error for the listed folder contains the given prefix', async () => {
  const prefix = `${tempDir().path}/none/x`;
  await expect(listed(prefix)).rejects.toMatchObject({ code: 'not-found', uri: prefix });
});
