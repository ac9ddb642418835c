import { describe, expect, test } from 'vitest';
import { readRecordIO, scanRecordIO } from '../../src/index.ts';
import { oracleFileRecordIO, oraclePart } from '../support/oracle-recordio.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { where } from '../support/outcome.ts';
import { rechunk } from '../support/rechunk.ts';
import { tempDir } from '../support/temp-dir.ts';
import { recordIOWays } from '../support/ways.ts';

const { decodeAll, readAll, scan } = recordIOWays;
const dir = tempDir();
const LONGEST = 2 ** 29 - 1;
const file = oracleFileRecordIO([new Uint8Array(10), new Uint8Array(3)]);
const nothing = new Uint8Array(0);

/** Yields the file, a part that declares `length`, and then junk for as long as it is requested. */
async function* endless(flag: number, length: number, pulls: { count: number }): AsyncGenerator<Uint8Array> {
  yield concat([file, oraclePart(nothing, flag, length)]);
  for (;;) {
    pulls.count++;
    yield new Uint8Array(1 << 16);
  }
}

describe('a length beyond the limit', () => {
  const place = { code: 'record-too-large', record: 2, offset: file.length };

  test.each([0, 1])('flag %i: an error before another byte is requested', async (flag) => {
    const pulls = { count: 0 };
    const options = { maxRecordBytes: LONGEST - 4, multipart: 'concat', compression: 'none' } as const;
    expect(where((await readAll(endless(flag, LONGEST, pulls), options)).error)).toEqual(place);
    expect((await scan(endless(flag, LONGEST, pulls), options)).errors.map(where)).toEqual([place]);
    expect(pulls.count).toBe(0);
  });

  test('applies exactly to the sum of parts, including restored magic numbers', async () => {
    const parts = concat([1, 2, 3].map((flag) => oraclePart(new Uint8Array(4), flag)));
    for (const [multipart, length] of [
      ['concat', 12],
      ['dmlc', 20],
    ] as const) {
      for (const size of [1, 1000]) {
        const read = (maxRecordBytes: number) => readAll(rechunk(parts, size), { multipart, maxRecordBytes });
        expect((await read(length)).payloads.map((record) => record.length)).toEqual([length]);
        expect(where((await read(length - 1)).error)).toEqual({
          code: 'record-too-large',
          record: 0,
          offset: 0,
        });
      }
      expect((await scan(parts, { multipart, maxRecordBytes: length })).errorCount).toBe(0);
      expect((await scan(parts, { multipart, maxRecordBytes: length - 1 })).errorCount).toBe(1);
    }
  });
});

describe('a length within the limit but beyond the file', () => {
  test.each([
    ['one part', 0, nothing],
    ['a later part', 3, oraclePart(new Uint8Array(8), 1)],
  ])('%s: an error before anything is buffered, if the size is known', async (_name, flag, before) => {
    const cut = concat([file, before, oraclePart(nothing, flag, LONGEST), new Uint8Array(5000)]);
    const place = { code: 'truncated-record', record: 2, offset: file.length };
    const path = dir.file('cut.rec', cut);
    for (const source of [path, cut, new Blob([cut.slice()])]) {
      for (const recover of ['none', 'scan'] as const) {
        const { error, payloads } = await readAll(source, { chunkBytes: file.length + 40, recover });
        expect(payloads.length).toBe(2);
        expect(where(error)).toEqual(place);
        expect(error?.message).toContain(`${LONGEST + 8} bytes, but the stream has 5008`);
      }
      expect((await scan(source)).errors.map(where)).toEqual([place]);
    }
    for (const size of [1, 100]) {
      expect(where((await readAll(rechunk(cut, size))).error)).toEqual(place);
    }
    expect(where(decodeAll(cut).error)).toEqual(place);
  });

  test('memory grows with the bytes that arrive, not with the length', async () => {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield oraclePart(nothing, 1, LONGEST - 3);
      for (let i = 0; i < 64; i++) yield new Uint8Array(1 << 16);
    }
    for (const multipart of ['dmlc', 'concat'] as const) {
      const before = process.memoryUsage().arrayBuffers;
      let most = 0;
      const watched = (async function* () {
        for await (const chunk of source()) {
          most = Math.max(most, process.memoryUsage().arrayBuffers - before);
          yield chunk;
        }
      })();
      const { error } = await readAll(watched, { multipart, compression: 'none' });
      expect(error?.code).toBe('truncated-record');
      expect(most).toBeLessThan(64 * 2 ** 20);
    }
  });
});

