import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type DatasetStats, mergeStats, NO_STATS } from '../../../src/check/index.ts';
import { DatasetCounter } from '../../../src/check/stats/dataset-counter.ts';
import { StatsMerger } from '../../../src/check/stats/dataset-stats.ts';
import { RecordBatch } from '../../../src/formats/batch.ts';
import { encodeExample, encodeSageMakerRecord } from '../../../src/messages/index.ts';
import { anyRecord } from '../../support/examples.ts';
import { randomRuns } from '../../support/random-runs.ts';

/** Returns the statistics of one file with these records. */
function statsOf(uri: string, records: readonly Uint8Array[]): DatasetStats {
  const counter = new DatasetCounter({ samples: true });
  count(counter, uri, records);
  const bytes = records.reduce((sum, { length }) => sum + length, 0);
  const file = { uri, format: 'tfrecord', compression: 'none', records: records.length, bytes };
  const finding = { uri, code: 'data-checksum', record: 0, offset: 0, message: `in ${uri}` } as const;
  const bad = records.length % 2;
  return {
    ...counter.stats(),
    files: [{ ...file, findings: bad, unreadable: false }],
    findings: { count: bad, first: bad ? [finding] : [] },
  };
}

function count(counter: DatasetCounter, uri: string, records: readonly Uint8Array[]): void {
  counter.begin(uri);
  const bytes = new Uint8Array(Buffer.concat(records));
  let at = 0;
  const index = records.flatMap(({ length }) => {
    at += length;
    return [at - length, length];
  });
  counter.add(new RecordBatch(bytes, Uint32Array.from(index), records.length, 0, 0, 0));
}

/** Records with labels, which are counted in more detail than the same features of Examples. */
const labels: readonly Uint8Array[] = [
  encodeSageMakerRecord({ label: { values: { kind: 'float32', values: [0.5, 2] } } }),
  encodeSageMakerRecord({ label: { values: { kind: 'float64', values: [0.1] } } }),
  encodeSageMakerRecord({ label: { values: { kind: 'float32', values: [] } } }),
  encodeSageMakerRecord({ features: { label: { kind: 'float32', values: [3] } } }),
  ...['label', 'label/values', 'values'].map((name) =>
    encodeExample({ [name]: { kind: 'float', value: [0.5, 1.5] } }),
  ),
  encodeExample({ label: { kind: 'float', value: [] } }),
];

const recordsOfFiles = fc.array(
  fc.array(fc.oneof({ weight: 9, arbitrary: anyRecord }, { weight: 1, arbitrary: fc.uint8Array() }), {
    maxLength: 8,
  }),
  {
    minLength: 1,
    maxLength: 5,
  },
);

const files = recordsOfFiles.map((all) => all.map((records, i) => statsOf(`train-${i}`, records)));

test('parts merge into the whole, in any order and any grouping, byte for byte', () => {
  fc.assert(
    fc.property(files, fc.infiniteStream(fc.nat()), (parts, choices) => {
      const whole = JSON.stringify(parts.reduce(mergeStats, NO_STATS));
      const left = [...parts, NO_STATS];
      while (left.length > 1) {
        const [one] = left.splice(choices.next().value! % left.length, 1);
        const other = choices.next().value! % left.length;
        // Pass through JSON, as reports of other machines do.
        left[other] = mergeStats(JSON.parse(JSON.stringify(one)), left[other]);
      }
      expect(JSON.stringify(left[0]) === whole).toBe(true);
    }),
    { numRuns: randomRuns(150) },
  );
});

test('one counter of many files gives the merged statistics, in any order of the files', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.array(fc.oneof(anyRecord, fc.constantFrom(...labels), fc.uint8Array()), {
          maxLength: 5,
        }),
        {
          minLength: 1,
          maxLength: 6,
        },
      ),
      fc.infiniteStream(fc.nat()),
      (all, choices) => {
        const counter = new DatasetCounter({ samples: true });
        const left = all.map((records, i) => ({ uri: `train-${i}`, records }));
        const parts = left.map(({ uri, records }) => statsOf(uri, records));
        while (left.length > 0) {
          const [{ uri, records }] = left.splice(choices.next().value! % left.length, 1);
          count(counter, uri, records);
        }
        const { files, findings } = NO_STATS;
        const merged = { ...parts.reduce(mergeStats, NO_STATS), files, findings };
        expect(JSON.stringify(mergeStats(NO_STATS, counter.stats()))).toBe(JSON.stringify(merged));
      },
    ),
    { numRuns: randomRuns(300) },
  );
});

test('merging many files in pairs gives the same document as merging them one by one', () => {
  const parts = Array.from({ length: 37 }, (_, i) => statsOf(`train-${i}`, [example([i])]));
  const merger = new StatsMerger();
  for (const part of parts) merger.add(part);
  expect(JSON.stringify(merger.merged())).toBe(JSON.stringify(parts.reduce(mergeStats, NO_STATS)));
  expect(new StatsMerger().merged()).toEqual(NO_STATS);
});

test('beyond 1,024 distinct values no counts are kept, in whichever part they are', () => {
  const ids = (from: number): Uint8Array[] => Array.from({ length: 700 }, (_, i) => example([from + i]));
  const [a, b] = [statsOf('a', ids(0)), statsOf('b', ids(700))];
  expect(a.features[0].int64?.distinct?.length).toBe(700);
  expect(mergeStats(a, b).features[0].int64?.distinct).toBe(null);
  expect(mergeStats(a, statsOf('b', ids(0))).features[0].int64?.distinct).toHaveLength(700);
});

test('beyond the maximum number of names, the first ones are kept with all their counts', () => {
  const many = (from: number): Uint8Array[] =>
    Array.from({ length: 3000 }, (_, i) => example([1], `f${String(from + i).padStart(5, '0')}`));
  const [a, b] = [statsOf('a', many(2000)), statsOf('b', many(0))];
  const one = mergeStats(a, b);
  expect(one.features).toHaveLength(4096);
  expect(one.truncated).toBe(true);
  expect(one.features.at(-1)?.name).toBe('f04095');
  expect(one.features[2500].records).toBe(2);
  const single = statsOf('c', [...many(2000), ...many(0)]);
  expect(single.features.map(({ name, records }) => [name, records])).toEqual(
    one.features.map(({ name, records }) => [name, records]),
  );
});

function example(value: number[], name = 'id'): Uint8Array {
  return encodeExample({ [name]: { kind: 'int64', value } });
}
