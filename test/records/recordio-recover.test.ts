import { describe, expect, test } from 'vitest';
import type { RecordpipeError } from '../../src/index.ts';
import { oracleFileRecordIO, oracleFrameRecordIO, oraclePart } from '../support/oracle-recordio.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { where } from '../support/outcome.ts';
import { rechunk } from '../support/rechunk.ts';
import { flipped } from '../support/samples.ts';
import { recordIOWays } from '../support/ways.ts';

const { decodeAll, readAll, readEach, scan } = recordIOWays;
const text = (from: string): Uint8Array => new TextEncoder().encode(from);
const names = ['first', 'second', 'the third', 'fourth', 'fifth'];
const file = oracleFileRecordIO(names.map(text));
/** Offset of each record. */
const starts = [0, 16, 32, 52, 68, 84];
const recover = 'scan';

interface Recovery {
  readonly records: string[];
  readonly findings: {
    readonly code: string;
    readonly record: number | undefined;
    readonly offset: number | undefined;
  }[];
  readonly skippedBytes: number;
}

async function recovered(bytes: Uint8Array, size: number): Promise<Recovery> {
  const findings: RecordpipeError[] = [];
  const { payloads, error, stats } = await readEach(rechunk(bytes, size), {
    recover,
    compression: 'none',
    onCorrupt: (found) => findings.push(found),
  });
  if (error !== undefined) findings.push(error);
  return {
    records: payloads.map((payload) => new TextDecoder().decode(payload)),
    findings: findings.map((found) => where(found)!),
    skippedBytes: stats.skippedBytes,
  };
}

describe.each([1, 3, 8, 20, 1000])('in chunks of %i', (size) => {
  test('a magic number is damaged: the records around it are kept', async () => {
    expect(await recovered(flipped(file, 16), size)).toEqual({
      records: ['first', 'the third', 'fourth', 'fifth'],
      findings: [{ code: 'bad-magic', record: 1, offset: 16 }],
      skippedBytes: 16,
    });
  });

  test.each([
    ['a little longer', 3, 16, 0x0a],
    ['much longer', 3, 16, 0x40],
    ['shorter', 3, 16, 0x04],
    ['the first', 0, 0, 0x20],
  ])(
    'a length is damaged (%s): its record is dropped, but not those within its declared length',
    async (_name, record, _at, bit) => {
      // The bytes after a shortened record are its own payload, which cannot be distinguished from
      // a valid record.
      const bytes = flipped(file, starts[record] + 4, bit);
      const { records, findings } = await recovered(bytes, size);
      const others = names.filter((_, i) => i !== record);
      expect(records.filter((found) => others.includes(found))).toEqual(others);
      expect(findings.length).toBe(1);
      expect(findings[0]).toMatchObject({ code: expect.stringMatching('bad-magic|truncated-record') });
    },
  );

  test('a flag is damaged: its record is dropped', async () => {
    for (const bit of [0x40, 0x60, 0x80, 0xe0]) {
      const { records, findings } = await recovered(flipped(file, 32 + 7, bit), size);
      expect(records).toEqual(['first', 'second', 'fourth', 'fifth']);
      expect(findings).toEqual([{ code: 'unexpected-part', record: 2, offset: 32 }]);
    }
  });

  test('a part in the middle is lost: the record is dropped', async () => {
    const parts = [oraclePart(text('abcd'), 1), oraclePart(text('efgh'), 2), oraclePart(text('i'), 3)];
    const before = oracleFrameRecordIO(text('before'));
    const behind = oracleFrameRecordIO(text('behind'));
    for (const kept of [
      [parts[0], parts[1]],
      [parts[1], parts[2]],
      [parts[0], flipped(parts[1], 1), parts[2]],
    ]) {
      const { records, findings } = await recovered(concat([before, ...kept, behind]), size);
      expect(records).toEqual(['before', 'behind']);
      expect(findings.length).toBe(1);
      expect(findings[0]).toMatchObject({ record: 1, offset: 16 });
    }
  });

  test('zeros in place of a record, junk before the first and after the last', async () => {
    const bytes = concat([new Uint8Array(12).fill(9), file, new Uint8Array(16).fill(7)]);
    bytes.fill(0, 12 + 32, 12 + 52);
    expect(await recovered(bytes, size)).toEqual({
      records: ['first', 'second', 'fourth', 'fifth'],
      findings: [
        { code: 'bad-magic', record: 0, offset: 0 },
        { code: 'bad-magic', record: 3, offset: 44 },
        { code: 'bad-magic', record: 6, offset: 96 },
      ],
      skippedBytes: 12 + 20 + 16,
    });
  });

  test('a truncation is still an error', async () => {
    const { records, findings } = await recovered(file.subarray(0, 78), size);
    expect(records).toEqual(names.slice(0, 4));
    expect(findings).toEqual([{ code: 'truncated-record', record: 4, offset: 68 }]);
  });

  test('records at offsets that are not multiples of four are not records', async () => {
    const bytes = concat([file.subarray(0, 32), Uint8Array.of(1), file.subarray(32)]);
    const { records } = await recovered(bytes, size);
    expect(records).toEqual(['first', 'second']);
  });
});

test('a payload that looks like a record, written without escapes, remains a payload', async () => {
  const inner = oracleFrameRecordIO(text('inner'));
  const bytes = oracleFileRecordIO([inner, text('next'), inner], false);
  for (const size of [1, 1000]) {
    const { payloads, error } = await readAll(rechunk(bytes, size), { recover });
    expect(error).toBeUndefined();
    expect(payloads).toEqual([inner, text('next'), inner]);
  }
});

test('budgets', async () => {
  const bytes = flipped(flipped(file, 16), 52);
  const none = decodeAll(bytes, { recover, maxCorruptedTotal: 0 });
  expect(where(none.error)).toEqual({ code: 'bad-magic', record: 1, offset: 16 });
  const one = decodeAll(bytes, { recover, maxCorruptedTotal: 1 });
  expect(one.payloads.length).toBe(2);
  expect(where(one.error)).toEqual({ code: 'bad-magic', record: 3, offset: 52 });
  const found = await scan(bytes, { recover });
  expect(found).toMatchObject({ records: 3, errorCount: 2 });
  expect(found.errors.map((error) => error.offset)).toEqual([16, 52]);
});