test('a scan holds no record of any size', async () => {
  async function* large(): AsyncGenerator<Uint8Array> {
    yield oraclePart(nothing, 1, 2 ** 28 + 1);
    for (let i = 0; i < 256; i++) yield chunk;
    yield new Uint8Array(4);
    yield oraclePart(nothing, 3, 2 ** 28);
    for (let i = 0; i < 256; i++) yield chunk;
  }
  const chunk = new Uint8Array(2 ** 20);
  const before = process.memoryUsage().arrayBuffers;
  const { records, payloadBytes, errors } = await scanRecordIO(large(), {
    multipart: 'concat',
    onProgress: () => expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 2 ** 20),
  });
  expect(errors).toEqual([]);
  expect({ records, payloadBytes }).toEqual({ records: 1, payloadBytes: 2 ** 29 + 1 });
});

test('records around every boundary of a batch, whole and in parts', async () => {
  const sizes = [2 ** 20 - 9, 2 ** 20 - 8, 2 ** 20 - 7, 2 ** 20, 5, 2 ** 21 + 1, 0, 1];
  const payloads = sizes.map((size, i) => new Uint8Array(size).fill(i));
  const magics = payloads.map((payload) => {
    const filled = Uint8Array.from(payload);
    for (let at = 0; at + 4 <= filled.length; at += 4096) filled.set([0x0a, 0x23, 0xd7, 0xce], at);
    return filled;
  });
  for (const wanted of [payloads, magics]) {
    const bytes = oracleFileRecordIO(wanted);
    const path = dir.file('borders.rec', bytes);
    for (const recover of ['none', 'scan'] as const) {
      for (const outcome of [
        decodeAll(bytes, { recover }),
        await readAll(path, { recover }),
        await readAll(path, { recover, reuse: true, chunkBytes: 131072 }),
        await readAll(rechunk(bytes, 99_991), { recover }),
      ]) {
        expect(outcome.error).toBeUndefined();
        expect(outcome.payloads.length).toBe(wanted.length);
        outcome.payloads.forEach((payload, i) => void expect(Buffer.compare(payload, wanted[i])).toBe(0));
      }
    }
    expect(await scan(path)).toMatchObject({ records: wanted.length, errorCount: 0 });
  }
});

test('empty parts are not held forever', async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield oraclePart(nothing, 1);
    for (let i = 0; ; i++) {
      if (i > 1000) throw new Error('nobody stops');
      yield empty;
    }
  }
  const empty = concat(Array.from({ length: 1024 }, () => oraclePart(nothing, 2)));
  const options = {
    multipart: 'concat',
    maxRecordBytes: 10_000,
    recover: 'scan',
    maxCorruptedTotal: 0,
  } as const;
  expect(where((await readAll(endless(), options)).error)).toEqual({
    code: 'record-too-large',
    record: 0,
    offset: 0,
  });
});

test('a record in a million parts is joined quickly', async () => {
  const parts = new Uint8Array(16 * 2 ** 20);
  parts.set(oraclePart(nothing, 1), 0);
  const middle = oraclePart(new Uint8Array(8), 2);
  for (let at = 8; at + 16 <= parts.length - 8; at += 16) parts.set(middle, at);
  parts.set(oraclePart(nothing, 3), parts.length - 8);
  for (const recover of ['none', 'scan'] as const) {
    let bytes = 0;
    for await (const record of readRecordIO([...rechunk(parts, 2 ** 18)], { recover }))
      bytes += record.length;
    expect(bytes).toBe((parts.length / 16 - 1) * 12 + 4);
  }
});
