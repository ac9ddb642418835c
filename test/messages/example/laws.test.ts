import { describe, expect, test } from 'vitest';
import {
  decodeExample,
  decodeSequenceExample,
  ExampleCursor,
  encodeExample,
  encodeSequenceExample,
} from '../../../src/messages/index.ts';
import {
  oddExample,
  oddSequenceExample,
  randomFeature,
  randomFeatures,
} from '../../support/example-messages.ts';
import {
  type CanonicalFeatures,
  canonicalFeature,
  canonicalFeatures,
  oracleExample,
  oracleSequenceExample,
} from '../../support/oracle-example.ts';
import { Random } from '../../support/random.ts';
import { randomRuns } from '../../support/random-runs.ts';

/** Returns the features that a cursor reports; for repeated names, the last one. */
function cursorFeatures(cursor: ExampleCursor): CanonicalFeatures {
  const met = new Map<string, CanonicalFeatures[string]>();
  while (cursor.next()) {
    expect(cursor.repeats).toBe(met.has(cursor.name));
    const feature = canonicalFeature(cursor.feature());
    expect(cursor.count).toBe(feature.value.length);
    met.set(cursor.name, feature);
  }
  return Object.fromEntries(met);
}

describe('against the compiled messages of protobufjs', () => {
  test('protobufjs and decodeExample agree on encoded records', () => {
    const random = new Random(1);
    for (let i = 0; i < randomRuns(500); i++) {
      const features = randomFeatures(random);
      const record = encodeExample(features, { deterministic: i % 2 === 0 });
      const expected = oracleExample(record);
      expect(Object.keys(expected).sort()).toEqual([...features.keys()].sort());
      expect(canonicalFeatures(decodeExample(record))).toEqual(expected);
      expect(canonicalFeatures(decodeExample(record, { strict: 'tf', int64: 'auto' }))).toEqual(expected);
      expect(encodeExample(decodeExample(record), { deterministic: false })).toEqual(record);
    }
  });

  test('unusual layouts', () => {
    const random = new Random(2);
    const cursor = new ExampleCursor();
    let names = 0;
    for (let i = 0; i < randomRuns(3000); i++) {
      const record = oddExample(random);
      const expected = oracleExample(record);
      names += Object.keys(expected).length;
      expect(canonicalFeatures(decodeExample(record)), Buffer.from(record).toString('hex')).toEqual(expected);
      cursor.open(record);
      expect(cursorFeatures(cursor)).toEqual(expected);
    }
    expect(names).toBeGreaterThan(randomRuns(3000));
  });

  test('SequenceExamples in unusual layouts', () => {
    const random = new Random(3);
    for (let i = 0; i < randomRuns(2000); i++) {
      const record = oddSequenceExample(random);
      const expected = oracleSequenceExample(record);
      const { context, featureLists } = decodeSequenceExample(record);
      expect(canonicalFeatures(context), Buffer.from(record).toString('hex')).toEqual(expected.context);
      const lists = [...featureLists].map(([name, steps]) => [name, steps.map(canonicalFeature)]);
      expect(Object.fromEntries(lists)).toEqual(expected.lists);
    }
  });

  test('encoded SequenceExamples', () => {
    const random = new Random(4);
    for (let i = 0; i < randomRuns(300); i++) {
      const steps = Array.from({ length: random.below(6) }, () => randomFeature(random));
      const record = encodeSequenceExample({
        context: randomFeatures(random),
        featureLists: { steps, none: [] },
      });
      const { context, featureLists } = decodeSequenceExample(record);
      const expected = oracleSequenceExample(record);
      expect(canonicalFeatures(context)).toEqual(expected.context);
      expect(featureLists.get('steps')!.map(canonicalFeature)).toEqual(expected.lists['steps']);
      expect(encodeSequenceExample({ context, featureLists })).toEqual(record);
    }
  });
});

describe('values', () => {
  test('aligned floats are a view, and all floats keep their bits', () => {
    const value = new Float32Array(new Uint32Array([0x7fa00001, 0xffc12345, 1, 0x80000000]).buffer);
    const record = encodeExample({ f: { kind: 'float', value } });
    let views = 0;
    for (let shift = 0; shift < 4; shift++) {
      const memory = new Uint8Array(record.length + shift);
      memory.set(record, shift);
      const feature = decodeExample(memory.subarray(shift)).get('f')!;
      if (feature.kind !== 'float') throw new Error(feature.kind);
      expect(new Uint8Array(feature.value.slice().buffer)).toEqual(new Uint8Array(value.buffer));
      if (feature.value.buffer === memory.buffer) views++;
    }
    expect(views).toBe(1);
  });

  test('damage in a step is reported although a later list is undamaged', () => {
    const step = (...feature: number[]): number[] => [0x0a, feature.length, ...feature];
    const list = (name: number, ...steps: number[]): number[] => {
      const entry = [0x0a, 1, name, 0x12, steps.length, ...steps];
      return [0x0a, entry.length, ...entry];
    };
    const damaged = list(97, ...step(0x0a, 9));
    const unpacked = list(98, ...step(0x1a, 4, 8, 1, 8, 2));
    const record = Uint8Array.of(0x12, damaged.length + unpacked.length, ...damaged, ...unpacked);
    expect(() => decodeSequenceExample(record)).toThrow(
      expect.objectContaining({ code: 'malformed-example' }),
    );
  });

  test('bytes are views of the record', () => {
    const record = encodeExample({ b: { kind: 'bytes', value: ['abc', '', 'de'] } });
    const feature = decodeExample(Buffer.from(record)).get('b')!;
    if (feature.kind !== 'bytes') throw new Error(feature.kind);
    expect(feature.value.map((one) => Buffer.from(one).toString())).toEqual(['abc', '', 'de']);
    expect(feature.value[0].constructor).toBe(Uint8Array);
  });

  test('small arrays do not overlap', () => {
    const value = Array.from({ length: 3000 }, (_, i) => i);
    const record = encodeExample(
      Object.fromEntries(value.map((i) => [`n${i}`, { kind: 'int64', value: [i, -i] }])),
    );
    const examples = [decodeExample(record), decodeExample(record, { int64: 'number' })];
    for (const i of value) {
      expect(
        examples.map((one) =>
          Array.from<bigint | number, number>(one.get(`n${i}`)!.value as BigInt64Array, Number),
        ),
      ).toEqual(
        [
          [i, -i],
          [i, -i],
        ].map(([a, b]) => [a, b === 0 ? expect.closeTo(0) : b]),
      );
    }
  });

  test('integers as bigint, number, auto', () => {
    const largest = 2n ** 53n - 1n;
    const record = encodeExample({
      small: { kind: 'int64', value: [largest, -largest] },
      large: { kind: 'int64', value: [5, largest + 1n] },
    });
    const auto = decodeExample(record, { int64: 'auto' });
    expect(auto.get('small')!.value).toEqual(Float64Array.of(Number(largest), -Number(largest)));
    expect(auto.get('large')!.value).toEqual(BigInt64Array.of(5n, largest + 1n));
    expect(() => decodeExample(record, { int64: 'number', place: { record: 3, uri: 'f' } })).toThrow(
      /"large": expected integers of at most 2\^53 - 1 as numbers, got 9007199254740992 as value 1.*record 3 of f/,
    );
    expect(() =>
      decodeExample(encodeExample({ n: { kind: 'int64', value: [-largest - 1n] } }), { int64: 'number' }),
    ).toThrow(/-9007199254740992/);
  });
});
