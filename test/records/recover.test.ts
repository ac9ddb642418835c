import { describe, expect, test } from 'vitest';
import type { RecordpipeError } from '../../src/index.ts';
import { type Damage, damaged, placeAfter, randomDamage } from '../support/corrupt.ts';
import { concat, headerIsGood, oracleFile, oracleFrame } from '../support/oracle-tfrecord.ts';
import { decodeAll, readAll, scan, where } from '../support/outcome.ts';
import { Random } from '../support/random.ts';
import { randomRuns } from '../support/random-runs.ts';
import { rechunk } from '../support/rechunk.ts';
import { FILE, flipped, OFFSETS, PAYLOADS, recordOffsets } from '../support/samples.ts';

interface Recovered {
  payloads: Uint8Array[];
  offsets: number[];
  reported: (RecordpipeError | undefined)[];
  error: RecordpipeError | undefined;
}

/**
 * Reads these bytes with `recover: 'scan'`. The result must be the same for every way of reading.
 */
async function recover(bytes: Uint8Array): Promise<Recovered> {
  const results: Recovered[] = [];
  for (const source of [
    undefined,
    bytes,
    [...rechunk(bytes, 1)],
    [...rechunk(bytes, 50)],
    new Blob([bytes.slice()]),
  ]) {
    const reported: RecordpipeError[] = [];
    const options = { recover: 'scan', onCorrupt: (error: RecordpipeError) => reported.push(error) } as const;
    const outcome = source === undefined ? decodeAll(bytes, options) : await readAll(source, options);
    results.push({ ...outcome, reported });
  }
  const scanned = await scan(bytes, { recover: 'scan', maxErrors: 1000 });
  for (const { payloads, offsets, reported, error } of results) {
    expect(offsets).toEqual(results[0].offsets);
    expect(payloads).toEqual(results[0].payloads);
    expect(reported.map(where)).toEqual(results[0].reported.map(where));
    expect(where(error)).toEqual(where(results[0].error));
    expect(scanned.records).toBe(payloads.length);
    expect(scanned.errors.map(where)).toEqual([...reported, ...(error ? [error] : [])].map(where));
  }
  return results[0];
}

function indexes({ payloads }: Recovered): number[] {
  return payloads.map((payload) => PAYLOADS.findIndex((one) => Buffer.compare(one, payload) === 0));
}

