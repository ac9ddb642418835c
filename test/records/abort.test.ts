import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import {
  encodeTFRecord,
  isRecordpipeError,
  openRecords,
  readTFRecords,
  scanTFRecords,
} from '../../src/index.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { readAll } from '../support/outcome.ts';
import { rechunk } from '../support/rechunk.ts';
import { openDescriptors, tempDir } from '../support/temp-dir.ts';

const dir = tempDir();
const file = concat(Array.from({ length: 400 }, (_, i) => encodeTFRecord(new Uint8Array(500).fill(i))));
const path = dir.file('plain', file);
const packed = dir.file('packed', gzipSync(file));

/**
 * Returns a source that yields its chunks and then never responds. It records whether it was
 * closed.
 */
function silentBehind(chunks: Uint8Array[]): AsyncIterable<Uint8Array> & { closed: number } {
  let next = 0;
  const source = {
    closed: 0,
    [Symbol.asyncIterator]() {
      return {
        next: (): Promise<IteratorResult<Uint8Array>> =>
          next < chunks.length
            ? Promise.resolve({ done: false, value: chunks[next++] })
            : new Promise(() => {}),
        return: (): Promise<IteratorResult<Uint8Array>> => {
          source.closed++;
          return Promise.resolve({ done: true, value: undefined });
        },
      };
    },
  };
  return source;
}

