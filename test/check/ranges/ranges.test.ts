import { describe, expect, test } from 'vitest';
import { compareOnce } from '../../support/random-ranges.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();

describe.each(['tfrecord', 'recordio', 'textline'] as const)('%s', (format) => {
  test('ranges of randomly damaged files give the report of one pass', async () => {
    const path = temp.file(`random-${format}`);
    for (let seed = 0; seed < 60; seed++) {
      // compareOnce compares the reports.
      expect((await compareOnce(path, seed, format)).report).not.toBeNull();
    }
  });
});
