import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { openTFRecordWriter } from '../../../src/records/write/index.ts';
import { openDescriptors, tempDir } from '../../support/temp-dir.ts';
import { bytesOf, failureOf, namesIn, recordsOf } from './written.ts';

const all = tempDir();
const one = [Uint8Array.of(1, 2, 3)];
let count = 0;
/** An empty directory for each test. */
let folder: string;
let path: string;
beforeEach(() => {
  folder = all.file(String(count++));
  mkdirSync(folder);
  path = join(folder, 'data.tfrecord');
});

async function write(to: string, options?: Parameters<typeof openTFRecordWriter>[1]): Promise<void> {
  const writer = await openTFRecordWriter(to, { overwrite: true, ...options });
  for (const payload of one) await writer.write(payload);
  await writer.close();
}

test('the file does not exist until it is closed', async () => {
  const writer = await openTFRecordWriter(path, { bufferBytes: 4096 });
  for (let i = 0; i < 100; i++) await writer.write(new Uint8Array(1000));
  await writer.flush();
  expect(existsSync(path)).toBe(false);
  expect(namesIn(folder)).toHaveLength(1);
  await writer.close();
  expect(namesIn(folder)).toEqual(['data.tfrecord']);
  expect(await recordsOf(path)).toHaveLength(100);
});

test('an existing file remains until then, and is replaced atomically', async () => {
  writeFileSync(path, 'older');
  const writer = await openTFRecordWriter(path, { overwrite: true });
  await writer.write(one[0]);
  await writer.flush();
  expect(Buffer.from(bytesOf(path)).toString()).toBe('older');
  await writer.close();
  expect(await recordsOf(path)).toEqual(one);
});

describe('abort', () => {
  test.each(['none', 'gzip', 'zlib'] as const)(
    '%s: nothing is left, and the existing file remains',
    async (compression) => {
      writeFileSync(path, 'older');
      const writer = await openTFRecordWriter(path, { compression, bufferBytes: 4096, overwrite: true });
      for (let i = 0; i < 50; i++) void writer.write(new Uint8Array(3000));
      await writer.abort();
      await writer.abort();
      expect(namesIn(folder)).toEqual(['data.tfrecord']);
      expect(Buffer.from(bytesOf(path)).toString()).toBe('older');
      expect(openDescriptors(folder)).toBe(0);
      expect((await failureOf(() => writer.write(one[0]))).code).toBe('closed');
      expect((await failureOf(() => writer.close())).code).toBe('closed');
    },
  );

  test('after close, it has no effect', async () => {
    const writer = await openTFRecordWriter(path);
    await writer.write(one[0]);
    await writer.close();
    await writer.abort();
    expect(await recordsOf(path)).toEqual(one);
  });
});

describe('links', () => {
  test('a link stays a link, and its target is replaced', async () => {
    mkdirSync(join(folder, 'real'));
    writeFileSync(join(folder, 'real', 'target'), 'older');
    symlinkSync('real/target', path);
    await write(path);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readlinkSync(path)).toBe('real/target');
    expect(await recordsOf(join(folder, 'real', 'target'))).toEqual(one);
    expect(namesIn(join(folder, 'real'))).toEqual(['target']);
  });

  test('a link without a target also stays a link', async () => {
    mkdirSync(join(folder, 'real'));
    symlinkSync('second', path);
    symlinkSync('real/target', join(folder, 'second'));
    await write(path);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(lstatSync(join(folder, 'second')).isSymbolicLink()).toBe(true);
    expect(await recordsOf(join(folder, 'real', 'target'))).toEqual(one);
  });

  test('a link to itself is an error', async () => {
    symlinkSync('data.tfrecord', path);
    expect(await failureOf(() => write(path))).toMatchObject({
      code: 'unsupported-source',
      message: expect.stringContaining('a symbolic link refers to itself; remove or correct the link'),
    });
  });
});

test.each([0o600, 0o640, 0o666, 0o444])('the mode of a replaced file is kept: %o', async (mode) => {
  writeFileSync(path, 'older');
  chmodSync(path, mode);
  await write(path);
  expect(statSync(path).mode & 0o777).toBe(mode);
});

test('the longest possible file name', async () => {
  const long = join(folder, 'n'.repeat(255));
  await write(long);
  expect(await recordsOf(long)).toEqual(one);
});

describe('atomic: false', () => {
  test('is visible as it grows', async () => {
    writeFileSync(path, 'older and longer than what comes now, much longer');
    const writer = await openTFRecordWriter(path, { atomic: false, overwrite: true });
    expect(statSync(path).size).toBe(0);
    await writer.write(one[0]);
    await writer.flush();
    expect(await recordsOf(path)).toEqual(one);
    expect(namesIn(folder)).toEqual(['data.tfrecord']);
    await writer.close();
    expect(await recordsOf(path)).toEqual(one);
  });
});

describe('not a file', () => {
  test('a missing directory', async () => {
    const missing = join(folder, 'missing', 'file');
    const error = await failureOf(() => openTFRecordWriter(missing));
    expect(error).toMatchObject({ code: 'not-found', uri: missing });
  });

  test('a directory in place of a file', async () => {
    expect(await failureOf(() => openTFRecordWriter(folder))).toMatchObject({
      code: 'unsupported-source',
      uri: folder,
    });
    expect(namesIn(folder)).toEqual([]);
  });

  test('a file in place of a directory', async () => {
    writeFileSync(path, '');
    expect((await failureOf(() => openTFRecordWriter(join(path, 'below')))).code).toBe('not-found');
  });

  test('a directory that appears under the name in the meantime', async () => {
    const writer = await openTFRecordWriter(path);
    await writer.write(one[0]);
    mkdirSync(path);
    expect((await failureOf(() => writer.close())).uri).toBe(path);
    expect((await failureOf(() => writer.close())).uri).toBe(path);
    expect(namesIn(folder)).toEqual(['data.tfrecord']);
  });
});
