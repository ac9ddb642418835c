import { describe, expect, test } from 'vitest';
import { Dataset } from '../../src/dataset/index.ts';
import {
  decodeRecordIO,
  decodeTextLines,
  decodeTFRecords,
  encodeRecordIO,
  encodeTFRecord,
  readRecordBatches,
  readRecords,
  readTFRecordBatches,
  readTFRecords,
  scanTFRecords,
} from '../../src/index.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { tempDir } from '../support/temp-dir.ts';

const dir = tempDir();
const payloads = Array.from({ length: 100 }, (_, i) => new Uint8Array(i).fill(i));
const file = concat(payloads.map(encodeTFRecord));
const path = dir.file('hundred.tfrecord', file);

describe('copy: true', () => {
  test('each record has its own buffer of exactly its size, also with reuse', async () => {
    for (const reuse of [false, true]) {
      const records: Uint8Array[] = [];
      for await (const record of readTFRecords(path, { copy: true, reuse, chunkBytes: 128 }))
        records.push(record);
      expect(records).toEqual(payloads);
      expect(records.map(({ buffer }) => buffer.byteLength)).toEqual(payloads.map(({ length }) => length));
    }
  });

  test('in batches, decoders and datasets', async () => {
    for await (const batch of readTFRecordBatches(path, { copy: true })) {
      expect(batch.record(5).buffer.byteLength).toBe(5);
      expect([...batch].every((record) => record.buffer.byteLength === record.length)).toBe(true);
    }
    const options = { copy: true };
    const line = new TextEncoder().encode('a\nbb\n');
    const recordio = encodeRecordIO(Uint8Array.of(1));
    for (const records of [
      decodeTFRecords(file, options),
      decodeRecordIO(recordio, options),
      decodeTextLines(line, options),
      await Dataset.records(path, options).toArray(),
    ])
      for (const record of records) expect(record.buffer.byteLength).toBe(record.length);
  });

  test('transferring a record does not detach others', async () => {
    const [first, second] = [
      ...decodeTFRecords(concat([encodeTFRecord(Uint8Array.of(1)), file]), { copy: true }),
    ];
    structuredClone(first, { transfer: [first.buffer as ArrayBuffer] });
    expect([first.length, second.length]).toEqual([0, 0]);
    const kept: Uint8Array[] = [];
    for await (const record of readRecords(path, { copy: true })) kept.push(record);
    structuredClone(kept[7], { transfer: [kept[7].buffer as ArrayBuffer] });
    expect(kept[8]).toEqual(payloads[8]);
  });
});

describe('a record that is kept never changes', () => {
  const large = Array.from({ length: 300 }, (_, i) => new Uint8Array(20_000 + i).fill(i));
  const source = dir.file('large.tfrecord', concat(large.map(encodeTFRecord)));
  const other = dir.file(
    'other.tfrecord',
    concat(large.map(({ length }) => encodeTFRecord(new Uint8Array(length).fill(255)))),
  );

  test.each([false, true])('also if only a part or its buffer is kept, blocking %s', async (blocking) => {
    const options = { blocking, chunkBytes: 256 * 1024 };
    const parts: Uint8Array[] = [];
    const buffers: { buffer: ArrayBufferLike; at: number }[] = [];
    for await (const record of readTFRecords(source, options)) {
      if (parts.length <= buffers.length) parts.push(record.subarray(100, 200));
      else buffers.push({ buffer: record.buffer, at: record.byteOffset });
    }
    // Other readers and scans allocate and free far more memory than the kept records occupy.
    for (let pass = 0; pass < 12; pass++) {
      for await (const _record of readTFRecords(other, { ...options, reuse: pass % 2 === 0 }));
      expect(await scanTFRecords(other, options)).toMatchObject({ records: 300, errorCount: 0 });
    }
    expect(parts.map((part) => part[50])).toEqual(parts.map((_, k) => (2 * k) & 0xff));
    expect(buffers.map(({ buffer, at }) => new Uint8Array(buffer, at, 100)[50])).toEqual(
      buffers.map((_, k) => (2 * k + 1) & 0xff),
    );
  });
});

describe('records that have been read cannot be iterated again', () => {
  const again = { code: 'closed', message: expect.stringContaining('can be read only once') };

  test.each<[string, () => AsyncIterable<unknown>]>([
    ['readTFRecords', () => readTFRecords(path)],
    ['readTFRecordBatches', () => readTFRecordBatches(path)],
    ['readRecords', () => readRecords(path)],
    ['readRecordBatches', () => readRecordBatches(path)],
    ['Dataset.iterate', () => Dataset.range(3).iterate()],
  ])('%s: a closed error instead of no records, after the end and after a break', async (_, make) => {
    for (const early of [false, true]) {
      const records = make();
      for await (const _record of records) if (early) break;
      await expect(async () => {
        for await (const _record of records);
      }).rejects.toMatchObject(again);
    }
  });

  test('a failed reader stays failed', async () => {
    const records = readTFRecords([file.subarray(0, 3)]);
    await expect(records.next()).rejects.toMatchObject({ code: 'truncated-header' });
    expect(() => records[Symbol.asyncIterator]()).toThrow(/only once/);
  });

  test('an iteration that has not ended continues', async () => {
    const records = readTFRecords(path);
    await records.next();
    let rest = 0;
    for await (const _record of records) rest++;
    expect(rest).toBe(99);
  });

  test('generators of decoders', () => {
    const records = decodeTFRecords(file);
    expect([...records].length).toBe(100);
    expect(() => [...records]).toThrow(expect.objectContaining(again));
  });

  test('a dataset can be iterated any number of times', async () => {
    const dataset = Dataset.records(path);
    expect([await dataset.count(), await dataset.count()]).toEqual([100, 100]);
  });
});
