import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeTFRecords, encodeTFRecord, readTFRecords, scanTFRecords } from '../../src/index.ts';
import { concat, oracleDecode } from '../support/oracle-tfrecord.ts';
import { readAll } from '../support/outcome.ts';
import { randomRuns } from '../support/random-runs.ts';
import { cutAt } from '../support/rechunk.ts';

const payload = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 80 }) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 3000, size: 'max' }) },
  { weight: 1, arbitrary: fc.nat(300_000).map((length) => new Uint8Array(length).fill(length)) },
);
const payloads = fc.array(payload, { maxLength: 12 });
const cuts = fc.array(fc.nat(), { maxLength: 8 });

const compressions: [string, (parts: Uint8Array[]) => Uint8Array][] = [
  ['none', concat],
  ['gzip, in members', (parts) => concat(parts.map((part) => gzipSync(part)))],
  ['zlib, in streams', (parts) => concat(parts.map((part) => deflateSync(part)))],
];

describe.each(compressions)('encoded records are decoded: %s', (_, pack) => {
  test('for any payloads, any members and any chunks of the file', async () => {
    await fc.assert(
      fc.asyncProperty(payloads, cuts, cuts, async (records, contentCuts, fileCuts) => {
        const content = concat(records.map((record) => encodeTFRecord(record)));
        const parts = cutAt(
          content,
          contentCuts.map((cut) => cut % (content.length + 1)),
        );
        const file = pack(parts);
        const chunks = cutAt(
          file,
          fileCuts.map((cut) => cut % (file.length + 1)),
        );
        same([...decodeTFRecords(file)], records);
        const { payloads: read, offsets, error } = await readAll(chunks);
        expect(error).toBeUndefined();
        same(read, records);
        expect(offsets).toEqual(
          records.map((_, i) => records.slice(0, i).reduce((sum, r) => sum + r.length + 16, 0)),
        );
        const scanned = await scanTFRecords(chunks);
        expect(scanned.errors).toEqual([]);
        expect(scanned).toMatchObject({ records: records.length, bytes: file.length });
        expect(scanned.payloadBytes).toBe(content.length - 16 * records.length);
      }),
      { numRuns: randomRuns(60) },
    );
  });
});

test('the oracle reads encoded records', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), (records) => {
      const { records: read, error } = oracleDecode(concat(records.map(encodeTFRecord)));
      expect(error).toBeUndefined();
      same(
        read.map((one) => one.payload),
        records,
      );
    }),
  );
});

test('record by record, kept or not, for any chunk size', async () => {
  await fc.assert(
    fc.asyncProperty(payloads, fc.integer({ min: 1, max: 5000 }), async (records, chunkBytes) => {
      const file = new Blob([concat(records.map((record) => encodeTFRecord(record))).slice()]);
      const kept: Uint8Array[] = [];
      for await (const record of readTFRecords(file, { chunkBytes })) kept.push(record);
      same(kept, records);
    }),
    { numRuns: randomRuns(40) },
  );
});

function same(got: readonly Uint8Array[], expected: readonly Uint8Array[]): void {
  expect(got.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  got.forEach((one, i) => void expect(Buffer.compare(one, expected[i])).toBe(0));
}
