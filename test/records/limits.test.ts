import { describe, expect, test } from 'vitest';
import { readTFRecords, scanTFRecords } from '../../src/index.ts';
import { concat, oracleFrame } from '../support/oracle-tfrecord.ts';
import { decodeAll, readAll, scan, where } from '../support/outcome.ts';
import { rechunk } from '../support/rechunk.ts';
import { FILE } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const dir = tempDir();
const nothing = new Uint8Array(0);

/**
 * Yields a frame whose header declares `length`, followed by junk for as long as it is requested.
 */
async function* endless(length: bigint, pulls: { count: number }): AsyncGenerator<Uint8Array> {
  yield concat([FILE, oracleFrame(nothing, length).subarray(0, 12)]);
  for (;;) {
    pulls.count++;
    yield new Uint8Array(1 << 16);
  }
}

describe('a length beyond the limit', () => {
  test.each([
    2n ** 31n,
    2n ** 32n - 1n,
    2n ** 32n,
    2n ** 36n,
    2n ** 53n,
    2n ** 53n + 1n,
    2n ** 63n - 1n,
    2n ** 63n,
    2n ** 64n - 1n,
  ])('%i: an error before another byte is requested', async (length) => {
    const place = { code: 'record-too-large', record: 6, offset: FILE.length };
    const pulls = { count: 0 };
    const { payloads, error } = await readAll(endless(length, pulls), { compression: 'none' });
    expect(payloads.length).toBe(6);
    expect(where(error)).toEqual(place);
    expect(error?.message).toContain(`declares ${length} bytes, but the limit is 2147483647`);
    const scanned = await scan(endless(length, pulls));
    expect(scanned.errors.map(where)).toEqual([place]);
    expect(pulls.count).toBe(0);
    const bytes = concat([FILE, oracleFrame(nothing, length)]);
    expect(where(decodeAll(bytes).error)).toEqual(place);
    for (const size of [1, 5]) expect(where((await readAll(rechunk(bytes, size))).error)).toEqual(place);
  });

  test('the limit applies to payload bytes exactly', async () => {
    const bytes = oracleFrame(new Uint8Array(100));
    for (const run of [decodeAll, (b: Uint8Array, o: object) => readAll([...rechunk(b, 3)], o)]) {
      expect((await run(bytes, { maxRecordBytes: 100 })).payloads.length).toBe(1);
      expect((await run(bytes, { maxRecordBytes: 99 })).error?.code).toBe('record-too-large');
      expect((await run(oracleFrame(nothing), { maxRecordBytes: 0 })).payloads.length).toBe(1);
    }
    expect((await scan(bytes, { maxRecordBytes: 99 })).errors[0].code).toBe('record-too-large');
    expect((await scan(bytes, { maxRecordBytes: 100 })).errorCount).toBe(0);
  });

  test('an invalid checksum is reported before an invalid length, which cannot be trusted', () => {
    const frame = oracleFrame(nothing, 2n ** 40n);
    frame[9] ^= 1;
    expect(decodeAll(frame).error?.code).toBe('length-checksum');
    expect(decodeAll(frame, { checksum: 'off' }).error?.code).toBe('record-too-large');
  });
});

