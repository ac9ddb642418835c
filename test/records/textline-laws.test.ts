import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scanTextLines } from '../../src/records/textline.ts';
import { offsetView } from '../support/offset-view.ts';
import { type OracleLine, oracleLines } from '../support/oracle-textline.ts';
import type { Outcome } from '../support/outcome.ts';
import { randomRuns } from '../support/random-runs.ts';
import { cutAt, rechunk } from '../support/rechunk.ts';
import { cutChunks, decodeLines, readLines } from '../support/text-outcome.ts';

/** Few distinct bytes, so that delimiters, parts of them and carriage returns occur frequently. */
const alphabet = fc.constantFrom(97, 98, 13, 10, 0xef, 0xbb, 0xbf);
const bytes = fc.array(alphabet, { maxLength: 60 }).map((list) => Uint8Array.from(list));
const delimiter = fc.oneof(
  fc
    .constantFrom('\n', '\r\n', 'a', 'aa', 'aba', 'aab', 'abab', '\r', 'ab', '\n\n')
    .map((text) => new TextEncoder().encode(text)),
  fc.array(alphabet, { minLength: 1, maxLength: 5 }).map((list) => Uint8Array.from(list)),
);
const cr = fc.constantFrom('keep' as const, 'crlf' as const, 'all' as const);
const cuts = fc.array(fc.nat(60), { maxLength: 12 });
const options = fc.record({ delimiter, cr, skipBlank: fc.boolean(), stripBom: fc.boolean() });

describe("lines equal the oracle's", () => {
  test('any bytes, any delimiter, any chunks, any carriage returns, both scanners', () => {
    fc.assert(
      fc.property(bytes, options, cuts, fc.boolean(), (file, how, places, table) => {
        const expected = oracleLines(file, how);
        compare(cutChunks([file], how, table), expected);
        compare(cutChunks(cutAt(file, places), how, table), expected);
        compare(
          cutChunks(
            cutAt(file, places).map((chunk) => offsetView(chunk, 3)),
            how,
            table,
          ),
          expected,
        );
        compare(cutChunks(rechunk(file, 1), how, table), expected);
      }),
      { numRuns: randomRuns(5000) },
    );
  });

  test('synchronously, and as TensorFlow does', () => {
    fc.assert(
      fc.property(bytes, delimiter, (file, separator) => {
        compare(
          decodeLines(file, { delimiter: separator, cr: 'keep', compression: 'none' }),
          oracleLines(file, { delimiter: separator }),
        );
        const tf = oracleLines(file, { cr: 'all', dropLastReturns: true });
        compare(decodeLines(file, { compat: 'tf', compression: 'none' }), tf);
      }),
      { numRuns: randomRuns(1000) },
    );
  });

  test('read from files in chunks, with reused buffers', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, options, cuts, fc.boolean(), async (file, how, places, reuse) => {
        const source = cutAt(file, places);
        compare(await readLines(source, { ...how, reuse, compression: 'none' }), oracleLines(file, how));
      }),
      { numRuns: randomRuns(500) },
    );
  });

  test('a scan counts them', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, options, cuts, async (file, how, places) => {
        const expected = oracleLines(file, how);
        const { records, payloadBytes, errorCount } = await scanTextLines(cutAt(file, places), {
          ...how,
          compression: 'none',
        });
        expect(errorCount).toBe(0);
        expect(records).toBe(expected.length);
        expect(payloadBytes).toBe(expected.reduce((sum, { payload }) => sum + payload.length, 0));
      }),
      { numRuns: randomRuns(600) },
    );
  });

  test('long lines and many lines, across stages and batches, in every chunking', async () => {
    const whole = longAndShort();
    for (const how of [{}, { cr: 'all' as const }, { delimiter: Uint8Array.of(10, 10) }]) {
      // For smaller chunks, read less of the file, because each chunk takes time.
      for (const [length, sizes] of [
        [20_000, [1, 2, 3, 7]],
        [420_000, [63, 1000]],
        [whole.length, [65_536, whole.length]],
      ] as const) {
        const file = whole.subarray(0, length);
        const expected = oracleLines(file, { cr: 'keep', ...how });
        for (const size of sizes) {
          for (const table of [false, true])
            compare(cutChunks(rechunk(file, size), { cr: 'keep', ...how }, table), expected);
          const scan = await scanTextLines(rechunk(file, size), { cr: 'keep', ...how });
          expect(scan.records).toBe(expected.length);
          expect(scan.payloadBytes).toBe(expected.reduce((sum, { payload }) => sum + payload.length, 0));
        }
      }
    }
  });
});

/**
 * Returns short lines, empty ones, one of 160 kB, one of 560 kB, some carriage returns, and no
 * newline at the end.
 */
function longAndShort(): Uint8Array {
  const file = new Uint8Array(1_200_000).fill(97);
  for (let i = 0; i < 80_000; i += 1 + ((i * 7919) % 23)) file[i] = 10;
  file.fill(10, 300_000, 340_000);
  for (let i = 340_000; i < 400_000; i += 1 + ((i * 31) % 300)) file[i] = i % 5 === 0 ? 13 : 10;
  for (let i = 960_000; i < 1_200_000; i += 1 + ((i * 104_729) % 3000)) file[i] = 10;
  file[700_000] = 13;
  return file;
}

function compare(outcome: Outcome, expected: readonly OracleLine[]): void {
  expect(outcome.error).toBeUndefined();
  const same =
    outcome.payloads.length === expected.length &&
    expected.every(
      ({ payload, offset }, i) =>
        offset === outcome.offsets[i] && Buffer.compare(payload, outcome.payloads[i]) === 0,
    );
  if (!same) {
    // Compare these last, because comparing many with expect takes long.
    expect(outcome.offsets).toEqual(expected.map(({ offset }) => offset));
    expect(outcome.payloads).toEqual(expected.map(({ payload }) => payload));
  }
}
