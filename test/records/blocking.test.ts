import { closeSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import {
  encodeTFRecord,
  type ReadOptions,
  type RecordBatch,
  readTFRecordBatches,
  readTFRecords,
  scanTFRecords,
} from '../../src/index.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { tempDir } from '../support/temp-dir.ts';

const dir = tempDir();
const payloads = Array.from({ length: 4000 }, (_, i) => new Uint8Array(i % 700).fill(i));
const path = dir.file('four-thousand.tfrecord', concat(payloads.map(encodeTFRecord)));
const reversed = dir.file('reversed.tfrecord', concat(payloads.map(encodeTFRecord).reverse()));

async function lengths(source: string | number, options: Partial<ReadOptions>): Promise<number[]> {
  const found: number[] = [];
  for await (const record of readTFRecords(source, options)) {
    if (record.at(0) !== record.at(-1)) throw new Error('a record contains bytes of another one');
    found.push(record.length);
  }
  return found;
}

const expected = payloads.map(({ length }) => length);

describe('a descriptor with blocking reads, which has no position', () => {
  test.each([{}, { recover: 'scan' as const }])('is scanned like its path, with %j', async (options) => {
    for (const chunkBytes of [1000, 64 * 1024]) {
      const descriptor = openSync(path, 'r');
      const scan = await scanTFRecords(descriptor, { ...options, blocking: true, chunkBytes });
      closeSync(descriptor);
      expect(scan).toMatchObject({ records: 4000, errorCount: 0 });
    }
  });

  test('is read like its path, with and without reuse', async () => {
    for (const reuse of [false, true]) {
      const descriptor = openSync(path, 'r');
      expect(await lengths(descriptor, { blocking: true, reuse, chunkBytes: 50_000 })).toEqual(expected);
      closeSync(descriptor);
    }
  });

  test('a file handle is scanned like its path', async () => {
    await using handle = await open(path);
    expect(await scanTFRecords(handle, { blocking: true })).toMatchObject({ records: 4000, errorCount: 0 });
  });
});

describe('readers with reuse', () => {
  test.each([false, true])('take over the buffers of earlier ones, blocking %s', async (blocking) => {
    const options = { blocking, reuse: true, chunkBytes: 70_000 };
    for (let pass = 0; pass < 3; pass++) {
      expect(await lengths(path, options)).toEqual(expected);
      expect(await lengths(reversed, options)).toEqual(expected.toReversed());
    }
  });

  test.each([false, true])('share no buffers while they read, blocking %s', async (blocking) => {
    const options = { blocking, reuse: true, chunkBytes: 70_000 };
    for (let pass = 0; pass < 2; pass++) {
      const both = [path, reversed].map((file) => lengths(file, options));
      expect(await Promise.all(both)).toEqual([expected, expected.toReversed()]);
    }
  });

  test('an unfinished reader keeps its buffers', async () => {
    const options = { reuse: true, chunkBytes: 70_000 };
    const first = readTFRecordBatches(path, options);
    const { value: batch } = await first.next();
    expect(await lengths(reversed, options)).toEqual(expected.toReversed());
    expect([...(batch as RecordBatch)]).toEqual(payloads.slice(0, (batch as RecordBatch).length));
    await first.return();
  });
});

test('a record of a small file keeps little memory alive', async () => {
  const one = dir.file('one.tfrecord', encodeTFRecord(Uint8Array.of(1, 2, 3)));
  for await (const record of readTFRecords(one)) expect(record.buffer.byteLength).toBeLessThan(100_000);
});
