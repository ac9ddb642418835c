import { describe, expect, test } from 'vitest';
import { damageOnce, type Packing } from '../support/damage-run.ts';
import { oracleDecode } from '../support/oracle-tfrecord.ts';
import { decodeAll, where } from '../support/outcome.ts';
import { randomRuns } from '../support/random-runs.ts';
import { FILE, flipped } from '../support/samples.ts';

/** `npm run test:slow` does 100,000. */
const RUNS: Record<Packing, number> = {
  none: Math.max(200, randomRuns(4000)),
  gzip: randomRuns(300),
  zlib: randomRuns(200),
};

describe.each(Object.entries(RUNS) as [Packing, number][])(
  'damage at random, compression %s',
  (packing, runs) => {
    test(`${runs} files: right records, then a typed error or the end`, async () => {
      const codes = new Map<string, number>();
      for (let seed = 0; seed < runs; seed++) {
        const { error } = await damageOnce(seed, packing);
        codes.set(error?.code ?? 'none', (codes.get(error?.code ?? 'none') ?? 0) + 1);
      }
      // The damage covers every possible error code.
      const expected =
        packing === 'none'
          ? ['length-checksum', 'data-checksum', 'truncated-header', 'truncated-record', 'none']
          : ['corrupt-compressed-stream', 'truncated-compressed-stream'];
      for (const code of expected) expect([...codes.keys()]).toContain(code);
    });
  },
);

test("every flipped bit of a file: results equal the oracle's", () => {
  for (let at = 0; at < FILE.length; at++) {
    for (const mask of [1, 0x80]) {
      const bytes = flipped(FILE, at, mask);
      const { payloads, error } = decodeAll(bytes, { compression: 'none' });
      const oracle = oracleDecode(bytes);
      expect(where(error)).toEqual(oracle.error);
      expect(payloads.length).toBe(oracle.records.length);
    }
  }
});

test("every truncation of a file: results equal the oracle's", () => {
  for (let end = 0; end < FILE.length; end++) {
    const bytes = FILE.subarray(0, end);
    const { payloads, error } = decodeAll(bytes);
    const oracle = oracleDecode(bytes);
    expect(where(error)).toEqual(oracle.error);
    expect(payloads.length).toBe(oracle.records.length);
  }
});
