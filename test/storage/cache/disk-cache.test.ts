import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { UsageError } from 'recordpipe/errors';
import { listCache, openObjectReader, readObjects, removeFromCache } from 'recordpipe/storage';
import { expect, it } from 'vitest';
import { cacheFiles, cacheRoot } from '../../../src/storage/cache/cache-files.ts';
import { cachedSource } from '../../../src/storage/cache/cached-source.ts';
import { DEFAULT_OBJECT_OPTIONS } from '../../../src/storage/object-options.ts';
import { Random } from '../../support/random.ts';
import { randomRuns } from '../../support/random-runs.ts';
import { requestsFor, s3Place, sentOf } from '../../support/s3-place.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { reset, ScriptedSource } from '../scripted-source.ts';
import { bytesOf, expectBytes } from '../some-bytes.ts';
import { type Cached, cachedIn, sourceWith, warnings, wholeOf } from './cached.ts';

const MIB = 1024 * 1024;
const { path: folder } = tempDir();

const cached = cachedIn(folder);

async function filesOf({ cache }: Cached): Promise<string[]> {
  return (await cacheFiles(cacheRoot(cache.dir))).map(({ path }) => path);
}

it('reads an object from the service once', async () => {
  const bytes = bytesOf(9 * MIB + 12345);
  await using place = await s3Place({ objects: { 'bucket/a': bytes } });
  const objects = cached(place.objects);
  expectBytes(await wholeOf('s3://bucket/a', objects), bytes);
  expectBytes(await wholeOf('s3://bucket/a', objects), bytes);
  const reader = await openObjectReader('s3://bucket/a', objects);
  expectBytes(await reader.read(MIB - 100, 3 * MIB + 7), bytes.subarray(MIB - 100, 3 * MIB + 7));
  expect(reader.stats).toMatchObject({ requests: 0, bytes: 2 * MIB + 107, cachedBytes: 2 * MIB + 107 });
  await reader.close();
  const gets = requestsFor(place.server, 'a').filter((request) => request !== 'HeadObject');
  expect(gets).toEqual(['bytes=0-8388607', `bytes=8388608-${bytes.length - 1}`]);
});

it('a listed object in the cache needs no request', async () => {
  await using place = await s3Place({ objects: { 'bucket/a': bytesOf(1000) } });
  const objects = cached(place.objects);
  const etag = place.server.store.find('bucket/a')!.etag.slice(1, -1);
  for (const requests of [1, 0]) {
    const pieces = readObjects([{ uri: 's3://bucket/a', size: 1000, etag }], objects);
    for await (const { chunk } of pieces) expectBytes(chunk, bytesOf(1000));
    expect(pieces.stats).toMatchObject({ requests, cachedBytes: requests === 1 ? 0 : 1000 });
  }
  expect(requestsFor(place.server, 'a')).toEqual(['bytes=0-999']);
});

it('an overwritten object of the same size is read again', async () => {
  await using place = await s3Place({ objects: { 'bucket/a': bytesOf(2 * MIB, 1) } });
  const objects = cached(place.objects);
  for (const seed of [1, 2, 3]) {
    place.server.store.put('bucket/a', bytesOf(2 * MIB, seed));
    expectBytes(await wholeOf('s3://bucket/a', objects), bytesOf(2 * MIB, seed));
  }
});

it('an object that is overwritten while it is listed is read in its new version', async () => {
  await using place = await s3Place({ objects: { 'bucket/a': bytesOf(2 * MIB, 1) } });
  const objects = cached(place.objects);
  const etag = place.server.store.find('bucket/a')!.etag.slice(1, -1);
  place.server.store.put('bucket/a', bytesOf(2 * MIB, 2));
  const chunks: Uint8Array[] = [];
  for await (const { chunk } of readObjects([{ uri: 's3://bucket/a', size: 2 * MIB, etag }], objects))
    chunks.push(chunk);
  expectBytes(Buffer.concat(chunks), bytesOf(2 * MIB, 2));
});

it('objects without a strong ETag are not cached, with one warning per cache', async () => {
  const said = warnings();
  for (const etag of [undefined, 'W/"1"']) {
    const source = new ScriptedSource();
    source.put('mem://a', bytesOf(5000), etag ?? '');
    source.objects.get('mem://a')!.etag = etag;
    const objects = cached();
    const from = sourceWith(objects, source);
    for (const round of [1, 2]) {
      expectBytes(await wholeOf('mem://a', { source: from }), bytesOf(5000));
      expect(source.requests).toHaveLength(round);
    }
    expect(await filesOf(objects)).toEqual([]);
  }
  await new Promise(setImmediate);
  expect(said).toHaveLength(2);
  expect(said[0]).toMatch(/does not keep objects without a strong ETag \(mem:\/\/a\)/);
});

