import { mkdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { encodeTFRecord } from 'recordpipe';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cacheFiles, cacheRoot } from '../../src/storage/cache/cache-files.ts';
import { cli, ended, startCli } from '../support/cli.ts';
import { type S3Place, s3Place, sentOf } from '../support/s3-place.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
let place: S3Place;

/** Returns a file of `count` records of 64 KiB. */
function records(count: number): Uint8Array {
  return Buffer.concat(
    Array.from({ length: count }, (_, i) => encodeTFRecord(new Uint8Array(65_536).fill(i))),
  );
}

beforeAll(async () => {
  place = await s3Place({
    objects: { 'bucket/train/a.tfrecord': records(40), 'bucket/test/b.tfrecord': records(2) },
    latencyMs: 2,
  });
});
afterAll(() => place[Symbol.asyncDispose]());

async function filled(name: string): Promise<string> {
  const dir = temp.file(name);
  const { code } = await cli(['validate', 's3://bucket/', '--cache-dir', dir, '-q'], { env: place.env });
  expect(code).toBe(0);
  const time = new Date('2026-01-02T03:04:05Z');
  for (const { path } of await cacheFiles(cacheRoot(dir))) utimesSync(path, time, time);
  return dir;
}

test('ls lists objects, their bytes and last use', async () => {
  const dir = await filled('ls');
  expect(await cli(['cache', 'ls', dir])).toMatchObject({
    code: 0,
    stdout: [
      's3://bucket/test/b.tfrecord  128 KiB, 128 KiB cached in 1 chunk, last used 2026-01-02T03:04:05Z',
      's3://bucket/train/a.tfrecord  2.50 MiB, 2.50 MiB cached in 3 chunks, last used 2026-01-02T03:04:05Z',
      '2 objects, 2.63 MiB',
      '',
    ].join('\n'),
    stderr: '',
  });
  const { stdout } = await cli(['cache', 'ls', dir, '--json']);
  const { objects, files } = JSON.parse(stdout);
  expect(files).toBe(4);
  expect(objects[0]).toEqual({
    uri: 's3://bucket/test/b.tfrecord',
    service: place.server.url,
    etag: place.server.store.find('bucket/test/b.tfrecord')!.etag.slice(1, -1),
    size: 131_104,
    cachedBytes: objects[0].cachedBytes,
    chunks: 1,
    lastUsed: '2026-01-02T03:04:05.000Z',
  });
});

test('an empty folder is an empty cache', async () => {
  mkdirSync(temp.file('empty'));
  expect(await cli(['cache', 'ls', temp.file('empty')])).toMatchObject({
    code: 0,
    stdout: '0 objects, 0 B\n',
  });
  expect((await cli(['cache', 'rm', temp.file('empty')])).stderr).toBe('removed 0 chunks, 0 B\n');
});

test.each(['ls', 'rm'])('%s of a missing folder is an error', async (command) => {
  const { code, stdout, stderr } = await cli(['cache', command, temp.file('missing')]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr).toContain(temp.file('missing'));
});

test('rm removes a prefix, the least recently used chunks, or everything', async () => {
  const dir = await filled('rm');
  const prefix = await cli(['cache', 'rm', dir, '--prefix', 's3://bucket/test/']);
  expect(prefix).toMatchObject({ code: 0, stdout: '', stderr: 'removed 1 chunk, 128 KiB\n' });
  const [used] = (await cacheFiles(cacheRoot(dir))).filter(({ size }) => size > 1_000_000);
  utimesSync(used.path, new Date(), new Date());
  expect(JSON.parse((await cli(['cache', 'rm', dir, '--to-size', '1.5MiB', '--json'])).stdout).files).toBe(2);
  expect((await cacheFiles(cacheRoot(dir))).map(({ path }) => path)).toEqual([used.path]);
  expect((await cli(['cache', 'rm', dir])).stderr).toBe('removed 1 chunk, 1.00 MiB\n');
  expect(await cacheFiles(cacheRoot(dir))).toEqual([]);
});

test('--cache-size requires --cache-dir, and a useful size', async () => {
  const args = ['count', 's3://bucket/', '--cache-size', '1MiB'];
  expect((await cli(args, { env: place.env })).stderr).toContain('--cache-size: requires --cache-dir');
  const small = await cli([...args, '--cache-dir', temp.file('small')], { env: place.env });
  expect(small.stderr).toContain('--cache-dir: expected --cache-size to be an integer >= 67108864');
});

test.runIf(process.platform === 'linux')('processes that share a cache fetch each chunk once', async () => {
  const size = 24 * 1024 * 1024;
  const key = 'shared/c.txt';
  place.server.store.put(`bucket/${key}`, { size, seed: 3 });
  const args = [
    'validate',
    `s3://bucket/${key}`,
    '--format',
    'textline',
    '--cache-dir',
    join(temp.path, 'shared'),
  ];
  const options = { env: { ...process.env, ...place.env } };
  const runs = await Promise.all([0, 1, 2].map(() => ended(startCli([...args, '--json'], options))));
  for (const { stdout } of runs) expect(JSON.parse(stdout).totals.bytes).toBe(size);
  expect(sentOf(place.server, key)).toBe(size);
});