describe('a length within the limit but beyond the file', () => {
  const claimed = 2 ** 31 - 1;
  const cut = concat([FILE, oracleFrame(nothing, BigInt(claimed)).subarray(0, 12), new Uint8Array(5000)]);
  const place = { code: 'truncated-record', record: 6, offset: FILE.length };

  test('is an error before anything is buffered, if the size is known', async () => {
    const path = dir.file('cut', cut);
    for (const source of [path, cut, new Blob([cut.slice()])]) {
      const { error, payloads } = await readAll(source, { chunkBytes: FILE.length + 20 });
      expect(payloads.length).toBe(6);
      expect(where(error)).toEqual(place);
      expect(error?.message).toContain(`needs ${claimed + 16} bytes, but the stream has 5012`);
      expect((await scan(source)).errors.map(where)).toEqual([place]);
    }
  });

  test('allocates nothing for it', async () => {
    const path = dir.file('cut', cut);
    const before = process.memoryUsage();
    for (let turn = 0; turn < 20; turn++) {
      expect(where((await readAll(path, { chunkBytes: 4096 })).error)).toEqual(place);
      expect(where((await readAll([...rechunk(cut, 1000)])).error)).toEqual(place);
      expect(where(decodeAll(cut).error)).toEqual(place);
      expect(where((await scan([...rechunk(cut, 1000)])).errors[0])).toEqual(place);
    }
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(100 << 20);
    expect(after.rss - before.rss).toBeLessThan(300 << 20);
  });

  test('memory grows as bytes arrive if the size is unknown', async () => {
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield cut.subarray(0, FILE.length + 12);
      for (let turn = 0; turn < 50; turn++) {
        yield new Uint8Array(1 << 16);
        expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(120 << 20);
      }
    }
    const before = process.memoryUsage().arrayBuffers;
    const { error } = await readAll(slow());
    expect(where(error)).toEqual(place);
    expect(error?.message).toContain(`the stream has ${12 + 50 * 65536}`);
  });
});

test('one record in many chunks is joined in linear time and memory', async () => {
  const payload = new Uint8Array(24 << 20).map((_, i) => i * 31);
  const chunks = 4096;
  const { encodeTFRecord } = await import('../../src/index.ts');
  const bytes = encodeTFRecord(payload);
  let records = 0;
  for await (const record of readTFRecords(rechunk(bytes, Math.ceil(bytes.length / chunks)))) {
    expect(Buffer.compare(record, payload)).toBe(0);
    records++;
  }
  expect(records).toBe(1);
  expect(await scanTFRecords(rechunk(bytes, 10_000))).toMatchObject({ records: 1, errorCount: 0 });
});

test('records around every boundary of kernel memory and of a batch', async () => {
  const { encodeTFRecord } = await import('../../src/index.ts');
  const borders = [16 * 1024, 128 * 1024, 1024 * 1024, 1024 * 1024 - 16];
  const lengths = borders.flatMap((border) =>
    [-28, -17, -16, -13, -12, -5, -4, -1, 0, 1, 4, 12, 16].map((d) => border + d),
  );
  const payloads = lengths.map((length, i) => new Uint8Array(length).fill(i + 1));
  const bytes = concat(payloads.map(encodeTFRecord));
  const path = dir.file('borders', bytes);
  for (const outcome of [
    decodeAll(bytes),
    await readAll(path),
    await readAll(path, { reuse: true, chunkBytes: 131072 }),
  ]) {
    expect(outcome.error).toBeUndefined();
    expect(outcome.payloads.length).toBe(payloads.length);
    outcome.payloads.forEach((payload, i) => void expect(Buffer.compare(payload, payloads[i])).toBe(0));
  }
  for (const chunkBytes of [4096, 131072, 1 << 20]) {
    expect(await scan(path, { chunkBytes })).toMatchObject({ records: payloads.length, errorCount: 0 });
  }
});

test('more empty records than any index can hold at once', async () => {
  const { encodeTFRecord } = await import('../../src/index.ts');
  const empty = encodeTFRecord(nothing);
  const count = 200_000;
  const bytes = new Uint8Array(count * 16);
  for (let i = 0; i < count; i++) bytes.set(empty, 16 * i);
  const decoded = decodeAll(bytes);
  expect(decoded.payloads.length).toBe(count);
  expect(decoded.offsets.every((offset, i) => offset === 16 * i)).toBe(true);
  const path = dir.file('empty records', bytes);
  expect((await readAll(path, { reuse: true, chunkBytes: 100_001 })).offsets).toEqual(decoded.offsets);
  expect(await scan(path)).toMatchObject({ records: count, errorCount: 0, payloadBytes: 0 });
});