it('services with equal addresses do not share chunks', async () => {
  await using one = await s3Place({ objects: { 'bucket/a': bytesOf(1000, 1) } });
  await using other = await s3Place({});
  other.server.store.put('bucket/a', bytesOf(1000, 2), { etag: one.server.store.find('bucket/a')!.etag });
  const objects = cached(one.objects);
  expectBytes(await wholeOf('s3://bucket/a', objects), bytesOf(1000, 1));
  expectBytes(await wholeOf('s3://bucket/a', { ...objects, ...other.objects }), bytesOf(1000, 2));
});

it('a corrupt chunk is fetched again', async () => {
  const bytes = bytesOf(3 * MIB + 100);
  await using place = await s3Place({ objects: { 'bucket/a': bytes } });
  const objects = cached(place.objects);
  await wholeOf('s3://bucket/a', objects);
  const [first, second, third] = (await filesOf(objects)).sort();
  const damaged = readFileSync(first);
  damaged[damaged.length - 30] ^= 1; // In the trailer.
  writeFileSync(first, damaged);
  const flipped = readFileSync(second);
  flipped[700_000] ^= 1;
  writeFileSync(second, flipped);
  truncateSync(third, 1000);
  const sent = sentOf(place.server, 'a');
  expectBytes(await wholeOf('s3://bucket/a', objects), bytes);
  expect(sentOf(place.server, 'a') - sent).toBe(3 * MIB);
  expectBytes(await wholeOf('s3://bucket/a', objects), bytes);
  expect(sentOf(place.server, 'a') - sent).toBe(3 * MIB);
});

it('a file under the name of another chunk is not used', async () => {
  const bytes = bytesOf(2 * MIB);
  await using place = await s3Place({ objects: { 'bucket/a': bytes } });
  const objects = cached(place.objects);
  await wholeOf('s3://bucket/a', objects);
  const [first, second] = (await filesOf(objects)).sort();
  writeFileSync(first, readFileSync(second));
  expectBytes(await wholeOf('s3://bucket/a', objects), bytes);
});

it('the least recently used chunks make room for others', async () => {
  const numbers = [0, 1, 2, 3, 4, 5];
  await using place = await s3Place({
    objects: Object.fromEntries(numbers.map((i) => [`bucket/${i}`, { size: 10 * MIB, seed: i }])),
  });
  const objects = cached(place.objects);
  for (const i of [0, 1, 2, 3]) await wholeOf(`s3://bucket/${i}`, objects);
  const past = new Date(Date.now() - 60_000);
  for (const path of await filesOf(objects)) utimesSync(path, past, past);
  for (const i of [0, 4, 5, 0]) await wholeOf(`s3://bucket/${i}`, objects);
  expect(sentOf(place.server, '0')).toBe(10 * MIB);
  const sizes = (await cacheFiles(cacheRoot(objects.cache.dir))).map(({ size }) => size);
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(64 * MIB);
  expect(sizes.length).toBeLessThan(60);
});

it('reading continues while chunks are removed', async () => {
  const bytes = bytesOf(12 * MIB);
  await using place = await s3Place({ objects: { 'bucket/a': bytes } });
  const objects = cached(place.objects);
  await wholeOf('s3://bucket/a', objects);
  const { rmSync } = await import('node:fs');
  const chunks: Uint8Array[] = [];
  for await (const { chunk } of readObjects([{ uri: 's3://bucket/a' }], objects)) {
    chunks.push(chunk.slice());
    rmSync(objects.cache.dir, { recursive: true, force: true });
  }
  expectBytes(Buffer.concat(chunks), bytes);
});

it('an unwritable folder means one warning and no cache', async () => {
  const warned = warnings();
  const bytes = bytesOf(10 * MIB);
  await using place = await s3Place({ objects: { 'bucket/a': bytes } });
  const file = join(folder, 'not-a-folder');
  writeFileSync(file, '');
  for (const _ of [1, 2]) expectBytes(await wholeOf('s3://bucket/a', cached(place.objects, file)), bytes);
  const gets = requestsFor(place.server, 'a');
  expect(gets).toEqual(Array(2).fill(['bytes=0-8388607', 'bytes=8388608-10485759']).flat());
  await new Promise(setImmediate);
  expect(warned).toEqual([
    `the disk cache ${file} cannot be written, so objects are read without it: expected a folder, found a file; choose another path`,
  ]);
});

it('transfers that fail halfway continue, and the cache is complete', async () => {
  const bytes = bytesOf(4 * MIB + 77);
  const source = new ScriptedSource(60_000);
  source.put('mem://a', bytes);
  // Every response ends within a chunk, so no request gets a whole chunk.
  source.script = () => ({ failure: reset(), after: 300_000 });
  const objects = cached();
  const counts = { requests: 0, cachedBytes: 0 };
  const from = cachedSource(source, { ...DEFAULT_OBJECT_OPTIONS, ...objects }, counts);
  expectBytes(await wholeOf('mem://a', { source: from }), bytes);
  expect(source.sent).toBe(bytes.length);
  source.script = () => ({ failure: reset() });
  expectBytes(await wholeOf('mem://a', { source: from }), bytes);
});

