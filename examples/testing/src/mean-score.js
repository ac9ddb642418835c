// The code under test.
import { readTFRecords } from 'recordpipe';
import { compileFeatures, fixedLen } from 'recordpipe/messages';

const plan = compileFeatures({ score: fixedLen([], 'float') });

/**
 * Returns the mean of the feature `score`.
 * @param source a path, or anything else that readTFRecords reads, such as bytes
 */
export async function meanScore(source) {
  let sum = 0;
  let records = 0;
  for await (const record of readTFRecords(source)) {
    sum += plan.parse(record).score;
    records++;
  }
  if (records === 0) throw new Error('no records');
  return sum / records;
}
