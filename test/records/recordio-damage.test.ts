import { describe, expect, test } from 'vitest';
import { damaged, placeAfter, randomDamage } from '../support/corrupt.ts';
import {
  oracleDecodeRecordIO,
  oracleFileRecordIO,
  oracleFrameRecordIO,
  oracleRecoverRecordIO,
} from '../support/oracle-recordio.ts';
import { where } from '../support/outcome.ts';
import { Random } from '../support/random.ts';
import { randomRuns } from '../support/random-runs.ts';
import { cutAt } from '../support/rechunk.ts';
import { flipped } from '../support/samples.ts';
import { recordIOWays } from '../support/ways.ts';

const { decodeAll, readAll, scan } = recordIOWays;
const RUNS = randomRuns(1500);
const RECOVERED_RUNS = 1500;
const OPTIONS = { compression: 'none', chunkBytes: 4096 } as const;
const MAGIC = [0x0a, 0x23, 0xd7, 0xce];
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Returns payloads, some of which contain the magic number and are therefore split into parts. */
function samplePayloads(random: Random): Uint8Array[] {
  return Array.from({ length: 1 + random.below(7) }, () => {
    const payload = random.bytes(random.below(120));
    for (let n = random.below(3); n > 0 && payload.length >= 4; n--)
      payload.set(MAGIC, random.below(payload.length - 3));
    return payload;
  });
}

function offsetsOf(payloads: readonly Uint8Array[]): number[] {
  const offsets = [0];
  for (const payload of payloads)
    offsets.push(offsets[offsets.length - 1] + oracleFrameRecordIO(payload).length);
  return offsets;
}

/**
 * RecordIO has no checksums, so a reader cannot guarantee that records are those that were written:
 * a changed payload byte changes a record, and a changed length may produce a record that nobody
 * wrote. The following must hold. (1) Everything before the damage is delivered as written. (2)
 * Every delivered record is at its offset in the damaged file according to the rules of the format;
 * nothing is invented. (3) A typed error with a position, or the end, follows. (4) All of this is
 * the same for every way of reading.
 */
describe('damage at random', () => {
  test(`${RUNS} damaged files: the records of the file, then a typed error or the end`, async () => {
    const codes = new Set<string | undefined>();
    for (let seed = 0; seed < RUNS; seed++) {
      const random = new Random(seed);
      const payloads = samplePayloads(random);
      const file = oracleFileRecordIO(payloads);
      const damage = randomDamage(random, file.length);
      const bytes = damaged(file, damage);
      const label = `seed ${seed}, ${JSON.stringify({ ...damage, junk: undefined })}`;

      const outcome = decodeAll(bytes, OPTIONS);
      codes.add(outcome.error?.code);
      const oracle = oracleDecodeRecordIO(bytes);
      expect(where(outcome.error), label).toEqual(oracle.error);
      expect(outcome.offsets, label).toEqual(oracle.records.map(({ offset }) => offset));
      expect(outcome.payloads.map(hex), label).toEqual(oracle.records.map(({ payload }) => hex(payload)));
      const ends = offsetsOf(payloads);
      const before = payloads.filter((_, i) => ends[i + 1] <= damage.at);
      expect(outcome.payloads.slice(0, before.length).map(hex), label).toEqual(before.map(hex));

      const chunks = cutAt(bytes, [random.below(bytes.length + 1), random.below(bytes.length + 1)]);
      for (const options of [OPTIONS, { ...OPTIONS, reuse: true }]) {
        const other = await readAll(chunks, options);
        expect(where(other.error), label).toEqual(where(outcome.error));
        expect(other.offsets, label).toEqual(outcome.offsets);
        expect(other.payloads.map(hex), label).toEqual(outcome.payloads.map(hex));
      }
      const found = await scan(chunks, { ...OPTIONS, strictPadding: false });
      expect(where(found.errors[0]), label).toEqual(where(outcome.error));
      expect(found.records, label).toBe(outcome.payloads.length);
    }
    for (const code of ['bad-magic', 'unexpected-part', 'truncated-header', 'truncated-record', undefined])
      expect([...codes]).toContain(code);
  });

  /**
   * With recovery, every intact record at a multiple of four is delivered, regardless of where the
   * damage is. The exception is a record that may have been swallowed, without a gap, by the
   * preceding record with a changed length.
   */
  test(`${RECOVERED_RUNS} damaged files with recovery: intact records are delivered`, async () => {
    let recovered = 0;
    for (let seed = 0; seed < RECOVERED_RUNS; seed++) {
      const random = new Random(seed + 1_000_000);
      const payloads = samplePayloads(random);
      const file = oracleFileRecordIO(payloads);
      const damage = randomDamage(random, file.length);
      const bytes = damaged(file, damage);
      const label = `seed ${seed}, ${JSON.stringify({ ...damage, junk: undefined })}`;

      const options = { ...OPTIONS, recover: 'scan' } as const;
      const outcome = decodeAll(bytes, options);
      const oracle = oracleRecoverRecordIO(bytes);
      expect(outcome.error?.code, label).toBe(oracle.code);
      expect(outcome.offsets, label).toEqual(oracle.records.map(({ offset }) => offset));
      expect(outcome.payloads.map(hex), label).toEqual(oracle.records.map(({ payload }) => hex(payload)));
      const chunks = cutAt(bytes, [random.below(bytes.length + 1), random.below(bytes.length + 1)]);
      const other = await readAll(chunks, options);
      expect(other.offsets, label).toEqual(outcome.offsets);

      const ends = offsetsOf(payloads);
      for (const [i, payload] of payloads.entries()) {
        const place = placeAfter(damage, file.length, ends[i], ends[i + 1]);
        if (place === undefined || place % 4 !== 0) continue;
        const at = outcome.offsets.indexOf(place);
        const swallowed = outcome.offsets.some(
          (offset, n) => offset < place && place < (outcome.offsets[n + 1] ?? bytes.length) && at < 0,
        );
        expect(at >= 0 || swallowed, label).toBe(true);
        if (at >= 0) expect(hex(outcome.payloads[at]), label).toBe(hex(payload));
        if (at >= 0 && ends[i] > damage.at) recovered++;
      }
    }
    expect(recovered).toBeGreaterThan(RECOVERED_RUNS / 2);
  });
});

const payloads = samplePayloads(new Random(7)).concat([new Uint8Array(0), new Uint8Array(9).fill(5)]);
const file = oracleFileRecordIO(payloads);

test("every flipped bit of a file: results equal the oracle's", () => {
  for (let at = 0; at < file.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const bytes = flipped(file, at, 1 << bit);
      const { payloads: got, error } = decodeAll(bytes, OPTIONS);
      const oracle = oracleDecodeRecordIO(bytes);
      expect(where(error)).toEqual(oracle.error);
      expect(got.map(hex)).toEqual(oracle.records.map(({ payload }) => hex(payload)));
    }
  }
});

test("every truncation of a file: results equal the oracle's, and none within a record is whole", () => {
  const ends = offsetsOf(payloads);
  for (let end = 0; end < file.length; end++) {
    const bytes = file.subarray(0, end);
    const { payloads: got, error } = decodeAll(bytes, OPTIONS);
    const oracle = oracleDecodeRecordIO(bytes);
    expect(where(error)).toEqual(oracle.error);
    expect(got.map(hex)).toEqual(payloads.slice(0, got.length).map(hex));
    // Unless only padding is missing, reading may end only at a record boundary.
    if (error === undefined) expect(ends.some((border) => border >= end && border - end < 4)).toBe(true);
  }
});
