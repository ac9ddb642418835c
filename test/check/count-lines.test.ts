import { describe, expect, test } from 'vitest';
import { countQuickly } from '../../src/check/count-quickly.ts';
import type { CheckedReading } from '../../src/check/files-options.ts';
import { countFiles } from '../../src/check/index.ts';
import { scanTextLines } from '../../src/index.ts';
import { Random } from '../support/random.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const BLOCK_BYTES = 512 * 1024;
const random = new Random(77);

/** Counts lines without a scan. */
function countLines(path: string, reading: Partial<CheckedReading>): ReturnType<typeof countQuickly> {
  const text = { ...reading, format: 'textline' } as const;
  return countQuickly({ path }, { check: 'count', maxErrors: 1, blocking: true, reading: text }, {});
}

/**
 * Returns lines of random lengths up to `most`. `ended` determines whether the last one has a
 * delimiter.
 */
function text(bytes: number, most: number, ended: boolean): Buffer {
  const lines = Buffer.alloc(bytes, 'x');
  for (let at = random.below(most); at < bytes; at += 1 + random.below(most)) lines[at] = 10;
  lines[bytes - 1] = ended ? 10 : 120;
  return lines;
}

describe('lines counted on the calling thread', () => {
  const sizes = [1, 2, 1000, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES + 17];
  test.each(sizes.flatMap((bytes) => [3, 5000, 700_000].map((most) => ({ bytes, most }))))(
    '$bytes bytes, lines of up to $most bytes',
    async ({ bytes, most }) => {
      for (const ended of [true, false]) {
        const path = temp.file(`${bytes}-${most}-${ended}.txt`, text(bytes, most, ended));
        const { records } = await scanTextLines(path);
        expect(await countLines(path, {})).toEqual({ format: 'textline', records, bytes });
        const counted = await countFiles([path], { format: 'textline', blocking: true });
        expect(counted.records).toBe(records);
      }
    },
  );

  test('other one-byte delimiters', async () => {
    const path = temp.file('fields', Buffer.from('a\0b\0\0c'));
    expect(await countLines(path, { delimiter: '\0' })).toMatchObject({ records: 4 });
  });

  test('long lines and unusual options fall back to the scan', async () => {
    const long = temp.file('long.txt', Buffer.alloc(3 * BLOCK_BYTES, 'x'));
    expect(await countLines(long, { maxRecordBytes: 2 * BLOCK_BYTES })).toBeUndefined();
    expect(await countLines(long, { maxRecordBytes: 3 * BLOCK_BYTES })).toMatchObject({ records: 1 });
    const { files } = await countFiles([long], {
      format: 'textline',
      blocking: true,
      maxRecordBytes: 2 * BLOCK_BYTES,
    });
    expect(files[0].error?.code).toBe('record-too-large');
    for (const options of [{ skipBlank: true }, { delimiter: '\r\n' }, { maxRecordBytes: 10 }] as const)
      expect(await countLines(long, options)).toBeUndefined();
    expect(await countLines(temp.file('nowhere'), {})).toBeUndefined();
  });
});
