import { appendFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { FileTask } from '../../../src/check/file-checker.ts';
import { collectStats, countFiles, validateFiles } from '../../../src/check/index.ts';
import { planRanges } from '../../../src/check/ranges/plan-ranges.ts';
import { encodeExample, type FeatureInput } from '../../../src/messages/example/encode-example.ts';
import { RANGE_LIMITS } from '../../../src/records/workers/range-plan.ts';
import { oracleFile } from '../../support/oracle-tfrecord.ts';
import { Random } from '../../support/random.ts';
import { compareOnce } from '../../support/random-ranges.ts';
import { compareRanges, randomFile } from '../../support/range-run.ts';
import { flipped, recordOffsets, withBadPayloads } from '../../support/samples.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();
const FORMATS = ['tfrecord', 'recordio', 'textline'] as const;
const TASK: FileTask = { check: 'validate', maxErrors: 100, blocking: true, reading: {} };
const LIMITS = { ...RANGE_LIMITS };
afterEach(() => {
  Object.assign(RANGE_LIMITS, LIMITS);
});

describe.each(FORMATS)('%s', (format) => {
  test('ranges of randomly damaged files give the report of one pass', async () => {
    const path = temp.file(`random-${format}`);
    for (let seed = 0; seed < 15; seed++)
      expect((await compareOnce(path, seed, format)).report, `seed ${seed}`).not.toBeNull();
  });

  test('each range of an undamaged file is checked once', async () => {
    const bytes = randomFile(new Random(3), format, 100_000);
    const task = { ...TASK, reading: { format } };
    const { orders } = await compareRanges(temp.file(`good-${format}`), bytes, format, task, 8192, format);
    // Lines and unescaped magic numbers in payloads may make one more check necessary.
    const once = Math.ceil(bytes.length / 8192);
    expect(orders.length - once).toBeLessThanOrEqual(format === 'tfrecord' ? 0 : 1);
  });
});

const payload = (length: number): Uint8Array => new Random(length).bytes(length);

test('corrupt payloads far from the ends of ranges need no second check', async () => {
  const payloads = Array.from({ length: 300 }, (_, i) => payload(300 + (i % 7)));
  const bytes = withBadPayloads(oracleFile(payloads), recordOffsets(payloads), [10, 60, 61, 200]);
  const path = temp.file('payloads.tfrecord');
  const { orders, report } = await compareRanges(path, bytes, 'tfrecord', TASK, 12_000, 'payloads');
  expect(report).toMatchObject({ errorCount: 4, records: 296 });
  expect(orders).toHaveLength(Math.ceil(bytes.length / 12_000));
});

test('records in payloads, and records larger than several ranges, are not mistaken for others', async () => {
  const nested = oracleFile([
    payload(5),
    oracleFile(Array.from({ length: 200 }, (_, i) => payload(i))),
    payload(9),
  ]);
  const bytes = oracleFile([payload(30), nested, payload(20_000), payload(3), nested, payload(7)]);
  for (const rangeBytes of [400, 1000, 4096, 30_000])
    await compareRanges(temp.file('nested.tfrecord'), bytes, 'tfrecord', TASK, rangeBytes, `${rangeBytes}`);
});

test('a damaged header ends the check as in one pass, with the reason that the bytes after it show', async () => {
  const bytes = oracleFile(Array.from({ length: 100 }, () => payload(100)));
  for (const at of [0, 4999, 5000, 5001, 9900]) {
    const damaged = flipped(bytes, at - (at % 116));
    damaged.fill(0, 5800, 5900);
    await compareRanges(temp.file('header.tfrecord'), damaged, 'tfrecord', TASK, 1000, `${at}`);
  }
});

test('the public functions use ranges of one file, in worker threads and on this thread', async () => {
  RANGE_LIMITS.minBytes = RANGE_LIMITS.maxBytes = 20_000;
  const path = temp.file('large.tfrecord', flipped(randomFile(new Random(5), 'tfrecord', 200_000), 150_000));
  const findings: unknown[] = [];
  const onFinding = (finding: unknown): void => void findings.push(finding);
  const [one, two] = [
    await validateFiles(path, { jobs: 1 }),
    await validateFiles(path, { jobs: 2, blocking: true, onFinding }),
  ];
  const timeless = { seconds: 0 };
  expect({ ...two.files[0], ...timeless }).toEqual({ ...one.files[0], ...timeless });
  expect(findings).toEqual(one.files[0].errors.map((error) => ({ ...error, uri: path })));
  expect(await countFiles(path, { jobs: 2, blocking: true })).toEqual(await countFiles(path, { jobs: 1 }));
  expect(JSON.stringify(await collectStats(path, { jobs: 2, samples: true }))).toBe(
    JSON.stringify(await collectStats(path, { jobs: 1, samples: true })),
  );
});

const example = (features: Record<string, FeatureInput>): Uint8Array => encodeExample(features);
const number = (value: number): FeatureInput => ({ kind: 'int64', value: [value] });
const look = {
  schema: { recordpipeSchema: 1, message: 'Example', features: {}, unknownFeatures: 'allow' },
} as const;

test('schema violations and features without rules are those of one pass', async () => {
  const schema = { ...look.schema, features: { a: { type: 'int64', range: { max: 90 } } } } as const;
  const records = Array.from({ length: 100 }, (_, i) => example({ a: number(i), [`f${i % 3}`]: number(i) }));
  const path = temp.file('schema.tfrecord');
  const task = { ...TASK, look: { schema } };
  const { report } = await compareRanges(path, oracleFile(records), 'tfrecord', task, 500, 'schema');
  expect(report).toMatchObject({
    errors: [{ code: 'schema-mismatch', record: 91 }],
    schema: {
      violations: [{ rule: 'range', count: 9, record: 91 }],
      unlisted: ['f0', 'f1', 'f2'].map((feature) => ({ feature, type: 'int64' })),
    },
  });
});

test('a file with a feature of several types is checked by one thread', async () => {
  RANGE_LIMITS.minBytes = RANGE_LIMITS.maxBytes = 2000;
  const records = Array.from({ length: 300 }, (_, i) =>
    example({ a: i < 200 ? number(i) : { kind: 'float', value: [i] } }),
  );
  const path = temp.file('types.tfrecord', oracleFile(records));
  const options = { blocking: true, schema: look.schema };
  const [one, two] = [
    await validateFiles(path, { ...options, jobs: 1 }),
    await validateFiles(path, { ...options, jobs: 2 }),
  ];
  expect(one.files[0].schema?.violations).toMatchObject([{ rule: 'one-type', count: 100, record: 200 }]);
  expect({ ...two.files[0], seconds: 0 }).toEqual({ ...one.files[0], seconds: 0 });
});

test('progress never decreases, and ends with the size of the file', async () => {
  RANGE_LIMITS.minBytes = RANGE_LIMITS.maxBytes = 20_000;
  const payloads = Array.from({ length: 300 }, () => payload(1000));
  const damaged = withBadPayloads(oracleFile(payloads), recordOffsets(payloads), [50, 150, 250]);
  // The large record covers several ranges, which are then checked in vain.
  for (const bytes of [damaged, oracleFile([payload(200_000), ...payloads])]) {
    const path = temp.file('progress.tfrecord', bytes);
    const seen: number[] = [];
    await validateFiles(path, { jobs: 2, blocking: true, onProgress: (now) => void seen.push(now.bytes) });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(bytes.length);
  }
});

test('a file that grows is checked again as a whole, without passing on its findings twice', async () => {
  RANGE_LIMITS.minBytes = RANGE_LIMITS.maxBytes = 20_000;
  const payloads = Array.from({ length: 300 }, () => payload(1000));
  const bytes = withBadPayloads(oracleFile(payloads), recordOffsets(payloads), [5, 150]);
  const path = temp.file('grows.tfrecord', bytes);
  const findings: unknown[] = [];
  const onFinding = ({ record }: { record: number | null }): void => {
    if (findings.push(record) === 1) appendFileSync(path, bytes);
  };
  const { files } = await validateFiles(path, { jobs: 2, blocking: true, onFinding });
  expect(files[0].errors.map(({ record }) => record)).toEqual([5, 150, 305, 450]);
  expect(findings).toEqual([5, 150, 305, 450]);
});

test('a signal stops the ranges', async () => {
  RANGE_LIMITS.minBytes = RANGE_LIMITS.maxBytes = 20_000;
  const path = temp.file('abort.tfrecord', randomFile(new Random(6), 'tfrecord', 400_000));
  const stop = new AbortController();
  const run = validateFiles(path, { jobs: 2, signal: stop.signal, onProgress: () => stop.abort() });
  await expect(run).rejects.toMatchObject({ code: 'aborted' });
});

test.skipIf(process.env['RECORDPIPE_KERNEL'] === 'table')(
  'only large uncompressed files are divided, and only if there are not enough others',
  async () => {
    RANGE_LIMITS.minBytes = 1000;
    const bytes = randomFile(new Random(7), 'tfrecord', 40_000);
    const paths = ['a', 'b', 'c'].map((name) => ({ path: temp.file(`${name}.plan`, bytes) }));
    const small = { path: temp.file('small.plan', bytes.subarray(0, 1500)) };
    const unknown = { path: temp.file('unknown.plan', new Uint8Array(40_000).fill(255)) };
    const planned = async (inputs: { path: string }[], jobs: number, task = TASK): Promise<number[]> => [
      ...(await planRanges(inputs, task, jobs)).keys(),
    ];
    expect(await planned([small, paths[0], unknown], 2)).toEqual([1]);
    expect(await planned(paths, 1)).toEqual([]);
    expect(await planned(Array(20).fill(paths[0]), 2)).toEqual([]);
    expect(await planned(paths, 2, { ...TASK, reading: { compression: 'gzip' } })).toEqual([]);
    const text = { format: 'textline', encoding: 'utf-16le' } as const;
    expect(await planned(paths, 2, { ...TASK, reading: text })).toEqual([]);
  },
);
