import { mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { RecordpipeError, UsageError } from '../../../src/errors.ts';
import type { Compression } from '../../../src/index.ts';
import {
  DEFAULT_WRITE_OPTIONS,
  openTFRecordShards,
  openTFRecordWriter,
} from '../../../src/records/write/index.ts';
import { readAll } from '../../support/outcome.ts';
import { openDescriptors, tempDir } from '../../support/temp-dir.ts';
import { expectRecords, failureOf, namesIn, recordsOf } from './written.ts';

const COMPRESSIONS: Compression[] = ['none', 'gzip', 'zlib'];
const all = tempDir();
const one = Uint8Array.of(1, 2, 3);
let count = 0;
let folder: string;
let path: string;
beforeEach(() => {
  folder = all.file(String(count++));
  mkdirSync(folder);
  path = join(folder, 'data');
});

describe('close', () => {
  test.each(COMPRESSIONS)('%s: repeated and concurrent calls return the same result', async (compression) => {
    const writer = await openTFRecordWriter(path, { compression });
    void writer.write(one);
    const [first, second] = await Promise.all([writer.close(), writer.close()]);
    expect(second).toBe(first);
    expect(await writer.close()).toBe(first);
    expect(await recordsOf(path)).toEqual([one]);
    expect(openDescriptors(folder)).toBe(0);
  });

  test('nothing can be written or flushed after it', async () => {
    const writer = await openTFRecordWriter(path);
    const closed = writer.close();
    expect(await failureOf(() => writer.write(one))).toMatchObject({ code: 'closed', uri: path });
    expect((await failureOf(() => writer.flush())).code).toBe('closed');
    await closed;
    expect(await failureOf(() => writer.write(one))).toMatchObject({ code: 'closed', uri: path });
    expect(await recordsOf(path)).toEqual([]);
  });
});

describe('flush', () => {
  test.each([...COMPRESSIONS])('%s: a reader sees everything written before', async (compression) => {
    const writer = await openTFRecordWriter(path, { compression, atomic: false, bufferBytes: 4096 });
    const seen: Uint8Array[] = [];
    for (const length of [0, 3, 5000, 10, 300_000, 1, 4080]) {
      seen.push(new Uint8Array(length).fill(length));
      void writer.write(seen.at(-1)!);
      await writer.flush();
      const { payloads: found, error } = await readAll(path);
      // A compressed stream has not been ended yet.
      expect(error?.code).toBe(compression === 'none' ? undefined : 'truncated-compressed-stream');
      expectRecords(found, seen);
    }
    await writer.flush();
    await writer.close();
    expect(await recordsOf(path)).toHaveLength(seen.length);
  });
});

describe('await using', () => {
  test('this Node supports it', () => {
    expect(typeof Symbol.asyncDispose).toBe('symbol');
  });

  test('an exception in the block publishes nothing and keeps an existing file', async () => {
    writeFileSync(path, 'older');
    const interrupted = failureOf(async () => {
      await using writer = await openTFRecordWriter(path, { overwrite: true });
      await writer.write(one);
      throw new RecordpipeError('io-failure', 'the source of the records failed');
    });
    expect((await interrupted).message).toBe('the source of the records failed');
    expect(namesIn(folder)).toEqual(['data']);
    expect(readFileSync(path, 'utf8')).toBe('older');
    expect(openDescriptors(folder)).toBe(0);
  });

  test('an exception in the block publishes no shards', async () => {
    const interrupted = failureOf(async () => {
      await using writer = openTFRecordShards(path, { maxShardBytes: 40 });
      for (let i = 0; i < 51; i++) await writer.write(one);
      throw new RecordpipeError('io-failure', 'the source of the records failed');
    });
    expect((await interrupted).message).toBe('the source of the records failed');
    expect(namesIn(folder)).toEqual([]);
    expect(openDescriptors(folder)).toBe(0);
  });

  test('without close() nothing is published either', async () => {
    {
      await using writer = await openTFRecordWriter(path);
      await writer.write(one);
    }
    expect(namesIn(folder)).toEqual([]);
  });

  test('a close() that is not awaited is still completed', async () => {
    {
      await using writer = await openTFRecordWriter(path);
      await writer.write(one);
      void writer.close();
    }
    expect(await recordsOf(path)).toEqual([one]);
  });

  test('after abort() it leaves nothing and throws nothing', async () => {
    {
      await using writer = await openTFRecordWriter(path);
      await writer.write(one);
      await writer.abort();
    }
    expect(namesIn(folder)).toEqual([]);
  });

  test('after its signal it leaves nothing; the failure is that of write(), not a second one', async () => {
    const controller = new AbortController();
    const error = await failureOf(async () => {
      await using writer = await openTFRecordWriter(path, { signal: controller.signal });
      await writer.write(one);
      controller.abort();
      await writer.write(one);
    });
    expect(error.code).toBe('aborted');
    expect(namesIn(folder)).toEqual([]);
  });

  test('after close(), it does nothing', async () => {
    await using writer = await openTFRecordWriter(path);
    await writer.close();
  });
});

describe('signal', () => {
  test('fired before: nothing is created', async () => {
    const reason = new Error('why');
    const error = await failureOf(() => openTFRecordWriter(path, { signal: AbortSignal.abort(reason) }));
    expect(error).toMatchObject({ code: 'aborted', cause: reason });
    expect(namesIn(folder)).toEqual([]);
  });

  test.each(COMPRESSIONS)(
    '%s: every further call fails, and nothing is left without close()',
    async (compression) => {
      const controller = new AbortController();
      const options = { compression, signal: controller.signal, bufferBytes: 4096 };
      const writer = await openTFRecordWriter(path, options);
      for (let i = 0; i < 30; i++) void writer.write(new Uint8Array(2000));
      const reason = new Error('why');
      controller.abort(reason);
      await vi.waitFor(() => expect(namesIn(folder)).toEqual([]));
      await vi.waitFor(() => expect(openDescriptors(folder)).toBe(0));
      for (const call of [
        () => writer.write(one),
        () => writer.flush(),
        () => writer.close(),
        () => writer.close(),
      ])
        expect(await failureOf(call)).toMatchObject({ code: 'aborted', uri: path, cause: reason });
      await writer.abort();
      expect(namesIn(folder)).toEqual([]);
    },
  );

  test('fired while it closes: the file is complete, or nothing is left', async () => {
    for (let turns = 0; turns < 12; turns++) {
      const controller = new AbortController();
      const writer = await openTFRecordWriter(path, { signal: controller.signal, compression: 'gzip' });
      void writer.write(one);
      const closed = writer.close().then(
        () => true,
        () => false,
      );
      for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      if (await closed) {
        expect(await recordsOf(path)).toEqual([one]);
        unlinkSync(path);
      }
      expect(namesIn(folder)).toEqual([]);
    }
  });

  test('fired after close: the file remains, and the signal has no listeners', async () => {
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    const writer = await openTFRecordWriter(path, { signal: controller.signal });
    await writer.write(one);
    await writer.close();
    expect(removed).toHaveBeenCalled();
    controller.abort();
    expect(await recordsOf(path)).toEqual([one]);
  });
});

describe('arguments', () => {
  test.each([
    { compression: 'GZIP' },
    { compression: 'auto' },
    { level: 10 },
    { level: -2 },
    { level: 1.5 },
    { memLevel: 0 },
    { memLevel: 10 },
    { windowBits: 8 },
    { windowBits: 16 },
    { strategy: -1 },
    { strategy: 5 },
    { bufferBytes: 4095 },
    { bufferBytes: 256 * 1024 * 1024 + 1 },
    { bufferBytes: Number.NaN },
    { bufferBytes: '8192' },
  ])('%j is a UsageError that names the option, and nothing is created', async (options) => {
    const opened = openTFRecordWriter(path, options as object);
    await expect(opened).rejects.toThrow(UsageError);
    await expect(opened).rejects.toThrow(Object.keys(options)[0]);
    expect(namesIn(folder)).toEqual([]);
  });

  test.each([
    { level: -1 },
    { level: 9 },
    { memLevel: 1 },
    { windowBits: 9 },
    { strategy: 4 },
    { bufferBytes: 4096 },
    { compression: undefined },
  ])('%j is valid', async (options) => {
    await (await openTFRecordWriter(path, options as object)).close();
  });

  test.each(['text', [1, 2], Uint16Array.of(1), new ArrayBuffer(3), null, undefined, 5])(
    'not a record: %j',
    async (payload) => {
      const writer = await openTFRecordWriter(path);
      expect(() => writer.write(payload as unknown as Uint8Array)).toThrow(UsageError);
      await writer.write(one);
      expect((await writer.close()).records).toBe(1);
      expect(await recordsOf(path)).toEqual([one]);
    },
  );

  test('a record that is too large for a frame', async () => {
    const writer = await openTFRecordWriter(path);
    const huge = new Uint8Array(0);
    Object.defineProperty(huge, 'length', { value: 2 ** 32 - 63 });
    expect(() => writer.write(huge)).toThrow(UsageError);
    await writer.close();
    expect(await recordsOf(path)).toEqual([]);
  });

  test('the defaults are the documented ones, and frozen', () => {
    expect(Object.isFrozen(DEFAULT_WRITE_OPTIONS)).toBe(true);
    expect(DEFAULT_WRITE_OPTIONS).toEqual({
      compression: 'none',
      level: -1,
      memLevel: 9,
      overwrite: false,
      windowBits: 15,
      strategy: 0,
      append: false,
      atomic: true,
      sync: false,
      blocking: false,
      bufferBytes: 1_048_576,
      signal: undefined,
    });
  });

  test('sync: bytes are flushed to the device', async () => {
    for (const compression of COMPRESSIONS) {
      const writer = await openTFRecordWriter(path, { sync: true, compression, overwrite: true });
      await writer.write(one);
      await writer.close();
      expect(await recordsOf(path)).toEqual([one]);
    }
  });
});
