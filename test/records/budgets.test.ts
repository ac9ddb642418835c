import { describe, expect, test } from 'vitest';
import type { RecordpipeError, TFRecordReadOptions } from '../../src/index.ts';
import { oracleFile } from '../support/oracle-tfrecord.ts';
import { decodeAll, readAll, readEach, scan, where } from '../support/outcome.ts';
import { rechunk } from '../support/rechunk.ts';
import { flipped, recordOffsets, withBadPayloads } from '../support/samples.ts';

const PAYLOADS = Array.from({ length: 12 }, (_, i) => new Uint8Array(20 + i).fill(i));
const FILE = oracleFile(PAYLOADS);
const OFFSETS = recordOffsets(PAYLOADS);

interface Result {
  records: number[];
  reported: number[];
  code: string | undefined;
  at: number | undefined;
}

async function read(bad: number[], options: Partial<TFRecordReadOptions>): Promise<Result> {
  const bytes = withBadPayloads(FILE, OFFSETS, bad);
  const results: Result[] = [];
  for (const source of ['sync', [bytes], [...rechunk(bytes, 1)], [...rechunk(bytes, 9)]]) {
    const reported: RecordpipeError[] = [];
    const all = { ...options, onCorrupt: (error: RecordpipeError) => reported.push(error) };
    const { payloads, offsets, error } =
      typeof source === 'string' ? decodeAll(bytes, all) : await readAll(source, all);
    expect(offsets).toEqual(payloads.map(([first]) => OFFSETS[first]));
    for (const one of reported)
      expect(one).toMatchObject({ code: 'data-checksum', offset: OFFSETS[one.record!] });
    results.push({
      records: payloads.map(([first]) => first),
      reported: reported.map(({ record }) => record!),
      code: error?.code,
      at: error?.record,
    });
  }
  for (const result of results) expect(result).toEqual(results[0]);
  return results[0];
}

describe('maxCorruptedRecordsToSkip counts consecutive corrupt records, like the sagemaker readers', () => {
  test.each([
    { bad: [3], skip: 0, records: [0, 1, 2], reported: [], at: 3 },
    { bad: [3], skip: 1, records: [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11], reported: [3] },
    { bad: [3, 5, 7], skip: 1, records: [0, 1, 2, 4, 6, 8, 9, 10, 11], reported: [3, 5, 7] },
    { bad: [3, 4], skip: 1, records: [0, 1, 2], reported: [3], at: 4 },
    { bad: [3, 4], skip: 2, records: [0, 1, 2, 5, 6, 7, 8, 9, 10, 11], reported: [3, 4] },
    { bad: [0, 1, 2, 3], skip: 3, records: [], reported: [0, 1, 2], at: 3 },
    { bad: [10, 11], skip: 2, records: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], reported: [10, 11] },
    { bad: [...PAYLOADS.keys()], skip: 12, records: [], reported: [...PAYLOADS.keys()] },
  ])('skip $skip of $bad', async ({ bad, skip, records, reported, at }) => {
    const code = at === undefined ? undefined : 'data-checksum';
    expect(await read(bad, { maxCorruptedRecordsToSkip: skip })).toEqual({ records, reported, code, at });
  });

  test('a damaged header cannot be skipped, because the next record cannot be found', () => {
    const { error, payloads } = decodeAll(flipped(FILE, OFFSETS[3]), { maxCorruptedRecordsToSkip: 9 });
    expect(where(error)).toEqual({ code: 'length-checksum', record: 3, offset: OFFSETS[3] });
    expect(payloads.length).toBe(3);
  });
});

describe('maxCorruptedTotal counts all corrupt records', () => {
  test.each([
    { bad: [1, 3, 5], total: 2, records: [0, 2, 4], reported: [1, 3], at: 5 },
    { bad: [1, 3, 5], total: 3, records: [0, 2, 4, 6, 7, 8, 9, 10, 11], reported: [1, 3, 5] },
    { bad: [1], total: 0, records: [0], reported: [], at: 1 },
  ])('$total of $bad', async ({ bad, total, records, reported, at }) => {
    const code = at === undefined ? undefined : 'data-checksum';
    const options = { maxCorruptedRecordsToSkip: 5, maxCorruptedTotal: total };
    expect(await read(bad, options)).toEqual({ records, reported, code, at });
    expect(await read(bad, { recover: 'scan', maxCorruptedTotal: total })).toEqual({
      records,
      reported,
      code,
      at,
    });
  });
});

test('the counters count the skipped records', async () => {
  const bytes = withBadPayloads(FILE, OFFSETS, [3, 4, 9]);
  const { stats, error } = await readEach(bytes, { maxCorruptedRecordsToSkip: 2 });
  expect(error).toBeUndefined();
  const skipped = [3, 4, 9].reduce((sum, i) => sum + PAYLOADS[i].length + 16, 0);
  expect(stats).toEqual({
    records: 9,
    payloadBytes: FILE.length - skipped - 9 * 16,
    corrupted: 3,
    skippedBytes: skipped,
    trailingBytes: 0,
    warnings: 0,
  });
});

test('a callback that throws ends the read with its own error', async () => {
  const bytes = withBadPayloads(FILE, OFFSETS, [3]);
  const mine = new Error('enough');
  const onCorrupt = (): void => {
    throw mine;
  };
  await expect(readAll(bytes, { maxCorruptedRecordsToSkip: 1, onCorrupt })).rejects.toBe(mine);
});

test('a callback may read another file', async () => {
  const bytes = withBadPayloads(FILE, OFFSETS, [3, 8]);
  const inner: number[] = [];
  const onCorrupt = (): void => void inner.push(decodeAll(FILE).payloads.length);
  const { payloads } = decodeAll(bytes, { maxCorruptedRecordsToSkip: 1, onCorrupt });
  expect(payloads.map(([first]) => first)).toEqual([0, 1, 2, 4, 5, 6, 7, 9, 10, 11]);
  expect(inner).toEqual([12, 12]);
});

test('a scan continues after corrupt payloads, keeps maxErrors findings and counts all', async () => {
  const bytes = withBadPayloads(FILE, OFFSETS, [0, 3, 4, 11]);
  for (const source of [bytes, [...rechunk(bytes, 1)], [...rechunk(bytes, 10)]]) {
    const all = await scan(source);
    expect(all).toMatchObject({ records: 8, errorCount: 4, bytes: bytes.length });
    expect(all.errors.map(where)).toEqual(
      [0, 3, 4, 11].map((record) => ({ code: 'data-checksum', record, offset: OFFSETS[record] })),
    );
    const few = await scan(source, { maxErrors: 2 });
    expect(few).toMatchObject({ records: 8, errorCount: 4 });
    expect(few.errors.map(({ record }) => record)).toEqual([0, 3]);
    expect((await scan(source, { maxErrors: 0 })).errors).toEqual([]);
    expect((await scan(source, { recover: 'scan' })).errors.map(where)).toEqual(all.errors.map(where));
  }
});
