import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import {
  checkIndex,
  openIndexed,
  openMXIndexedRecordIO,
  openMXIndexedRecordIOWriter,
} from '../../../src/records/indexes/index.ts';
import { openRecordIOWriter } from '../../../src/records/write/index.ts';
import { MAGIC, oracleFileRecordIO } from '../../support/oracle-recordio.ts';
import { concat } from '../../support/oracle-tfrecord.ts';
import { Random } from '../../support/random.ts';
import { randomRuns } from '../../support/random-runs.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();
const idx = temp.file('x.idx');
const rec = temp.file('x.rec');
const code = (name: string): unknown => expect.objectContaining({ code: name });
const random = new Random(5);
const PAYLOADS = [0, 3, 4, 100, 4080, 4096, 5000, 70_000, 1_500_000]
  .map((length) => random.bytes(length))
  .concat([
    MAGIC,
    concat([MAGIC, MAGIC]),
    concat([random.bytes(4000), MAGIC, random.bytes(300), MAGIC, random.bytes(2_000_000)]),
  ]);

test('keys in any order, repeated, of any size', async () => {
  const keys = [7, -3, 0, 2n ** 53n + 1n, 7, 2n ** 62n, 5, 6, 2 ** 53 - 1, 1, 2, 3];
  const writer = await openMXIndexedRecordIOWriter(idx, rec, { overwrite: true });
  for (const [i, key] of keys.entries()) await writer.write(key, PAYLOADS[i]);
  expect(existsSync(idx)).toBe(false);
  expect(await writer.close()).toMatchObject({ path: rec, records: keys.length });
  expect(readFileSync(rec).equals(oracleFileRecordIO(PAYLOADS))).toBe(true);

  await using reader = await openMXIndexedRecordIO(idx, rec);
  expect(reader.keys()).toEqual(keys);
  expect(reader.length).toBe(keys.length);
  for (const [i, key] of keys.entries()) {
    // The last record of a key is used.
    expect(Buffer.compare(await reader.get(key), PAYLOADS[i === 0 ? 4 : i])).toBe(0);
    expect(reader.has(key)).toBe(true);
  }
  expect(await reader.get(7n)).toEqual(PAYLOADS[4]);
  expect(reader.has(99)).toBe(false);
  await expect(reader.get(99)).rejects.toThrow(UsageError);
  await expect(reader.get(0.5)).rejects.toThrow(UsageError);
  await expect(reader.get('7')).rejects.toThrow(UsageError);
  // The first record of key 7 cannot be read by key, but by number.
  await expect(checkIndex(rec)).rejects.toThrow(/repeats key 7 \(on 2 lines\): 1 of 12 records/);
  await using file = await openIndexed(rec);
  expect(await file.get(3)).toEqual(PAYLOADS[3]);
});

test('text keys', async () => {
  const keys = ['train/größe 1.jpg', '0', '007', 'a b'];
  const writer = await openMXIndexedRecordIOWriter(idx, rec, { keys: 'text', overwrite: true });
  for (const key of keys) await writer.write(key, Buffer.from(key));
  for (const key of ['', 'a\tb', 'a\n', ' a', 'a\r'])
    expect(() => writer.write(key, MAGIC)).toThrow(code('unrepresentable'));
  expect(() => writer.write(1, MAGIC)).toThrow(UsageError);
  await writer.close();
  await using reader = await openMXIndexedRecordIO(idx, rec, { keys: 'text' });
  expect(reader.keys()).toEqual(keys);
  for (const key of keys) expect(Buffer.from(await reader.get(key)).toString()).toBe(key);
  await expect(openMXIndexedRecordIO(idx, rec)).rejects.toThrow("keys: 'text' accepts the key");
  await expect(openMXIndexedRecordIO(idx, rec, { keys: 'no' as 'text' })).rejects.toThrow(UsageError);
});

test('any payloads and keys', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.bigInt(-(2n ** 70n), 2n ** 70n), fc.uint8Array({ maxLength: 50 })), {
        maxLength: 30,
      }),
      async (records) => {
        const writer = await openMXIndexedRecordIOWriter(idx, rec, { overwrite: true });
        for (const [key, payload] of records) await writer.write(key, payload);
        await writer.close();
        await using reader = await openMXIndexedRecordIO(idx, rec);
        expect(reader.keys().map(BigInt)).toEqual(records.map(([key]) => key));
        for (const [key, payload] of new Map(records)) expect(await reader.get(key)).toEqual(payload);
      },
    ),
    { numRuns: randomRuns(40) },
  );
});

