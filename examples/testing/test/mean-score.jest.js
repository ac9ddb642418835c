import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { RecordpipeError } from 'recordpipe';
import { meanScore } from '../src/mean-score.js';
import { scoreRecords } from './score-records.js';

test('computes the mean of records in memory', async () => {
  expect(await meanScore(scoreRecords(1, 2, 6))).toBe(3);
});

test('computes the mean of a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mean-score-'));
  try {
    writeFileSync(join(folder, 'scores.tfrecord'), scoreRecords(1, 2));
    expect(await meanScore(join(folder, 'scores.tfrecord'))).toBe(1.5);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('rejects a file without records', async () => {
  await expect(meanScore(scoreRecords())).rejects.toThrow('no records');
});

test('reports the location of a damaged record', async () => {
  const bytes = scoreRecords(1, 2, 3);
  bytes[bytes.length - 6] ^= 1;
  const failed = meanScore(bytes);
  await expect(failed).rejects.toBeInstanceOf(RecordpipeError);
  await expect(failed).rejects.toMatchObject({ code: 'data-checksum', record: 2 });
});
