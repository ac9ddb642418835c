import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameTableBuilder } from '../../../src/records/indexes/frame-table.ts';
import { decodeIndex, encodeIndex, type IndexFile } from '../../../src/records/indexes/rpidx.ts';
import { ascendingOrder, spansOf } from '../../../src/records/indexes/span-reader.ts';
import { writeDecimal } from '../../../src/records/indexes/text-indexes.ts';
import { offsetView } from '../../support/offset-view.ts';
import { concat } from '../../support/oracle-tfrecord.ts';

const lengths = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 255 }), { maxLength: 300 }),
  fc.array(fc.integer({ min: 300, max: 65_000 }), { maxLength: 300 }),
  fc.array(fc.integer({ min: 1, max: 2 ** 32 - 1 }), { maxLength: 300 }),
  fc
    .integer({ min: 0, max: 300 })
    .chain((count) => fc.integer({ min: 1, max: 2 ** 32 - 1 }).map((one) => Array(count).fill(one))),
);

function tableOf(frames: readonly number[]) {
  const builder = new FrameTableBuilder();
  for (const bytes of frames) builder.addFrame(bytes);
  return builder.finish(0);
}

test('a table locates frames of any sizes, also after writing and reading it', () => {
  fc.assert(
    fc.property(lengths, fc.integer({ min: 0, max: 7 }), (frames, shift) => {
      const made = tableOf(frames);
      const index: IndexFile = {
        layout: { format: 'tfrecord' },
        table: made,
        mtimeNs: 2n ** 62n + 1n,
        fingerprint: 0xfedcba98,
      };
      const bytes = offsetView(concat(encodeIndex(index)), shift);
      const { table, ...rest } = decodeIndex(bytes, 'x');
      expect(rest).toEqual({ layout: index.layout, mtimeNs: index.mtimeNs, fingerprint: index.fingerprint });
      let at = 0;
      for (const one of [made, table]) {
        expect(one.count).toBe(frames.length);
        at = 0;
        for (const [i, length] of frames.entries()) {
          expect(one.start(i)).toBe(at);
          expect(one.frameBytes(i)).toBe(length);
          at += length;
        }
        expect([one.start(frames.length), one.end]).toEqual([at, at]);
      }
    }),
  );
});

test('an index uses as few bytes per record as possible', () => {
  const bytes = (frames: readonly number[]): number => {
    const table = tableOf(frames);
    const parts = encodeIndex({ layout: { format: 'tfrecord' }, table, mtimeNs: 0n, fingerprint: 0 });
    return concat(parts).length - 64;
  };
  expect(bytes(Array(1000).fill(116))).toBe(0);
  expect(bytes([...Array(999).fill(116), 371])).toBe(1000);
  expect(bytes([...Array(999).fill(116), 372])).toBe(2000);
  expect(bytes([...Array(999).fill(116), 116 + 65_536])).toBe(4000);
});

test('positions beyond 2^32 are exact', () => {
  const frames = Array.from({ length: 5000 }, (_, i) => 2 ** 32 - 1 - (i % 3));
  const table = tableOf(frames);
  let exact = 0n;
  for (const [i, length] of frames.entries()) {
    expect(BigInt(table.start(i))).toBe(exact);
    exact += BigInt(length);
  }
});

test('frames that are too large for an index are rejected', () => {
  for (const bytes of [0, -1, 2 ** 32, Number.NaN])
    expect(() => tableOf([1, bytes])).toThrow(
      expect.objectContaining({ code: 'record-too-large', record: 1 }),
    );
});

describe('spans', () => {
  test('cover the requested records, merge only close neighbors, and respect the limits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 100 }),
        fc.array(fc.nat(), { maxLength: 60 }),
        fc.nat(150),
        fc.integer({ min: 1, max: 500 }),
        fc.nat(3),
        (frames, picks, maxGap, maxBytes, before) => {
          const table = tableOf(frames);
          const wanted = picks.map((pick) => pick % frames.length).sort((a, b) => a - b);
          let next = 0;
          let last = -1;
          for (const { from, to, start, bytes, used } of spansOf(table, wanted, before, maxGap, maxBytes)) {
            expect(from).toBe(next);
            next = to;
            const first = table.start(wanted[from]);
            expect(start).toBe(Math.max(0, first - before));
            const distinct = [...new Set(wanted.slice(from, to))];
            const ends = distinct.map((i) => table.start(i) + frames[i]);
            expect(start + bytes).toBe(ends.at(-1));
            expect(used).toBe(distinct.reduce((sum, i) => sum + frames[i], 0));
            for (const [k, i] of distinct.entries())
              if (k > 0) expect(table.start(i) - ends[k - 1]).toBeLessThanOrEqual(maxGap);
            if (distinct.length > 1) expect(bytes).toBeLessThanOrEqual(maxBytes);
            expect(wanted[from]).toBeGreaterThan(last);
            last = wanted[to - 1];
          }
          expect(next).toBe(wanted.length);
        },
      ),
    );
  });

  test('numbers are put in ascending order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 })), (numbers) => {
        const order = ascendingOrder(numbers);
        const sorted = numbers.map((_, i) => (order === undefined ? i : order[i]));
        expect(sorted.map((i) => numbers[i])).toEqual([...numbers].sort((a, b) => a - b));
        expect(new Set(sorted).size).toBe(numbers.length);
      }),
    );
  });
});

test('numbers are written in decimal', () => {
  const written = (value: number): string => {
    const bytes = new Uint8Array(20).fill(0x2e);
    return Buffer.from(bytes.subarray(2, writeDecimal(bytes, 2, value))).toString();
  };
  fc.assert(fc.property(fc.maxSafeNat(), (value) => void expect(written(value)).toBe(String(value))));
  for (let power = 1; power < 2 ** 53; power *= 10)
    for (const value of [power - 1, power, power + 1]) expect(written(value)).toBe(String(value));
  expect(written(Number.MAX_SAFE_INTEGER)).toBe('9007199254740991');
});
