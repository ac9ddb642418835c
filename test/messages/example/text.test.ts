import { expect, test } from 'vitest';
import {
  compileFeatures,
  compileSequenceFeatures,
  encodeExample,
  encodeSequenceExample,
  fixedLen,
  fixedLenSequence,
  ragged,
  sparse,
  varLen,
} from '../../../src/messages/index.ts';
import { Random } from '../../support/random.ts';
import { randomRuns } from '../../support/random-runs.ts';

const TEXTS = ['', 'a', 'Zürich', '🦊', '\ufeffbom', '텐스트', 'x'.repeat(100), '\u0000'];

test('text of every spec', () => {
  const plan = compileFeatures({
    name: fixedLen([], 'text'),
    pair: fixedLen([2], 'text'),
    city: fixedLen([], 'text', 'nowhere'),
    tags: ragged('text'),
    words: varLen('text'),
    padded: fixedLenSequence([], 'text', '-'),
    found: sparse('at', 'tags', 'text', 10),
  });
  const record = encodeExample({
    name: { kind: 'bytes', value: ['Ada'] },
    pair: { kind: 'bytes', value: ['é', '🦊'] },
    tags: { kind: 'bytes', value: ['b', 'a'] },
    words: { kind: 'bytes', value: ['one', 'two'] },
    padded: { kind: 'bytes', value: ['p', 'q'] },
    at: { kind: 'int64', value: [7, 3] },
  });
  const { name, pair, city, tags, words, padded, found } = plan.parse(record);
  expect([name, pair, city, tags, words, padded, found.values]).toEqual([
    'Ada',
    ['é', '🦊'],
    'nowhere',
    ['b', 'a'],
    ['one', 'two'],
    ['p', 'q'],
    ['a', 'b'],
  ]);
  const other = encodeExample({
    name: { kind: 'bytes', value: ['Bob'] },
    pair: { kind: 'bytes', value: ['', 'x'] },
    city: { kind: 'bytes', value: ['Bern'] },
  });
  const batch = plan.parseBatch([record, other]);
  expect(batch.name).toEqual({ values: ['Ada', 'Bob'], shape: [2] });
  expect(batch.pair).toEqual({ values: ['é', '🦊', '', 'x'], shape: [2, 2] });
  expect(batch.city.values).toEqual(['nowhere', 'Bern']);
  expect(batch.tags).toEqual({ values: ['b', 'a'], rowSplits: Int32Array.of(0, 2, 2) });
  expect(batch.padded).toEqual({ values: ['p', 'q', '-', '-'], shape: [2, 2] });
});

test('random texts', () => {
  const random = new Random(1);
  const plan = compileFeatures({ tags: ragged('text') });
  for (let i = 0; i < randomRuns(500); i++) {
    const rows = Array.from({ length: random.below(6) }, () =>
      Array.from({ length: random.below(5) }, () => random.pick(TEXTS)),
    );
    const records = rows.map((value) => encodeExample({ tags: { kind: 'bytes', value } }));
    expect(plan.parseBatch(records).tags.values).toEqual(rows.flat());
  }
});

test('bytes that are not UTF-8 are an error that names the feature and the record', () => {
  const fine = encodeExample({ tags: { kind: 'bytes', value: ['a', 'b'] } });
  const split = encodeExample({
    tags: { kind: 'bytes', value: [Uint8Array.of(0xc3), Uint8Array.of(0xa9)] },
  });
  const plan = compileFeatures({ tags: ragged('text') });
  const expected = expect.objectContaining({
    code: 'schema-mismatch',
    record: 11,
    message: expect.stringContaining('feature "tags": expected UTF-8 text'),
  });
  expect(() => plan.parseBatch([fine, split], { record: 10 })).toThrow(expected);
  expect(() => plan.parse(split, { record: 11 })).toThrow(expected);
  expect(plan.parse(fine).tags).toEqual(['a', 'b']);
});

test('steps of a feature list', () => {
  const plan = compileSequenceFeatures({}, { words: ragged('text') });
  const record = encodeSequenceExample({
    featureLists: {
      words: [
        { kind: 'bytes', value: ['a', 'é'] },
        { kind: 'bytes', value: [] },
      ],
    },
  });
  expect(plan.parse(record).featureLists.words).toEqual({
    values: ['a', 'é'],
    rowSplits: Int32Array.of(0, 2, 2),
  });
});

test('a default that is no text is rejected', () => {
  expect(() => compileFeatures({ a: fixedLen([], 'text', Uint8Array.of(1) as unknown as string) })).toThrow(
    'defaultValue: expected a string',
  );
  expect(() => compileFeatures({ a: fixedLen([], 'text', '\ud800') })).toThrow('lone surrogate');
});
