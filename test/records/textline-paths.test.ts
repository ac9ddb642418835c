import { describe, expect, test } from 'vitest';
import { readTextLines, scanTextLines } from '../../src/records/textline.ts';
import { oracleLines } from '../support/oracle-textline.ts';
import { Random } from '../support/random.ts';
import { tempDir } from '../support/temp-dir.ts';
import { readLines } from '../support/text-outcome.ts';

const random = new Random(4);
const whole = Uint8Array.from({ length: 60_000 }, () => random.pick([97, 98, 10, 13, 97, 97, 97, 97]));
whole.fill(97, 20_000, 35_000);
const temp = tempDir();
/** Reading one byte at a time takes a promise per byte, so part of the file suffices. */
const part = whole.slice(18_500, 21_500);
const wholePath = temp.file('lines.txt', whole);
const partPath = temp.file('part.txt', part);

/** Files are read into alternating buffers in kernel memory and split there. */
describe.each([{}, { blocking: true }, { reuse: true }, { reuse: true, blocking: true }])(
  'a file, %j',
  (how) => {
    test.each([1, 100, 4096, 16_000, 65_536])('%i bytes at a time', async (chunkBytes) => {
      const [path, bytes] = chunkBytes === 1 ? [partPath, part] : [wholePath, whole];
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

    test('line by line, and closed early', async () => {
      let lines = 0;
      for await (const line of readTextLines(wholePath, how)) {
        expect(line.length).toBeGreaterThanOrEqual(0);
        if (++lines === 5) break;
      }
      expect(lines).toBe(5);
    });
  },
);