async function noneOpen(): Promise<void> {
  await expect.poll(() => openDescriptors(dir.path)).toBe(0);
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

describe('every way of stopping closes the file', () => {
  test.each([path, packed])('to the end: %s', async (source) => {
    expect((await readAll(source)).payloads.length).toBe(400);
    expect(openDescriptors(dir.path)).toBe(0);
  });

  test.each([0, 1, 399])('a break at record %i', async (last) => {
    for (const source of [path, packed]) {
      let count = 0;
      for await (const _ of readTFRecords(source, { chunkBytes: 4096 })) if (count++ === last) break;
      expect(count).toBe(last + 1);
      await noneOpen();
    }
  });

  test('a throw in the loop', async () => {
    await expect(async () => {
      for await (const _ of readTFRecords(path, { chunkBytes: 64 })) throw new Error('mine');
    }).rejects.toThrow('mine');
    await noneOpen();
  });

  test('await using, and return() before the first record', async () => {
    const reader = readTFRecords(path);
    await reader.return();
    expect(await reader.next()).toEqual({ done: true, value: undefined });
    const other = readTFRecords(path, { chunkBytes: 64 });
    await other.next();
    await other[Symbol.asyncDispose]();
    await noneOpen();
    expect((await other.next()).done).toBe(true);
  });

  test('damage', async () => {
    const bad = file.slice();
    bad[100_000] ^= 1;
    const damaged = dir.file('damaged', bad);
    expect((await readAll(damaged, { chunkBytes: 4096 })).error?.code).toBe('data-checksum');
    await noneOpen();
    await scanTFRecords(damaged, { chunkBytes: 4096 });
    await noneOpen();
  });

  test('an invalid option opens nothing', () => {
    expect(() => readTFRecords(path, { checksum: 'none' as never })).toThrow(UsageError);
    expect(openDescriptors(dir.path)).toBe(0);
  });
});

describe('abort', () => {
  test('before the start', async () => {
    const signal = AbortSignal.abort(new Error('no longer wanted'));
    const outcome = await readAll(path, { signal });
    expect(outcome.error?.code).toBe('aborted');
    expect(outcome.error?.cause).toBe(signal.reason);
    await expect(scanTFRecords(path, { signal })).rejects.toMatchObject({ code: 'aborted' });
    expect(openDescriptors(dir.path)).toBe(0);
  });

  test.each(['auto', 'none', 'gzip'] as const)(
    'right after the first pull, compression %s',
    async (compression) => {
      const source = compression === 'gzip' ? packed : path;
      for (let turns = 0; turns < 12; turns++) {
        const controller = new AbortController();
        const first = readTFRecords(source, { compression, signal: controller.signal }).next();
        const outcome = first.then(
          () => 'read',
          (error: unknown) => (isRecordpipeError(error) ? error.code : 'wrong'),
        );
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        controller.abort();
        expect(['read', 'aborted']).toContain(await outcome);
        if ((await outcome) === 'aborted') await noneOpen();
      }
    },
  );

  test.each([1, 5, 12, 40])('at record %i of a file', async (last) => {
    for (const source of [path, packed]) {
      const controller = new AbortController();
      let count = 0;
      await expect(async () => {
        for await (const _ of readTFRecords(source, { chunkBytes: 600, signal: controller.signal })) {
          if (++count === last) controller.abort();
        }
      }).rejects.toMatchObject({ code: 'aborted' });
      expect(count).toBeGreaterThanOrEqual(last);
      expect(count).toBeLessThan(400);
      await noneOpen();
    }
  });

  test('in the middle of a scan', async () => {
    for (const source of [path, packed]) {
      const controller = new AbortController();
      let calls = 0;
      const onProgress = (): void => {
        if (++calls === 2) controller.abort();
      };
      const scan = scanTFRecords(source, { chunkBytes: 100, signal: controller.signal, onProgress });
      await expect(scan).rejects.toMatchObject({ code: 'aborted' });
      expect(calls).toBe(2);
      await noneOpen();
    }
  });

  test.each([0, 5, 12, 700])('while a source waits after %i bytes', async (bytes) => {
    for (const run of ['read', 'scan'] as const) {
      for (const head of [file.subarray(0, bytes), gzipSync(file).subarray(0, bytes)]) {
        const source = silentBehind([...rechunk(head, 300)]);
        const controller = new AbortController();
        setTimeout(() => controller.abort(), 5);
        const { signal } = controller;
        if (run === 'read') expect((await readAll(source, { signal })).error?.code).toBe('aborted');
        else await expect(scanTFRecords(source, { signal })).rejects.toMatchObject({ code: 'aborted' });
        expect(source.closed).toBe(1);
      }
    }
  });

  test('a Node stream is destroyed, a web stream cancelled', async () => {
    const node = new Readable({ read() {} });
    node.push(file.subarray(0, 700));
    expect((await readAll(node, { signal: AbortSignal.timeout(5) })).error?.code).toBe('aborted');
    await expect.poll(() => node.destroyed).toBe(true);

    let cancelled = false;
    const web = new ReadableStream<Uint8Array>({
      cancel() {
        cancelled = true;
      },
    });
    const reader = readTFRecords(web, { signal: AbortSignal.timeout(5) });
    await expect(reader.next()).rejects.toMatchObject({ code: 'aborted' });
    expect(cancelled).toBe(true);
  });

  test('an early break cancels a web stream', async () => {
    let cancelled = false;
    const web = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(file.slice()),
      cancel() {
        cancelled = true;
      },
    });
    for await (const _ of readTFRecords(web)) break;
    expect(cancelled).toBe(true);
  });

  test('removes all listeners', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    await readAll(path, { signal });
    await readAll(packed, { signal });
    await scanTFRecords(path, { signal });
    for await (const _ of readTFRecords(path, { signal, chunkBytes: 64 })) break;
    expect(listeners).toBe(0);
  });

  test('a pipe without a writer: no timer and no pull remains', async () => {
    const fifo = dir.file('fifo');
    execFileSync('mkfifo', [fifo]);
    const reading = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const writing = openSync(fifo, constants.O_WRONLY);
    const before = timers();
    const { error } = await readAll(reading, { signal: AbortSignal.timeout(20) });
    expect(error?.code).toBe('aborted');
    for (let turn = 0; turn < 4000 && timers() > before; turn++) await sleep(5);
    expect(timers()).toBeLessThanOrEqual(before + 1); // Allow for the timer of the sleep itself.
    closeSync(reading);
    closeSync(writing);
  });
});

test.each([true, false])(
  'the size of a file is not requested from a descriptor that an abort has closed (blocking: %s)',
  async (blocking) => {
    const controller = new AbortController();
    const chunks: Uint8Array[] = [];
    const options = { chunkBytes: 700, blocking, signal: controller.signal };
    const { size, batches } = await openRecords(path, options);
    const reading = (async (): Promise<void> => {
      for await (const batch of batches) {
        chunks.push(batch.bytes);
        if (chunks.length > 3) continue;
        controller.abort();
        for (let turn = 0; turn < 4000 && openDescriptors(dir.path) > 0; turn++) await sleep(5);
        expect(openDescriptors(dir.path)).toBe(0);
        // Other files reuse the descriptor.
        const others = Array.from({ length: 20 }, () => openSync('/dev/null', constants.O_RDONLY));
        expect(size?.()).toBe(file.length);
        for (const other of others) closeSync(other);
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
  },
);
