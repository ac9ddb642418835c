import { describe, expect, test } from 'vitest';
import { decodeTFRecords } from '../../../src/index.ts';
import {
  decodeExample,
  decodeSequenceExample,
  ExampleCursor,
  encodeExample,
  encodeSequenceExample,
} from '../../../src/messages/index.ts';
import { fixture } from '../../support/golden.ts';
import {
  bits,
  type CanonicalFeatures,
  canonicalFeature,
  canonicalFeatures,
} from '../../support/oracle-example.ts';

interface GoldenFeature {
  readonly kind: string;
  readonly value: readonly (string | number)[];
}
type GoldenFeatures = Record<string, GoldenFeature>;

function goldens<T>(name: string): { records: Uint8Array[]; examples: T[] } {
  const { examples } = JSON.parse(Buffer.from(fixture(`${name}.json`)).toString()) as { examples: T[] };
  return { records: [...decodeTFRecords(fixture(`${name}.bin`))], examples };
}

function canonicalGolden(features: GoldenFeatures = {}): CanonicalFeatures {
  const entries = Object.entries(features);
  return Object.fromEntries(entries.map(([name, feature]) => [name, canonicalGoldenFeature(feature)]));
}

function canonicalGoldenFeature({ kind, value }: GoldenFeature): CanonicalFeatures[string] {
  return { kind, value: value.map((one) => (typeof one === 'number' ? bits(one) : String(one))) };
}

describe('Examples that TensorFlow wrote', () => {
  const { records, examples } = goldens<{ features: GoldenFeatures }>('examples');

  test('decode to the golden values', () => {
    expect(records.length).toBe(80);
    for (const [i, record] of records.entries()) {
      expect(canonicalFeatures(decodeExample(record)), `record ${i}`).toEqual(
        canonicalGolden(examples[i].features),
      );
      expect(canonicalFeatures(decodeExample(record, { int64: 'auto', strict: 'tf' }))).toEqual(
        canonicalGolden(examples[i].features),
      );
    }
  });

  test('encode to the same bytes', () => {
    for (const [i, record] of records.entries()) {
      expect(Buffer.from(record).equals(encodeExample(decodeExample(record))), `record ${i}`).toBe(true);
    }
  });

  test('ExampleCursor reports the golden values', () => {
    const cursor = new ExampleCursor();
    for (const [i, record] of records.entries()) {
      const met: [string, CanonicalFeatures[string]][] = [];
      for (cursor.open(record); cursor.next(); ) {
        expect([cursor.count, cursor.repeats]).toEqual([
          examples[i].features[cursor.name].value.length,
          false,
        ]);
        met.push([cursor.name, canonicalFeature(cursor.feature())]);
      }
      expect(Object.fromEntries(met)).toEqual(canonicalGolden(examples[i].features));
    }
  });
});

describe('SequenceExamples that TensorFlow wrote', () => {
  const { records, examples } = goldens<{
    context: GoldenFeatures;
    featureLists: Record<string, GoldenFeature[]>;
  }>('sequence-examples');

  test('decode to the golden values, and encode to the same bytes', () => {
    expect(records.length).toBe(40);
    for (const [i, record] of records.entries()) {
      const decoded = decodeSequenceExample(record);
      const lists = Object.entries(examples[i].featureLists);
      expect(canonicalFeatures(decoded.context), `record ${i}`).toEqual(canonicalGolden(examples[i].context));
      expect(
        Object.fromEntries(
          [...decoded.featureLists].map(([name, steps]) => [name, steps.map(canonicalFeature)]),
        ),
      ).toEqual(Object.fromEntries(lists.map(([name, steps]) => [name, steps.map(canonicalGoldenFeature)])));
      expect(Buffer.from(record).equals(encodeSequenceExample(decoded)), `record ${i}`).toBe(true);
    }
  });
});
