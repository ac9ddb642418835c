import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type MessageType, recognizeRecord, recordJson } from '../../../src/check/index.ts';
import { encodeExample, encodeSequenceExample } from '../../../src/messages/index.ts';
import { cli, jsonLines } from '../../support/cli.ts';
import { FIXTURES, fixture } from '../../support/golden.ts';

interface GoldenFeature {
  readonly kind: 'int64' | 'float' | 'bytes' | 'none';
  readonly value: readonly (string | number)[];
}
type GoldenFeatures = Record<string, GoldenFeature>;

/** Returns a feature of a golden file in the JSON mapping. */
function mapped({ kind, value }: GoldenFeature): object {
  if (kind === 'none') return {};
  const values =
    kind === 'bytes' ? value.map((hex) => Buffer.from(String(hex), 'hex').toString('base64')) : value;
  return { [`${kind}List`]: value.length === 0 ? {} : { value: values } };
}

function features(all: GoldenFeatures): object {
  return { feature: Object.fromEntries(Object.entries(all).map(([name, one]) => [name, mapped(one)])) };
}

/** Rounds floats to 32 bits. */
function rounded(line: unknown): unknown {
  return JSON.parse(JSON.stringify(line), (_, value) =>
    typeof value === 'number' ? Math.fround(value) : value,
  );
}

async function decoded<T>(name: string): Promise<{ lines: T[]; golden: unknown[] }> {
  const { stdout } = await cli([
    'inspect',
    fileURLToPath(new URL(`${name}.bin`, FIXTURES)),
    '-n',
    '0',
    '--jsonl',
    '--decode',
  ]);
  const { examples } = JSON.parse(Buffer.from(fixture(`${name}.json`)).toString());
  return { lines: jsonLines<T>(stdout), golden: examples };
}

test("TensorFlow's Examples, decoded by the command line", async () => {
  const { lines, golden } = await decoded<{ record: number; example: object }>('examples');
  expect(lines.length).toBe(golden.length);
  for (const { record, example } of lines) {
    const all = (golden[record] as { features: GoldenFeatures }).features;
    expect(rounded(example)).toEqual(rounded({ features: Object.keys(all).length > 0 ? features(all) : {} }));
  }
});

test("TensorFlow's SequenceExamples", async () => {
  const { lines, golden } = await decoded<{ record: number; sequenceExample?: object; example?: object }>(
    'sequence-examples',
  );
  expect(lines.filter(({ sequenceExample }) => sequenceExample !== undefined).length).toBeGreaterThan(30);
  for (const { record, sequenceExample } of lines) {
    if (sequenceExample === undefined) continue;
    const { context = {}, featureLists } = golden[record] as {
      context?: GoldenFeatures;
      featureLists: Record<string, GoldenFeature[]>;
    };
    const lists = Object.entries(featureLists).map(
      ([name, steps]) => [name, steps.length === 0 ? {} : { feature: steps.map(mapped) }] as const,
    );
    const found = rounded(sequenceExample) as { context?: object; featureLists: object };
    expect(found.featureLists).toEqual(rounded({ featureList: Object.fromEntries(lists) }));
    if (Object.keys(context).length > 0) expect(found.context).toEqual(rounded(features(context)));
  }
});

test('recordJson writes unset fields, special floats and chosen features', () => {
  const json = (bytes: Uint8Array, wanted?: (name: string) => boolean): string => {
    const { type } = recognizeRecord(bytes);
    return [...recordJson(bytes, type as MessageType, wanted && { wanted })].join('');
  };
  expect(json(new Uint8Array(0))).toBe('{}');
  expect(json(Uint8Array.of(10, 0))).toBe('{"features":{}}');
  const record = encodeSequenceExample({
    featureLists: { a: [{ kind: 'float', value: [-0, Number.NaN] }], b: [] },
  });
  expect(json(record, (name) => name === 'a')).toBe(
    '{"featureLists":{"featureList":{"a":{"feature":[{"floatList":{"value":[-0.0,"NaN"]}}]}}}}',
  );
});

test('recordJson yields large values in pieces of bounded size', () => {
  const bytes = Uint8Array.from({ length: 2_000_001 }, (_, i) => i % 251);
  const ints = Array.from({ length: 20_000 }, (_, i) => i);
  const record = encodeExample({ x: { kind: 'bytes', value: [bytes] }, y: { kind: 'int64', value: ints } });
  const pieces = [...recordJson(record, 'Example')];
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(2 ** 20);
  const { feature } = JSON.parse(pieces.join('')).features;
  expect(Buffer.from(feature.x.bytesList.value[0], 'base64').equals(bytes)).toBe(true);
  expect(feature.y.int64List.value).toEqual(ints.map(String));
});