describe('if one place is damaged, everything else is delivered', () => {
  test.each([0, 1, 2, 3, 4, 5])('the header of record %i', async (record) => {
    for (const at of [0, 3, 7, 8, 11]) {
      const result = await recover(flipped(FILE, OFFSETS[record] + at));
      expect(indexes(result)).toEqual([0, 1, 2, 3, 4, 5].filter((i) => i !== record));
      expect(result.reported.map(where)).toEqual([
        { code: 'length-checksum', record, offset: OFFSETS[record] },
      ]);
      expect(result.error).toBeUndefined();
    }
  });

  test.each([0, 1, 3, 4, 5])('the payload of record %i', async (record) => {
    const result = await recover(flipped(FILE, OFFSETS[record] + 14));
    expect(indexes(result)).toEqual([0, 1, 2, 3, 4, 5].filter((i) => i !== record));
    expect(result.reported.map(where)).toEqual([{ code: 'data-checksum', record, offset: OFFSETS[record] }]);
  });

  test('bytes inserted between two records', async () => {
    for (const count of [1, 5, 12, 40, 3000]) {
      const bytes = concat([
        FILE.subarray(0, OFFSETS[2]),
        new Random(1).bytes(count),
        FILE.subarray(OFFSETS[2]),
      ]);
      const result = await recover(bytes);
      expect(indexes(result)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(result.reported.map(where)).toEqual([
        { code: 'length-checksum', record: 2, offset: OFFSETS[2] },
      ]);
    }
  });

  test('bytes deleted inside a record, so that its length extends into later records or beyond the end', async () => {
    for (const record of [1, 3, 4]) {
      // Not 16, because the declared end would be that of the empty record that follows; see
      // mayBeMissed.
      for (const lost of [1, 17, 60]) {
        const at = OFFSETS[record] + 12 + 5;
        const result = await recover(concat([FILE.subarray(0, at), FILE.subarray(at + lost)]));
        expect(indexes(result)).toEqual([0, 1, 2, 3, 4, 5].filter((i) => i !== record));
        expect(result.reported.length).toBe(1);
        expect(result.error).toBeUndefined();
      }
    }
  });

  test('an absurd length with a valid checksum', async () => {
    for (const length of [2n ** 40n, 2n ** 63n, 100_000n]) {
      const header = oracleFrame(new Uint8Array(0), length).subarray(0, 12);
      const result = await recover(concat([FILE.subarray(0, OFFSETS[2]), header, FILE.subarray(OFFSETS[2])]));
      expect(indexes(result)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(result.reported.length).toBe(1);
    }
  });

  test('zeros over the middle, also where zeros at the end are accepted', async () => {
    const bytes = FILE.slice();
    bytes.fill(0, OFFSETS[1], OFFSETS[2]);
    expect(indexes(await recover(bytes))).toEqual([0, 2, 3, 4, 5]);
    const lenient = decodeAll(bytes, { recover: 'scan', trailing: 'zeros-ok' });
    expect(lenient.payloads.length).toBe(5);
    expect(lenient.error).toBeUndefined();
  });
});

describe('the end', () => {
  test('a truncated record is an error after all others', async () => {
    for (const end of [OFFSETS[4] + 12, OFFSETS[4] + 50, FILE.length - 1]) {
      const record = end > OFFSETS[5] ? 5 : 4;
      const result = await recover(FILE.subarray(0, end));
      expect(indexes(result)).toEqual([0, 1, 2, 3, 4].slice(0, record));
      expect(where(result.error)).toEqual({ code: 'truncated-record', record, offset: OFFSETS[record] });
    }
  });

  test('a truncated header', async () => {
    const result = await recover(FILE.subarray(0, OFFSETS[4] + 7));
    expect(where(result.error)).toEqual({ code: 'truncated-header', record: 4, offset: OFFSETS[4] });
  });

  test('garbage up to the end is one corrupt region', async () => {
    const result = await recover(concat([FILE, new Random(3).bytes(500)]));
    expect(indexes(result)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(result.reported.map(where)).toEqual([{ code: 'length-checksum', record: 6, offset: FILE.length }]);
    expect(result.error).toBeUndefined();
  });

  test('a file of only garbage', async () => {
    const result = await recover(new Random(4).bytes(5000));
    expect(result.payloads).toEqual([]);
    expect(result.reported.map(where)).toEqual([{ code: 'length-checksum', record: 0, offset: 0 }]);
  });
});

/**
 * Reports whether a whole record may be missed: it lies inside a damaged frame with a valid header,
 * whose declared end is followed by the end of the file or by another record. (The record could
 * also be part of that frame's payload.)
 */
function mayBeMissed(bytes: Uint8Array, at: number, end: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let start = 0; start < at; start++) {
    if (!headerIsGood(bytes, start) || view.getUint32(start + 4, true) !== 0) continue;
    const claimed = start + 16 + view.getUint32(start, true);
    if (claimed >= end && (claimed === bytes.length || headerIsGood(bytes, claimed))) return true;
  }
  return false;
}

test('random damage: every intact record is delivered, in order, with its offset; nothing is invented', async () => {
  const random = new Random(20);
  for (let turn = 0; turn < randomRuns(400); turn++) {
    const payloads = Array.from({ length: 2 + random.below(6) }, () => random.bytes(random.below(90)));
    const file = oracleFile(payloads);
    const starts = recordOffsets(payloads);
    const damage: Damage = randomDamage(random, file.length);
    const bytes = damaged(file, damage);
    const result = await recover(bytes);
    const frames = payloads.map((payload) => Buffer.from(oracleFrame(payload)).toString('hex'));
    result.payloads.forEach((payload, i) => {
      const frame = oracleFrame(payload);
      expect(frames).toContain(Buffer.from(frame).toString('hex'));
      expect(bytes.subarray(result.offsets[i], result.offsets[i] + frame.length)).toEqual(frame);
    });
    expect(result.offsets).toEqual([...result.offsets].sort((a, b) => a - b));
    for (const [i] of payloads.entries()) {
      const at = placeAfter(damage, file.length, starts[i], starts[i + 1]);
      if (at === undefined || result.offsets.includes(at)) continue;
      expect(
        mayBeMissed(bytes, at, at + frames[i].length / 2),
        `${JSON.stringify(damage)} lost record ${i}`,
      ).toBe(true);
    }
  }
});
