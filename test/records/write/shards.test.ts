import { mkdirSync, readdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { openTFRecordShards, type TFRecordShardOptions } from '../../../src/records/write/index.ts';
import { openDescriptors, tempDir } from '../../support/temp-dir.ts';
import { bytesOf, expectRecords, failureOf, namesIn, recordsOf, somePayloads } from './written.ts';

const all = tempDir();
const prefixName = 'train';
const payloads = somePayloads(8);
let count = 0;
let folder: string;
let prefix: string;
beforeEach(() => {
  folder = all.file(String(count++));
  mkdirSync(folder);
  prefix = join(folder, prefixName);
});

async function write(options: Partial<TFRecordShardOptions>, waits = true): Promise<string[]> {
  const writer = openTFRecordShards(prefix, { bufferBytes: 4096, ...options });
  for (const payload of payloads) {
    const taken = writer.write(payload);
    if (waits) await taken;
  }
  const files = await writer.close();
  expect(files.reduce((sum, { records }) => sum + records, 0)).toBe(payloads.length);
  for (const { path, bytes } of files) expect(statSync(path).size).toBe(bytes);
  expect(namesIn(folder)).toEqual(files.map(({ path }) => path.slice(folder.length + 1)));
  return files.map(({ path }) => path);
}

async function recordsOfAll(paths: string[]): Promise<Uint8Array[]> {
  const records: Uint8Array[] = [];
  for (const path of paths) records.push(...(await recordsOf(path)));
  return records;
}

describe.each([true, false])('waiting for each write: %s', (waits) => {
  test.each([1, 100, 5000, 20_000, 50_000, Number.POSITIVE_INFINITY])(
    'shards of at most %s bytes',
    async (maxShardBytes) => {
      const paths = await write({ maxShardBytes, suffix: '.tfrecord' }, waits);
      const total = paths.length.toString().padStart(5, '0');
      expect(paths).toEqual(
        paths.map((_, i) => `${prefix}-${i.toString().padStart(5, '0')}-of-${total}.tfrecord`),
      );
      expectRecords(await recordsOfAll(paths), payloads);
      const shards = paths.map((path) => bytesOf(path).length);
      for (const [i, path] of paths.entries()) {
        // Only a record that exceeds the limit by itself makes a shard exceed it.
        if (shards[i] > maxShardBytes) expect(await recordsOf(path)).toHaveLength(1);
      }
      // A new shard starts only when needed: the first record of the next shard would not have fit.
      for (let i = 0; i + 1 < paths.length; i++) {
        const [next] = await recordsOf(paths[i + 1]);
        expect(shards[i] + next.length + 16).toBeGreaterThan(maxShardBytes);
      }
    },
  );

  test.each(['gzip', 'zlib'] as const)('%s: the size counts uncompressed', async (compression) => {
    const plain = (await write({ maxShardBytes: 20_000 }, waits)).length;
    for (const name of readdirSync(folder)) unlinkSync(join(folder, name));
    const paths = await write({ maxShardBytes: 20_000, compression }, waits);
    expect(paths).toHaveLength(plain);
    expectRecords(await recordsOfAll(paths), payloads);
  });
});

test('no record makes one empty shard', async () => {
  const files = await openTFRecordShards(prefix).close();
  expect(files).toEqual([{ path: `${prefix}-00000-of-00001`, records: 0, payloadBytes: 0, bytes: 0 }]);
  expect(await recordsOf(files[0].path)).toEqual([]);
});

test('no shard appears before close; then all appear together', async () => {
  const writer = openTFRecordShards(prefix, { maxShardBytes: 1000 });
  for (let i = 0; i < 10; i++) await writer.write(new Uint8Array(500));
  expect(namesIn(folder).every((name) => name.startsWith('.'))).toBe(true);
  const files = await writer.close();
  expect(await writer.close()).toBe(files);
  expect(namesIn(folder)).toHaveLength(10);
  expect(openDescriptors(folder)).toBe(0);
  expect((await failureOf(() => writer.write(payloads[0]))).code).toBe('closed');
  await writer.abort();
  expect(namesIn(folder)).toHaveLength(10);
});

test('finished shards hold no buffers: memory does not grow with their number', async () => {
  const writer = openTFRecordShards(prefix, { maxShardBytes: 1 });
  await writer.write(payloads[3]);
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 300; i++) await writer.write(payloads[3]);
  // Each writer has 3 MiB of buffers.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 1024 * 1024);
  expect(await writer.close()).toHaveLength(301);
});

