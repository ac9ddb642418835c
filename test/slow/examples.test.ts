import { expect, test } from 'vitest';
import { decodeExample, type Example, encodeExample } from '../../src/example/index.ts';
import { isRecordpipeError } from '../../src/index.ts';
import { damaged, randomDamage } from '../support/corrupt.ts';
import { oddExample, randomFeatures } from '../support/example-messages.ts';
import { oracleExample, type Told, told } from '../support/oracle-example.ts';
import { Random } from '../support/random.ts';
import { slowShare } from '../support/slow-share.ts';

const RUNS = slowShare(1_000_000);

test(`${RUNS} damaged messages: an error of ours, or the value of protobufjs`, () => {
  const random = new Random(77);
  let errors = 0;
  let unseen = 0;
  for (let i = 0; i < RUNS; i++) {
    const message = random.below(2) ? oddExample(random) : encodeExample(randomFeatures(random));
    if (message.length === 0) continue;
    const bytes = damaged(message, randomDamage(random, message.length));
    const why = `${i}: ${Buffer.from(bytes).toString('hex')}`;
    let ours: Example | undefined;
    try {
      ours = decodeExample(bytes);
    } catch (error) {
      if (!isRecordpipeError(error, 'malformed-example')) throw new Error(why, { cause: error });
      errors++;
      continue;
    }
    let theirs: Told;
    try {
      theirs = oracleExample(bytes);
    } catch {
      // Damage inside a list that a later kind of its feature replaces: we do not look there, and tf does not allow such features.
      expect(() => decodeExample(bytes, { strict: 'tf' }), why).toThrow();
      unseen++;
      continue;
    }
    if (JSON.stringify(sorted(told(ours))) !== JSON.stringify(sorted(theirs)))
      expect(told(ours), why).toEqual(theirs);
  }
  expect(errors).toBeGreaterThan(RUNS / 10);
  expect(unseen).toBeLessThan(RUNS / 100);
});

function sorted(features: Told): [string, Told[string]][] {
  return Object.entries(features).sort(([a], [b]) => (a < b ? -1 : 1));
}
