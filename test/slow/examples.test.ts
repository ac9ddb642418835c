import { expect, test } from 'vitest';
import { isRecordpipeError } from '../../src/index.ts';
import {
  compileFeatures,
  decodeExample,
  decodeSequenceExample,
  type Example,
  ExampleDecoder,
  encodeExample,
  varLen,
} from '../../src/messages/index.ts';
import { damaged, randomDamage } from '../support/corrupt.ts';
import { NAMES, oddExample, oddSequenceExample, randomFeatures } from '../support/example-messages.ts';
import {
  type CanonicalFeatures,
  canonicalFeature,
  canonicalFeatures,
  oracleExample,
  oracleSequenceExample,
} from '../support/oracle-example.ts';
import { Random } from '../support/random.ts';
import { slowShare } from '../support/slow-share.ts';

const RUNS = slowShare(1_000_000);

test(`${RUNS} damaged messages: a RecordpipeError or the value of protobufjs`, () => {
  const random = new Random(77);
  let errors = 0;
  let unseen = 0;
  const decoder = new ExampleDecoder();
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
    if (ownBytes(ours, bytes) > 8 * bytes.length) throw new Error(`more than 8 bytes for each: ${why}`);
    const sameMemory = canonicalFeatures(decoder.decode(bytes));
    if (JSON.stringify(sameMemory) !== JSON.stringify(canonicalFeatures(ours)))
      expect(sameMemory, why).toEqual(canonicalFeatures(ours));
    let theirs: CanonicalFeatures;
    try {
      theirs = oracleExample(bytes);
    } catch {
      // Damage in a list that a later kind of its feature replaces is not decoded. tf does not
      // allow such features.
      expect(() => decodeExample(bytes, { strict: 'tf' }), why).toThrow();
      unseen++;
      continue;
    }
    if (JSON.stringify(sorted(canonicalFeatures(ours))) !== JSON.stringify(sorted(theirs)))
      expect(canonicalFeatures(ours), why).toEqual(theirs);
  }
  expect(errors).toBeGreaterThan(RUNS / 10);
  expect(unseen).toBeLessThan(RUNS / 100);
});

function sorted(features: CanonicalFeatures): [string, CanonicalFeatures[string]][] {
  return Object.entries(features).sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * Returns the number of bytes in arrays that are not views of the message. A one-byte integer takes
 * eight bytes, the maximum.
 */
function ownBytes(example: Example, message: Uint8Array): number {
  let bytes = 0;
  for (const { kind, value } of example.values())
    if ((kind === 'float' || kind === 'int64') && value.buffer !== message.buffer) bytes += value.byteLength;
  return bytes;
}

test(`${RUNS / 10} damaged messages with plans: a RecordpipeError or the values of decodeExample`, () => {
  const random = new Random(78);
  const names = NAMES.filter((name) => name !== '__proto__');
  const kinds = ['bytes', 'float', 'int64'] as const;
  const plans = kinds.map((kind) =>
    compileFeatures(Object.fromEntries(names.map((name) => [name, varLen(kind)]))),
  );
  let parsed = 0;
  for (let i = 0; i < RUNS / 10; i++) {
    const message = random.below(2) ? oddExample(random) : encodeExample(randomFeatures(random));
    if (message.length === 0) continue;
    const bytes = damaged(message, randomDamage(random, message.length));
    const why = `${i}: ${Buffer.from(bytes).toString('hex')}`;
    const k = random.below(kinds.length);
    try {
      const found = plans[k].parse(bytes);
      const whole = decodeExample(bytes);
      for (const name of names) {
        const feature = whole.get(name);
        const value = (found as Record<string, ArrayLike<unknown>>)[name];
        const expected = feature?.kind === kinds[k] ? feature : { kind: kinds[k], value: [] };
        expect(canonicalFeature({ kind: kinds[k], value } as never), why).toEqual(
          canonicalFeature(expected as never),
        );
      }
      parsed++;
    } catch (error) {
      if (!isRecordpipeError(error, 'malformed-example', 'schema-mismatch'))
        throw new Error(why, { cause: error });
    }
  }
  expect(parsed).toBeGreaterThan(RUNS / 1000);
});

test(`${RUNS / 10} damaged SequenceExamples: a RecordpipeError or the value of protobufjs`, () => {
  const random = new Random(79);
  let read = 0;
  let unseen = 0;
  for (let i = 0; i < RUNS / 10; i++) {
    const message = oddSequenceExample(random);
    if (message.length === 0) continue;
    const bytes = damaged(message, randomDamage(random, message.length));
    const why = `${i}: ${Buffer.from(bytes).toString('hex')}`;
    try {
      const { context, featureLists } = decodeSequenceExample(bytes);
      const lists = [...featureLists].map(([name, steps]) => [name, steps.map(canonicalFeature)]);
      let theirs: ReturnType<typeof oracleSequenceExample>;
      try {
        theirs = oracleSequenceExample(bytes);
      } catch {
        unseen++;
        continue;
      }
      expect({ context: canonicalFeatures(context), lists: Object.fromEntries(lists) }, why).toEqual(theirs);
      read++;
    } catch (error) {
      if (!isRecordpipeError(error, 'malformed-example')) throw new Error(why, { cause: error });
    }
  }
  expect(read).toBeGreaterThan(RUNS / 1000);
  expect(unseen).toBeLessThan(RUNS / 100);
});