describe('an older set of the same prefix', () => {
  const writeThree = async (options: object): Promise<void> => {
    const writer = openTFRecordShards(prefix, { maxShardBytes: 30, suffix: '.tfrecord', ...options });
    for (let i = 0; i < 3; i++) await writer.write(new Uint8Array(10).fill(i));
    await writer.close();
  };
  const older = Array.from({ length: 5 }, (_, i) => `${prefixName}-0000${i}-of-00005.tfrecord`);
  const newer = Array.from({ length: 3 }, (_, i) => `${prefixName}-0000${i}-of-00003.tfrecord`);

  test('with a different number of shards is an error at the first record', async () => {
    for (const name of older) writeFileSync(join(folder, name), 'older');
    const writer = openTFRecordShards(prefix, { suffix: '.tfrecord' });
    const error = await failureOf(async () => writer.write(payloads[3]));
    expect(error).toMatchObject({ code: 'already-exists', uri: `${prefix}-00000-of-00005.tfrecord` });
    expect(error.message).toContain(`${older.slice(0, 3).join(', ')} and 2 more`);
    expect(namesIn(folder)).toEqual(older);
  });

  test('that appears while the new one is written is also an error', async () => {
    const writer = openTFRecordShards(prefix, { suffix: '.tfrecord' });
    await writer.write(payloads[3]);
    writeFileSync(join(folder, older[4]), 'older');
    expect((await failureOf(() => writer.close())).code).toBe('already-exists');
    expect(namesIn(folder)).toEqual([older[4]]);
  });

  test('is removed with overwrite, after the new one is complete; other files remain', async () => {
    const others = [`${prefixName}-00000-of-00005.rec`, `${prefixName}2-00000-of-00005.tfrecord`];
    for (const name of [...older, ...others]) writeFileSync(join(folder, name), 'older');
    const broken = openTFRecordShards(prefix, { suffix: '.tfrecord', overwrite: true });
    await broken.write(payloads[3]);
    await broken.abort();
    expect(namesIn(folder)).toEqual([...older, ...others].sort());
    await writeThree({ overwrite: true });
    expect(namesIn(folder)).toEqual([...newer, ...others].sort());
    // With the same number of shards, each is replaced and none is removed.
    await writeThree({ overwrite: true });
    expect(namesIn(folder)).toEqual([...newer, ...others].sort());
  });
});

describe('leaves nothing', () => {
  test('after abort, in any state', async () => {
    for (const records of [0, 1, 2, 7]) {
      const writer = openTFRecordShards(prefix, { maxShardBytes: 1000 });
      for (let i = 0; i < records; i++) void writer.write(new Uint8Array(600));
      await writer.abort();
      await writer.abort();
      expect(namesIn(folder)).toEqual([]);
      expect(openDescriptors(folder)).toBe(0);
      expect((await failureOf(() => writer.write(payloads[0]))).code).toBe('closed');
      expect((await failureOf(() => writer.close())).code).toBe('closed');
    }
  });

  test('after abort inside `await using`, and nothing is thrown', async () => {
    {
      await using writer = openTFRecordShards(prefix, { maxShardBytes: 1000 });
      for (let i = 0; i < 4; i++) await writer.write(new Uint8Array(600));
      await writer.abort();
    }
    expect(namesIn(folder)).toEqual([]);
  });

  test.each([0, 1, 2, 5])('after its signal, fired after %i records', async (records) => {
    const controller = new AbortController();
    const writer = openTFRecordShards(prefix, { maxShardBytes: 1000, signal: controller.signal });
    for (let i = 0; i < records; i++) await writer.write(new Uint8Array(600));
    void writer.write(payloads[0]);
    controller.abort(new Error('why'));
    await vi.waitFor(() => expect(namesIn(folder)).toEqual([]));
    for (const call of [() => writer.write(payloads[0]), () => writer.close(), () => writer.close()])
      expect((await failureOf(call)).code).toBe('aborted');
    await vi.waitFor(() => expect(namesIn(folder)).toEqual([]));
    await vi.waitFor(() => expect(openDescriptors(folder)).toBe(0));
  });

  test('when a file cannot be renamed', async () => {
    const writer = openTFRecordShards(prefix, { maxShardBytes: 1000 });
    for (let i = 0; i < 4; i++) await writer.write(new Uint8Array(600));
    mkdirSync(`${prefix}-00002-of-00004`);
    const error = await failureOf(() => writer.close());
    expect(error.uri).toBe(`${prefix}-00002-of-00004`);
    expect(namesIn(folder)).toEqual(['train-00002-of-00004']);
    await writer.abort();
  });

  test('when the directory does not exist', async () => {
    const writer = openTFRecordShards(join(folder, 'missing', 'train'));
    expect((await failureOf(() => writer.write(payloads[0]))).code).toBe('not-found');
    expect((await failureOf(() => writer.write(payloads[0]))).code).toBe('not-found');
    expect((await failureOf(() => writer.close())).code).toBe('not-found');
  });
});

test.each([
  { maxShardBytes: 0 },
  { maxShardBytes: Number.NaN },
  { level: 11 },
  { compression: 'lz4' },
  { bufferBytes: 1 },
])('%j is a UsageError immediately', (options) => {
  expect(() => openTFRecordShards(prefix, options as object)).toThrow(UsageError);
});

test('options without meaning for shards are ignored', async () => {
  const options = { append: true, atomic: false, maxShardBytes: 1000 };
  const writer = openTFRecordShards(prefix, options);
  for (let i = 0; i < 3; i++) await writer.write(new Uint8Array(600));
  await writer.close();
  expect(namesIn(folder)).toEqual([0, 1, 2].map((i) => `train-0000${i}-of-00003`));
});

test('a thousand shards', async () => {
  const writer = openTFRecordShards(prefix, { maxShardBytes: 1, bufferBytes: 4096 });
  for (let i = 0; i < 1000; i++) await writer.write(Uint8Array.of(i % 256));
  const files = await writer.close();
  expect(files).toHaveLength(1000);
  expect(await recordsOf(`${prefix}-00999-of-01000`)).toEqual([Uint8Array.of(999 % 256)]);
});
