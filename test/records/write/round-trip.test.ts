import { pathToFileURL } from 'node:url';
import { gunzipSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Compression } from '../../../src/index.ts';
import { openTFRecordWriter } from '../../../src/records/write/index.ts';
import { randomRuns } from '../../support/random-runs.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { bytesOf, encoded, expectBytes, expectRecords, recordsOf, somePayloads } from './written.ts';

const folder = tempDir();
const COMPRESSIONS: Compression[] = ['none', 'gzip', 'zlib'];
const INFLATE = { none: (bytes: Uint8Array) => bytes, gzip: gunzipSync, zlib: inflateSync };

describe.each(COMPRESSIONS)('%s', (compression) => {
  describe.each([4096, 4097, 65_536, 1_048_576])('buffers of %i bytes', (bufferBytes) => {
    test.each([true, false])('awaiting each write: %s', async (waits) => {
      const payloads = somePayloads(bufferBytes);
      const path = folder.file(`${compression}-${bufferBytes}-${waits}`);
      const writer = await openTFRecordWriter(path, {
        compression,
        bufferBytes,
        blocking: bufferBytes === 65_536,
      });
      for (const payload of payloads) {
        const taken = writer.write(payload);
        if (waits) await taken;
      }
      const file = await writer.close();
      const bytes = bytesOf(path);
      expectBytes(INFLATE[compression](bytes), encoded(payloads));
      expectRecords(await recordsOf(path), payloads);
      expect(file).toEqual({
        path,
        records: payloads.length,
        payloadBytes: payloads.reduce((sum, { length }) => sum + length, 0),
        bytes: bytes.length,
      });
      expect(writer.frameBytes).toBe(encoded(payloads).length);
      expect(writer.storedBytes).toBe(bytes.length);
    });
  });

  test('no records', async () => {
    const path = folder.file(`${compression}-empty`);
    const file = await (await openTFRecordWriter(path, { compression })).close();
    expect(file.records).toBe(0);
    expectRecords(await recordsOf(path), []);
    if (compression === 'none') expect(file.bytes).toBe(0);
  });

  test('the payload may be reused once write() has returned undefined or its promise has settled', async () => {
    const path = folder.file(`${compression}-scratch`);
    const writer = await openTFRecordWriter(path, { compression, bufferBytes: 4096 });
    const lengths = Array.from({ length: 500 }, (_, i) => (i * 37) % 6000);
    const scratch = new Uint8Array(6000);
    for (const [i, length] of lengths.entries()) {
      scratch.fill(i % 251, 0, length);
      await writer.write(scratch.subarray(0, length));
      scratch.fill(255);
    }
    await writer.close();
    expectRecords(
      await recordsOf(path),
      lengths.map((length, i) => new Uint8Array(length).fill(i % 251)),
    );
  });

  test('any records, any buffer, any mixture of waiting and not waiting', async () => {
    const records = fc.array(fc.record({ length: fc.nat(9000), waits: fc.boolean(), flushes: fc.nat(20) }), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(records, fc.integer({ min: 4096, max: 20_000 }), async (plan, bufferBytes) => {
        const path = folder.file(`${compression}-any`);
        const writer = await openTFRecordWriter(path, {
          compression,
          bufferBytes,
          blocking: bufferBytes % 2 === 0,
          overwrite: true,
        });
        const payloads = plan.map(({ length }, i) => new Uint8Array(length).fill(i + 1));
        for (const [i, { waits, flushes }] of plan.entries()) {
          const taken = writer.write(payloads[i]);
          if (waits) await taken;
          if (flushes === 0) await writer.flush();
        }
        await writer.close();
        expectBytes(INFLATE[compression](bytesOf(path)), encoded(payloads));
      }),
      { numRuns: randomRuns(60) },
    );
  });
});

describe('gzip', () => {
  const write = async (name: string, options: object): Promise<Uint8Array> => {
    const path = folder.file(name);
    const writer = await openTFRecordWriter(path, { compression: 'gzip', overwrite: true, ...options });
    for (const payload of somePayloads(1)) void writer.write(payload);
    await writer.close();
    return bytesOf(path);
  };

  test('no time and no name: the header and the file are always the same', async () => {
    const first = await write('header-1', {});
    expect(Buffer.from(first.subarray(0, 10)).toString('hex')).toBe('1f8b0800000000000003');
    expectBytes(await write('header-2', {}), first);
  });

  test.each([
    { level: 0 },
    { level: 1 },
    { level: 9 },
    { memLevel: 1 },
    { windowBits: 9 },
    { strategy: 1 },
    { strategy: 2 },
    { strategy: 3 },
    { strategy: 4 },
  ])('%j inflates to the same bytes', async (options) => {
    const bytes = await write('tuned', options);
    expectBytes(gunzipSync(bytes), encoded(somePayloads(1)));
  });

  test('the level has an effect', async () => {
    const best = await write('level-9', { level: 9 });
    expect((await write('level-0', { level: 0 })).length).toBeGreaterThan(best.length);
  });
});

test('views of other memory, shared memory and Buffers are written unchanged', async () => {
  const path = folder.file('views');
  const around = Uint8Array.from({ length: 100 }, (_, i) => i);
  const shared = new Uint8Array(new SharedArrayBuffer(5)).fill(9);
  const given = [around.subarray(3, 50), Buffer.from('text'), shared, around.subarray(50, 50)];
  const writer = await openTFRecordWriter(path);
  for (const payload of given) await writer.write(payload);
  await writer.close();
  expectRecords(
    await recordsOf(path),
    given.map((payload) => Uint8Array.from(payload)),
  );
});

test('file: URLs, as objects and as strings', async () => {
  const url = pathToFileURL(folder.file('with space.tfrecord'));
  for (const name of [url, url.href]) {
    const writer = await openTFRecordWriter(name, { overwrite: true });
    await writer.write(Uint8Array.of(5));
    expect((await writer.close()).path).toBe(folder.file('with space.tfrecord'));
    expect(await recordsOf(folder.file('with space.tfrecord'))).toEqual([Uint8Array.of(5)]);
  }
});