describe('errors', () => {
  const write = async (text: string): Promise<void> => {
    const writer = await openRecordIOWriter(rec, { overwrite: true });
    for (const payload of [PAYLOADS[1], PAYLOADS[3], PAYLOADS[9]]) await writer.write(payload);
    await writer.close();
    writeFileSync(idx, text);
  };

  test.each([
    '0',
    '0 0\n',
    '\t0\n',
    '0\tx\n',
    '0\t1x\n',
    '0\t-1\n',
    'x\t0\n',
    '0\t99999999999999999999\n',
    '\n',
  ])('%j', async (text) => {
    await write(text);
    await expect(openMXIndexedRecordIO(idx, rec)).rejects.toThrow(code('malformed-index'));
  });

  test('like MXNet, accepts blanks, a sign, further columns, and no last line end', async () => {
    await write(' 5\t 0 \r\n+6\t12\tmore\n7\t120');
    await using reader = await openMXIndexedRecordIO(idx, rec);
    expect(reader.keys()).toEqual([5, 6, 7]);
    expect(await reader.get(6)).toEqual(PAYLOADS[3]);
  });

  test('positions without a record, and after the data', async () => {
    await write('0\t4\n1\t12\n');
    await using reader = await openMXIndexedRecordIO(idx, rec);
    await expect(reader.get(0)).rejects.toMatchObject({ code: 'index-mismatch', offset: 4, uri: rec });
    expect(await reader.get(1)).toEqual(PAYLOADS[3]);
    await expect(checkIndex(rec, { indexPath: idx })).rejects.toThrow(code('index-mismatch'));
    await write('0\t0\n1\t1000000\n');
    await expect(openMXIndexedRecordIO(idx, rec)).rejects.toThrow(code('index-mismatch'));
  });

  test('truncated records, whole and in parts', async () => {
    const whole = oracleFileRecordIO([
      PAYLOADS[3],
      concat([PAYLOADS[3], MAGIC, PAYLOADS[3], MAGIC.slice(1, 2)]),
    ]);
    for (const end of [327, 324, 224, 220, 216, 114, 50]) {
      writeFileSync(rec, whole.subarray(0, end));
      writeFileSync(idx, end > 108 ? '0\t0\n1\t108\n' : '0\t0\n');
      await using reader = await openMXIndexedRecordIO(idx, rec);
      const last = reader.get(end > 108 ? 1 : 0);
      // Only padding is missing.
      if (end === 327) expect(await last).toHaveLength(205);
      else await expect(last, `${end}`).rejects.toMatchObject({ uri: rec, offset: end > 108 ? 108 : 0 });
    }
  });

  test('calls after close fail, and an aborted writer leaves no files', async () => {
    await write('0\t0\n');
    const reader = await openMXIndexedRecordIO(idx, rec);
    await reader.close();
    await expect(reader.get(0)).rejects.toThrow(code('closed'));
    const [index, data] = [temp.file('new.idx'), temp.file('new.rec')];
    const writer = await openMXIndexedRecordIOWriter(index, data);
    await writer.write(1, MAGIC);
    await writer.abort();
    expect(() => writer.write(2, MAGIC)).toThrow(code('closed'));
    expect([existsSync(index), existsSync(data)]).toEqual([false, false]);
  });
});

test('more keys than the buffer holds', async () => {
  const writer = await openMXIndexedRecordIOWriter(idx, rec, { overwrite: true });
  for (let i = 0; i < 200_000; i++) {
    const full = writer.write(i, Uint8Array.of(i));
    if (full) await full;
  }
  await writer.close();
  await using reader = await openMXIndexedRecordIO(idx, rec);
  expect(reader.length).toBe(200_000);
  expect(await reader.get(199_999)).toEqual(Uint8Array.of(199_999));
  await using file = await openIndexed(rec);
  expect(file.length).toBe(200_000);
  expect(await checkIndex(rec)).toMatchObject({ records: 200_000 });
});

test('data and index must be two files', async () => {
  const both = temp.file('both');
  for (const other of [both, `${temp.path}/./both`])
    await expect(openMXIndexedRecordIOWriter(both, other)).rejects.toThrow(code('unsupported-source'));
  expect(existsSync(both)).toBe(false);
});

test('a signal removes both files, whether or not the caller continues', async () => {
  const controller = new AbortController();
  const paths = [temp.file('signalled.idx'), temp.file('signalled.rec')] as const;
  const writer = await openMXIndexedRecordIOWriter(...paths, { signal: controller.signal });
  for (let key = 0; key < 10_000; key++) await writer.write(key, Uint8Array.of(1));
  controller.abort();
  expect(() => writer.write(1, Uint8Array.of(1))).toThrow(code('aborted'));
  await vi.waitFor(() =>
    expect(readdirSync(temp.path).filter((name) => name.includes('signalled'))).toEqual([]),
  );
  await expect(writer.close()).rejects.toThrow(code('aborted'));
});