it('an abort leaves no temporary files, and keeps complete chunks', async () => {
  const bytes = bytesOf(6 * MIB);
  const source = new ScriptedSource(100_000);
  source.put('mem://a', bytes);
  const objects = cached();
  const from = sourceWith(objects, source);
  let received = 0;
  for await (const { chunk } of readObjects([{ uri: 'mem://a' }], { source: from })) {
    received += chunk.length;
    if (received > 2.5 * MIB) break;
  }
  const files = await filesOf(objects);
  expect(files.every((path) => !path.endsWith('.tmp') && statSync(path).size > MIB)).toBe(true);
  expect(files.length).toBeGreaterThanOrEqual(2);
  expectBytes(await wholeOf('mem://a', { source: from }), bytes);
});

it('concurrent readers of a process fetch each chunk once', async () => {
  const bytes = bytesOf(10 * MIB);
  await using place = await s3Place({ objects: { 'bucket/a': bytes }, latencyMs: 5 });
  const objects = cached(place.objects);
  const all = await Promise.all([0, 1, 2].map(() => wholeOf('s3://bucket/a', objects)));
  for (const one of all) expectBytes(one, bytes);
  if (process.platform === 'linux') expect(sentOf(place.server, 'a')).toBe(bytes.length);
});

it('any ranges have the bytes of the object', async () => {
  const random = new Random(18);
  const bytes = bytesOf(3 * MIB + 4321);
  const source = new ScriptedSource(50_000);
  source.put('mem://a', bytes);
  const objects = cached();
  const from = sourceWith(objects, source);
  for (let run = 0; run < randomRuns(300); run++) {
    source.script = () =>
      random.below(3) === 0 ? { failure: reset(), after: random.below(400_000) } : undefined;
    if (random.below(4) === 0)
      for (const path of await filesOf(objects)) if (random.below(2) === 0) damage(path, random);
    const reader = await openObjectReader('mem://a', {
      source: from,
      partBytes: random.pick([MIB, 700_001, 8 * MIB]),
    });
    const start = random.below(bytes.length);
    const end = start + random.below(bytes.length - start + 1);
    expectBytes(await reader.read(start, end), bytes.subarray(start, end));
    await reader.close();
  }
});

function damage(path: string, random: Random): void {
  const bytes = readFileSync(path);
  bytes[random.below(bytes.length)] ^= 1 + random.below(255);
  writeFileSync(path, random.below(3) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes);
}

it.skipIf(process.platform === 'win32')(
  'foreign files in the folder are neither used nor removed',
  async () => {
    const bytes = bytesOf(3 * MIB);
    await using place = await s3Place({ objects: { 'bucket/a': bytes } });
    const objects = cached(place.objects);
    await wholeOf('s3://bucket/a', objects);
    const root = cacheRoot(objects.cache.dir);
    const [pipe, link, huge] = (await filesOf(objects)).sort();
    const other = mkdtempSync(join(folder, 'other-'));
    const foreign = join(other, basename(link));
    renameSync(link, foreign);
    symlinkSync(foreign, link);
    rmSync(pipe);
    execFileSync('mkfifo', [pipe]);
    truncateSync(huge, 2 ** 40);
    const names = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));
    const [linked, file] = names.filter((name) => !existsSync(join(root, name)));
    symlinkSync(other, join(root, linked));
    writeFileSync(join(root, file), '');
    expect(await listCache(objects.cache.dir)).toMatchObject({ files: 1, objects: [] });
    expectBytes(await wholeOf('s3://bucket/a', objects), bytes);
    expect(await removeFromCache(objects.cache.dir)).toMatchObject({ files: 3 });
    expect(readdirSync(other)).toEqual([basename(link)]);
    expect(existsSync(join(root, file))).toBe(true);
  },
);

it('other users cannot read a folder that it creates', async () => {
  await using place = await s3Place({ objects: { 'bucket/a': bytesOf(10) } });
  const objects = cached(place.objects, join(mkdtempSync(join(folder, 'parent-')), 'new'));
  await wholeOf('s3://bucket/a', objects);
  expect(statSync(cacheRoot(objects.cache.dir)).mode & 0o777).toBe(0o700);
});

it('wrong options are refused', () => {
  const read =
    (cache: object, rest = {}) =>
    () =>
      readObjects([], { cache, ...rest } as object);
  expect(read({})).toThrow(UsageError);
  expect(read({ dir: '' })).toThrow('cache: expected dir to be a path');
  expect(read({ dir: 'x', maxBytes: 1000 })).toThrow(
    'cache: expected maxBytes to be an integer >= 67108864 (64 MiB), got 1000',
  );
  expect(read({ dir: 'x', size: 1 })).toThrow('cache: unknown option size');
  expect(read({ dir: 'x' }, { single: true })).toThrow('cache: cannot be combined with single');
});
