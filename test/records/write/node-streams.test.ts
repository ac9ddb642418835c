import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip, gzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { createTFRecordDecoder, createTFRecordEncoder } from '../../../src/records/write/index.ts';
import { rechunk } from '../../support/rechunk.ts';
import { openDescriptors, tempDir } from '../../support/temp-dir.ts';
import {
  bytesOf,
  encoded,
  expectBytes,
  expectRecords,
  failureOf,
  recordsOf,
  somePayloads,
} from './written.ts';

const folder = tempDir();
const payloads = somePayloads(12);
const file = encoded(payloads);

function collector(): { sink: Writable; records: Uint8Array[] } {
  const records: Uint8Array[] = [];
  const sink = new Writable({
    objectMode: true,
    write(record: Uint8Array, _encoding, done) {
      records.push(record);
      done();
    },
  });
  return { sink, records };
}

test('records to a file and back', async () => {
  const path = folder.file('plain');
  await pipeline(Readable.from(payloads), createTFRecordEncoder(), createWriteStream(path));
  expectBytes(bytesOf(path), file);
  const { sink, records } = collector();
  await pipeline(createReadStream(path, { highWaterMark: 1000 }), createTFRecordDecoder(), sink);
  expectRecords(records, payloads);
});

test('through gzip, by Node and by recordpipe', async () => {
  const path = folder.file('gzip');
  await pipeline(Readable.from(payloads), createTFRecordEncoder(), createGzip(), createWriteStream(path));
  expectRecords(await recordsOf(path), payloads);
  for (const steps of [[createGunzip(), createTFRecordDecoder()], [createTFRecordDecoder()]]) {
    const { sink, records } = collector();
    await pipeline([createReadStream(path), ...steps, sink]);
    expectRecords(records, payloads);
  }
});

test.each([1, 7, 4096])('chunks of %i bytes; records are kept while more come', async (size) => {
  const records: Uint8Array[] = [];
  for await (const record of Readable.from(rechunk(file, size)).pipe(createTFRecordDecoder()))
    records.push(record);
  expectRecords(records, payloads);
});

test('encoded bytes come out of an encoder and go into a decoder without a file', async () => {
  const { sink, records } = collector();
  await pipeline(Readable.from(payloads), createTFRecordEncoder(), createTFRecordDecoder(), sink);
  expectRecords(records, payloads);
});

describe('an empty input', () => {
  test('no records, no bytes', async () => {
    const { sink, records } = collector();
    await pipeline(Readable.from([]), createTFRecordEncoder(), createTFRecordDecoder(), sink);
    expect(records).toEqual([]);
  });
});

describe('errors', () => {
  test.each([
    ['damage', Uint8Array.from(file.with(file.length - 1, file[file.length - 1] ^ 1)), 'data-checksum'],
    ['a truncated file', file.subarray(0, -1), 'truncated-record'],
    ['a truncated gzip file', gzipSync(file).subarray(0, -1), 'truncated-compressed-stream'],
  ])('%s: the valid records, then the error', async (_name, bytes, code) => {
    const { sink, records } = collector();
    const source = Readable.from(rechunk(bytes, 1000));
    const error = await failureOf(() => pipeline(source, createTFRecordDecoder({ uri: 'name' }), sink));
    expect(error).toMatchObject({ code, uri: 'name' });
    expectRecords(records, code === 'truncated-compressed-stream' ? payloads : payloads.slice(0, -1));
    expect(source.destroyed).toBe(true);
  });

  test('the source of a failed decoder is closed', async () => {
    const path = folder.file('not-tfrecord');
    await pipeline(Readable.from(['<html>'.repeat(100_000)]), createWriteStream(path));
    const { sink } = collector();
    const error = await failureOf(() => pipeline(createReadStream(path), createTFRecordDecoder(), sink));
    expect(error.code).toBe('length-checksum');
    await vi.waitFor(() => expect(openDescriptors(folder.path)).toBe(0));
  });

  test('a source that fails destroys the decoder', async () => {
    const failure = new Error('broken');
    const source = Readable.from(
      (async function* () {
        yield file.subarray(0, 5000);
        throw failure;
      })(),
    );
    const { sink } = collector();
    await expect(pipeline(source, createTFRecordDecoder(), sink)).rejects.toThrow('broken');
  });

  test('a sink that fails destroys the decoder and its source', async () => {
    const source = Readable.from(rechunk(file, 100));
    const sink = new Writable({
      objectMode: true,
      write: (_record, _encoding, done) => done(new Error('full')),
    });
    await expect(pipeline(source, createTFRecordDecoder(), sink)).rejects.toThrow('full');
    expect(source.destroyed).toBe(true);
  });

  test.each([['text'], [5], [new Uint16Array(3)], [{ length: 3 }]])('%j is not a record', async (value) => {
    const { sink } = collector();
    await expect(pipeline(Readable.from([value]), createTFRecordEncoder(), sink)).rejects.toThrow(UsageError);
  });

  test('text is not bytes', async () => {
    const { sink } = collector();
    const error = await failureOf(() => pipeline(Readable.from(['text']), createTFRecordDecoder(), sink));
    expect(error.code).toBe('unsupported-source');
  });

  test('an invalid option is a UsageError', async () => {
    const make = async (): Promise<void> => {
      const { sink } = collector();
      await pipeline(Readable.from([file]), createTFRecordDecoder({ checksum: 'no' as 'off' }), sink);
    };
    await expect(make()).rejects.toThrow(UsageError);
  });

  test('a reader that stops early closes the source', async () => {
    const path = folder.file('early');
    await pipeline(Readable.from([file, file, file]), createWriteStream(path));
    const source = createReadStream(path, { highWaterMark: 500 });
    const decoder = source.pipe(createTFRecordDecoder());
    for await (const record of decoder) {
      expect(record).toEqual(payloads[0]);
      break;
    }
    source.destroy();
    await once(source, 'close');
    await vi.waitFor(() => expect(openDescriptors(folder.path)).toBe(0));
  });
});

describe('backpressure', () => {
  test('a slow sink slows down the source', async () => {
    let given = 0;
    let most = 0;
    let taken = 0;
    const chunk = encoded(Array.from({ length: 10 }, () => new Uint8Array(1000)));
    const source = Readable.from(
      (async function* () {
        for (let i = 0; i < 300; i++) {
          given += 10;
          most = Math.max(most, given - taken);
          yield chunk;
        }
      })(),
    );
    const sink = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write(_record, _encoding, done) {
        taken++;
        setImmediate(done);
      },
    });
    await pipeline(source, createTFRecordDecoder(), sink);
    expect(taken).toBe(3000);
    // Only a few of the three hundred chunks are buffered in each stream.
    expect(most).toBeLessThan(800);
  });

  test('an encoder takes no more records than its reader requests', async () => {
    let given = 0;
    const source = Readable.from(
      (function* () {
        for (; given < 10_000; given++) yield new Uint8Array(10_000);
      })(),
    );
    const encoder = source.pipe(createTFRecordEncoder());
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(given).toBeLessThan(100);
    source.destroy();
    encoder.destroy();
  });
});
