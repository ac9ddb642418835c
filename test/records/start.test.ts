import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  type ByteSource,
  decodeTFRecords,
  encodeRecordIO,
  encodeTFRecord,
  isRecordpipeError,
  openRecords,
  type RecordReadOptions,
  readRecordIOBatches,
  readRecords,
  readTextLineBatches,
  readTFRecordBatches,
  readTFRecords,
} from '../../src/index.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { webStream } from '../support/rechunk.ts';
import { tempDir } from '../support/temp-dir.ts';

const dir = tempDir();
const payloads = [5, 300, 0, 7, 20_000, 1].map((length, i) => new Uint8Array(length).fill(i + 1));
const frames = payloads.map(encodeTFRecord);
const file = concat(frames);
const path = dir.file('six.tfrecord', file);
const offsetOf = (record: number): number => concat(frames.slice(0, record)).length;

async function read(source: ByteSource, options: Partial<RecordReadOptions>): Promise<Uint8Array[]> {
  const records: Uint8Array[] = [];
  for await (const record of readRecords(source, options)) records.push(record);
  return records;
}

describe('reading begins at the record of `start`', () => {
  const sources: [string, () => ByteSource][] = [
    ['a path', () => path],
    ['a gzip file', () => dir.file('six.tfrecord.gz', gzipSync(file))],
    ['bytes', () => file],
    ['a Blob', () => new Blob([file as BlobPart])],
    ['a web stream', () => webStream([file])],
    ['single bytes', () => [...file].map((byte) => Uint8Array.of(byte))],
  ];
  test.each(sources)('%s', async (_, make) => {
    for (const record of [0, 1, 3, 6]) {
      const start = { record, offset: offsetOf(record) };
      const expected = payloads.slice(record);
      expect(await read(make(), { start })).toEqual(expected);
      expect(await read(make(), { start, format: 'tfrecord', blocking: true })).toEqual(expected);
      expect(await read(make(), { start, reuse: true, copy: true, chunkBytes: 64 })).toEqual(expected);
    }
  });

  test('numbers and positions are those of the whole file, in batches and in errors', async () => {
    const start = { record: 3, offset: offsetOf(3) };
    for await (const batch of readTFRecordBatches(path, { start })) {
      expect([batch.firstRecord, batch.offset(0)]).toEqual([3, start.offset]);
    }
    const bad = file.slice();
    bad[offsetOf(4) + 15] ^= 1;
    for (const source of [bad, dir.file('bad.tfrecord', bad), webStream([bad])]) {
      const error = { code: 'data-checksum', record: 4, offset: offsetOf(4) };
      await expect(read(source, { start })).rejects.toMatchObject(error);
    }
    expect([...decodeTFRecords(file, { start })]).toEqual(payloads.slice(3));
  });

  test('RecordIO and lines', async () => {
    const recordio = concat(payloads.map((one) => encodeRecordIO(one)));
    const [first] = payloads.map((one) => encodeRecordIO(one).length);
    for await (const batch of readRecordIOBatches(recordio, { start: { record: 1, offset: first } }))
      expect([batch.firstRecord, batch.offset(0), batch.length]).toEqual([1, first, 5]);
    const text = new TextEncoder().encode('one\ntwo\nthree\n');
    for await (const batch of readTextLineBatches(text, { start: { record: 1, offset: 4 }, stripBom: true }))
      expect([batch.firstRecord, batch.offset(0), batch.length]).toEqual([1, 4, 2]);
  });

  test('the error of an earlier read resumes at the first record that was not delivered', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield file.subarray(0, offsetOf(2) + 3);
      throw new Error('ECONNRESET');
    }
    const records: Uint8Array[] = [];
    let failure: unknown;
    try {
      for await (const record of readTFRecords(failing())) records.push(record);
    } catch (error) {
      failure = error;
    }
    if (!isRecordpipeError(failure, 'io-failure')) throw failure;
    expect(records.length).toBe(2);
    for await (const record of readTFRecords(path, { start: failure })) records.push(record);
    expect(records).toEqual(payloads);
  });

  test('openRecords', async () => {
    const { batches } = await openRecords(path, { start: { record: 5, offset: offsetOf(5) } });
    for await (const batch of batches) expect([batch.firstRecord, batch.length]).toEqual([5, 1]);
  });
});

test('a source that ends before `start` is a different source', async () => {
  const start = { offset: file.length + 1 };
  for (const source of [path, file, webStream([file]), dir.file('short.gz', gzipSync(file))])
    await expect(read(source, { start })).rejects.toMatchObject({ code: 'source-changed' });
  expect(() => [...decodeTFRecords(file, { start })]).toThrow(/starts at byte .*, but the source ends at/);
});

test.each([{ offset: -1 }, { record: 0.5 }, { offset: '5' }, 5])('%o is not a valid start', (start) => {
  expect(() => readTFRecords(path, { start: start as never })).toThrow(/^start/);
});

test('a position belongs to one file: with several, `start` is a usage error', async () => {
  expect(() => readRecords([path, path] as never, { start: { record: 1, offset: offsetOf(1) } })).toThrow(
    /start: a position applies to one file/,
  );
});
