import fc from 'fast-check';
import { expect, test } from 'vitest';
import { offsetView } from '../support/offset-view.ts';
import {
  oracleDecodeRecordIO,
  oracleFileRecordIO,
  oraclePart,
  oracleRecoverRecordIO,
} from '../support/oracle-recordio.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { where } from '../support/outcome.ts';
import { DOES_ALL_RUNS, randomRuns } from '../support/random-runs.ts';
import { cutAt } from '../support/rechunk.ts';
import { magicPayloads } from '../support/recordio-payloads.ts';
import { recordIOWays } from '../support/ways.ts';

const { decodeAll, readAll, readEach, scan } = recordIOWays;
const cuts = fc.array(fc.nat(400), { maxLength: 12 });
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/**
 * Parts in any order, some with incorrect lengths or padding, truncated anywhere. The result is
 * mostly not valid RecordIO.
 */
const part = fc
  .record({
    payload: magicPayloads,
    flag: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 6, arbitrary: fc.constantFrom(1, 2, 3) },
      { weight: 1, arbitrary: fc.constantFrom(4, 5, 6, 7) },
    ),
    even: fc.boolean(),
    lie: fc.oneof(
      { weight: 12, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -20, max: 60 }) },
    ),
    padding: fc.constantFrom(0, 0, 0, 0x20),
  })
  .map(({ payload, flag, even, lie, padding }) => {
    const used = even ? payload.subarray(0, payload.length & ~3) : payload;
    const bytes = oraclePart(used, flag, Math.max(0, used.length + lie));
    return bytes.map((byte, i) => (i >= 8 + used.length ? padding : byte));
  });
const anyBytes = fc
  .record({
    parts: fc.array(part, { maxLength: 8 }),
    cut: fc.nat(12),
    damage: fc.array(fc.nat(300), { maxLength: 1 }),
  })
  .map(({ parts, cut, damage }) => {
    const bytes = concat(parts);
    for (const at of damage) if (at < bytes.length) bytes[at] ^= 1;
    return bytes.subarray(0, bytes.length - (cut < 8 ? 0 : Math.min(bytes.length, cut - 7)));
  });
const rules = fc.record({
  multipart: fc.constantFrom('dmlc', 'concat', 'error'),
  lenientFlags: fc.boolean(),
  strictPadding: fc.boolean(),
  maxRecordBytes: fc.constantFrom(2 ** 31 - 1, 40),
});

test('written records and offsets are read back, in any chunks', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(magicPayloads, { maxLength: 8 }),
      fc.boolean(),
      cuts,
      async (payloads, escapeMagic, places) => {
        const file = oracleFileRecordIO(payloads, escapeMagic);
        const { records } = oracleDecodeRecordIO(file);
        expect(records.map(({ payload }) => hex(payload))).toEqual(payloads.map(hex));
        const outcomes = [
          decodeAll(offsetView(file, places.length)),
          await readAll(cutAt(file, places)),
          await readAll(cutAt(file, places), { reuse: true }),
        ];
        for (const { payloads: got, offsets, error } of outcomes) {
          expect(error).toBeUndefined();
          expect(got.map(hex)).toEqual(payloads.map(hex));
          expect(offsets).toEqual(records.map(({ offset }) => offset));
        }
        const found = await scan(cutAt(file, places));
        const payloadBytes = payloads.reduce((sum, { length }) => sum + length, 0);
        expect(found).toMatchObject({
          records: payloads.length,
          payloadBytes,
          errorCount: 0,
          format: 'recordio',
        });
      },
    ),
  );
});

test('any bytes under any rules: decoder, reader and scan equal the oracle, in any chunks', async () => {
  const codes = new Set<string | undefined>();
  await fc.assert(
    fc.asyncProperty(anyBytes, rules, cuts, async (bytes, options, places) => {
      const oracle = oracleDecodeRecordIO(bytes, options);
      codes.add(oracle.error?.code);
      const given = { ...options, compression: 'none', chunkBytes: 4096 } as const;
      for (const outcome of [
        decodeAll(bytes, given),
        await readAll(cutAt(bytes, places), given),
        await readAll(
          [...bytes.keys()].map((i) => bytes.slice(i, i + 1)),
          { ...given, reuse: true },
        ),
      ]) {
        expect(where(outcome.error)).toEqual(oracle.error);
        expect(outcome.offsets).toEqual(oracle.records.map(({ offset }) => offset));
        expect(outcome.payloads.map(hex)).toEqual(oracle.records.map(({ payload }) => hex(payload)));
      }
      const { stats } = await readEach(cutAt(bytes, places), given);
      expect(stats).toMatchObject({ records: oracle.records.length, warnings: oracle.warned ? 1 : 0 });
      const found = await scan(cutAt(bytes, places), given);
      if (oracle.error?.code === 'missing-padding') {
        // Invalid padding does not end a scan.
        expect(where(found.errors[0])).toEqual(oracle.error);
        expect(found.records).toBeGreaterThanOrEqual(oracle.records.length);
      } else {
        expect(found.errors.map(where)).toEqual(oracle.error === undefined ? [] : [oracle.error]);
        expect(found.records).toBe(oracle.records.length);
        const payloadBytes = oracle.records.reduce((sum, { payload }) => sum + payload.length, 0);
        expect(found.payloadBytes).toBe(payloadBytes);
      }
    }),
    { numRuns: randomRuns(1500) },
  );
  if (!DOES_ALL_RUNS) return;
  for (const code of [
    'bad-magic',
    'unexpected-part',
    'ambiguous-multipart',
    'truncated-header',
    'truncated-record',
    'record-too-large',
    'missing-padding',
    undefined,
  ])
    expect([...codes]).toContain(code);
});

test("any bytes with recovery: results equal the oracle's, in any chunks", async () => {
  await fc.assert(
    fc.asyncProperty(anyBytes, rules, cuts, async (bytes, options, places) => {
      const ruled = { ...options, lenientFlags: false, strictPadding: false };
      const oracle = oracleRecoverRecordIO(bytes, ruled);
      const given = { ...ruled, compression: 'none', chunkBytes: 4096, recover: 'scan' } as const;
      const decoded = decodeAll(bytes, given);
      for (const outcome of [
        decoded,
        await readAll(cutAt(bytes, places), given),
        await readAll(
          [...bytes.keys()].map((i) => bytes.slice(i, i + 1)),
          { ...given, reuse: true },
        ),
      ]) {
        expect(outcome.error?.code).toBe(oracle.code);
        expect(outcome.offsets).toEqual(oracle.records.map(({ offset }) => offset));
        expect(outcome.payloads.map(hex)).toEqual(oracle.records.map(({ payload }) => hex(payload)));
        expect(where(outcome.error)).toEqual(where(decoded.error));
      }
      const { stats } = await readEach(cutAt(bytes, places), given);
      expect(stats).toMatchObject({ corrupted: oracle.corrupted, skippedBytes: oracle.skippedBytes });
      const found = await scan(cutAt(bytes, places), given);
      expect(found.records).toBe(oracle.records.length);
      expect(found.errorCount).toBe(oracle.corrupted + (oracle.code === undefined ? 0 : 1));
    }),
    { numRuns: randomRuns(1500) },
  );
});
