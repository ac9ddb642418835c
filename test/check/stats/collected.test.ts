import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { collectStats, validateFiles } from 'recordpipe/check';
import { expect, test } from 'vitest';
import type { FeatureStats } from '../../../src/check/index.ts';
import { encodeTFRecord } from '../../../src/formats/index.ts';
import { encodeExample } from '../../../src/messages/index.ts';
import { gif } from '../../support/examples.ts';
import { detected, FIXTURES, goldenFiles } from '../../support/golden.ts';
import { concat } from '../../support/oracle-tfrecord.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();

interface GoldenFeature {
  readonly kind: 'int64' | 'float' | 'bytes' | 'none';
  readonly value: (string | number)[];
}

test("the counts of TensorFlow's Examples equal those of TensorFlow", async () => {
  const path = fileURLToPath(new URL('examples.bin', FIXTURES));
  const { examples } = JSON.parse(readFileSync(path.replace('.bin', '.json'), 'utf8')) as {
    examples: { features: Record<string, GoldenFeature> }[];
  };
  const stats = await collectStats(path);
  expect(stats.messages).toEqual({ example: examples.length, sequenceExample: 0, other: 0 });
  const names = [...new Set(examples.flatMap(({ features }) => Object.keys(features)))].sort();
  expect(stats.features.map(({ name }) => name)).toEqual(names);
  for (const found of stats.features) {
    const golden = examples.flatMap(({ features }) => (found.name in features ? [features[found.name]] : []));
    expect(found.records).toBe(golden.length);
    checkFeature(found, golden);
  }
});

function checkFeature(found: FeatureStats, golden: GoldenFeature[]): void {
  const of = (kind: GoldenFeature['kind']): GoldenFeature[] => golden.filter((one) => one.kind === kind);
  for (const kind of ['int64', 'float', 'bytes', 'none'] as const)
    expect(found.kinds[kind]?.count ?? 0).toBe(of(kind).length);
  const lists = golden.filter(({ kind }) => kind !== 'none').map(({ value }) => value.length);
  expect([found.length?.min, found.length?.max]).toEqual([Math.min(...lists), Math.max(...lists)]);
  const ints = of('int64').flatMap(({ value }) => value.map(BigInt));
  if (ints.length > 0) {
    const sorted = ints.sort((a, b) => (a < b ? -1 : 1));
    expect([found.int64?.min, found.int64?.max].map((one) => BigInt(one!))).toEqual([
      sorted[0],
      sorted.at(-1),
    ]);
    expect(found.int64?.values).toBe(ints.length);
  }
  const floats = of('float').flatMap(({ value }) => value as number[]);
  if (floats.length > 0) {
    expect(Math.fround(found.float!.min!)).toBe(Math.min(...floats));
    expect(Math.fround(found.float!.max!)).toBe(Math.max(...floats));
  }
  const blobs = of('bytes').flatMap(({ value }) => value.map((hex) => String(hex).length / 2));
  if (blobs.length > 0) expect(found.bytes?.total).toBe(blobs.reduce((sum, length) => sum + length));
}

test('stats and validate agree on every golden file, with and without workers', async () => {
  const pattern = `${fileURLToPath(FIXTURES)}*.bin`;
  const { files } = await validateFiles(pattern, { jobs: 1 });
  const here = await collectStats(pattern, { jobs: 1, samples: true });
  expect(here.files).toEqual(
    files
      .map(({ uri, format, compression, records, bytes, errorCount, unreadable }) => ({
        uri,
        format,
        compression,
        records,
        bytes,
        findings: errorCount,
        unreadable,
      }))
      .sort((a, b) => (a.uri < b.uri ? -1 : 1)),
  );
  const there = await collectStats(pattern, { jobs: 3, samples: true });
  expect(JSON.stringify(there) === JSON.stringify(here)).toBe(true);
  expect(here.files.length).toBe(goldenFiles().map(detected).length);
});

test('numbers, texts and images', async () => {
  const record = (i: number): Uint8Array =>
    encodeExample({
      image: { kind: 'bytes', value: [gif(10 + i, 20)] },
      label: { kind: 'int64', value: [i % 2] },
      big: { kind: 'int64', value: [2n ** 62n + BigInt(i), -(2n ** 63n)] },
      weights: { kind: 'float', value: [0.1, Number.NaN, Number.NEGATIVE_INFINITY, -2] },
      name: { kind: 'bytes', value: [i === 0 ? Uint8Array.of(255) : 'é'] },
    });
  const path = temp.file('x.tfrecord', concat([0, 1, 2].map((i) => encodeTFRecord(record(i)))));
  const { features, samples } = await collectStats(path, { samples: true });
  const [big, image, label, name, weights] = features;
  expect(big.int64).toMatchObject({ min: '-9223372036854775808', max: '4611686018427387906' });
  expect(big.int64?.log2).toEqual({ negative: [[63, 3]], zeros: 0, positive: [[62, 3]] });
  expect(image.bytes?.images.gif).toMatchObject({
    values: 3,
    width: { min: 10, max: 12 },
    height: { min: 20, max: 20 },
  });
  expect(label.int64?.distinct).toEqual([
    { value: 0, count: 2 },
    { value: 1, count: 1 },
  ]);
  expect(name.bytes).toMatchObject({
    text: 2,
    distinct: [
      { value: 'é', count: 2 },
      { value: '/w==', base64: true, count: 1 },
    ],
  });
  expect(weights.float).toMatchObject({
    min: -2,
    max: 0.1,
    nan: 3,
    negativeInfinity: 3,
    positiveInfinity: 0,
  });
  expect(samples).toHaveLength(3);
  expect(samples.map(({ label: said }) => said).sort()).toEqual(['0', 'é', 'é']);
  expect(Buffer.from(samples[0].base64, 'base64').subarray(0, 6).toString()).toBe('GIF89a');
});

test('stats counts records without features by type', async () => {
  const path = temp.file(
    'text.tfrecord',
    concat(['hello', ''].map((text) => encodeTFRecord(Buffer.from(text)))),
  );
  const { messages, records } = await collectStats(path);
  expect(records).toBe(2);
  expect(messages).toMatchObject({
    example: 1,
    other: 1,
    text: 1,
    firstOther: { record: 0, offset: 0, uri: path, why: 'text' },
  });
});

test('an aborted signal stops collectStats', async () => {
  const stop = AbortSignal.abort();
  await expect(collectStats(temp.file('y', new Uint8Array(1)), { signal: stop })).rejects.toMatchObject({
    code: 'aborted',
  });
});
