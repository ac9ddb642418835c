import { describe, expect, test } from 'vitest';
import { readTextLines, scanTextLines } from '../../src/records/textline/read-textlines.ts';
import { oracleLines } from '../support/oracle-textline.ts';
import { Random } from '../support/random.ts';
import { tempDir } from '../support/temp-dir.ts';
import { readLines } from '../support/text-outcome.ts';

const random = new Random(4);
const bytes = Uint8Array.from({ length: 60_000 }, () => random.pick([97, 98, 10, 13, 97, 97, 97, 97]));
bytes.fill(97, 20_000, 35_000);
const path = tempDir().file('lines.txt', bytes);

/** Files are read into kernel memory and cut there, where buffers take turns. */
describe.each([{}, { blocking: true }, { reuse: true }, { reuse: true, blocking: true }])(
  'a file, %j',
  (how) => {
    test.each([1, 100, 4096, 16_000, 65_536])('%i bytes at a time', async (chunkBytes) => {
      for (const options of [
        {},
        { cr: 'all' as const },
        { delimiter: 'aab' },
        { encoding: 'utf8', skipBlank: true },
      ]) {
        if (chunkBytes === 1 && 'encoding' in options) continue;
        const { delimiter } = options as { delimiter?: string };
        const expected = oracleLines(bytes, {
          cr: delimiter === undefined ? 'crlf' : 'keep',
          ...options,
          delimiter: new TextEncoder().encode(delimiter ?? '\n'),
        });
        const { payloads, offsets, error } = await readLines(path, { ...how, ...options, chunkBytes });
        expect(error).toBeUndefined();
        expect(offsets).toEqual(expected.map(({ offset }) => offset));
        expect(Buffer.concat(payloads).equals(Buffer.concat(expected.map(({ payload }) => payload)))).toBe(
          true,
        );
        if ('reuse' in how) continue;
        const scan = await scanTextLines(path, { ...how, ...options, chunkBytes });
        expect(scan.records).toBe(expected.length);
        expect(scan.payloadBytes).toBe(expected.reduce((sum, { payload }) => sum + payload.length, 0));
        expect(scan.bytes).toBe(bytes.length);
      }
    });

    test('line by line, and left early', async () => {
      let lines = 0;
      for await (const line of readTextLines(path, how)) {
        expect(line.length).toBeGreaterThanOrEqual(0);
        if (++lines === 5) break;
      }
      expect(lines).toBe(5);
    });
  },
);
