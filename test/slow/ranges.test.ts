import { expect, test } from 'vitest';
import { compareOnce } from '../support/random-ranges.ts';
import { slowShare } from '../support/slow-share.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();

test.each(['tfrecord', 'recordio', 'textline'] as const)(
  '%s: ranges of many randomly damaged files give the report of one pass',
  async (format) => {
    const path = temp.file(format);
    for (let i = 0; i < slowShare(3000); i++)
      expect((await compareOnce(path, 1_000_000 + i, format)).report).not.toBeNull();
  },
);
