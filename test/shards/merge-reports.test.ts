import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { buildIndex } from '../../src/indexes/index.ts';
import { collectStats, inferSchema, type KnownFile, validateFiles } from '../../src/report/index.ts';
import {
  assign,
  checkedFile,
  mergeReports,
  missingShards,
  planShards,
  readReport,
  reportName,
  type ShardCommand,
  type ShardPlan,
  type ShardReport,
  type ShardSettings,
  shardReport,
  totalReport,
  writeReport,
} from '../../src/shards/index.ts';
import { mergeStats, NO_STATS } from '../../src/stats/index.ts';
import { FIXTURES } from '../support/golden.ts';
import { randomRuns } from '../support/random-runs.ts';
import { s3Place } from '../support/s3-place.ts';
import { tempDir } from '../support/temp-dir.ts';

const NAMES = [
  'examples',
  'sequence-examples',
  'damaged-data',
  'damaged-length',
  'truncated-payload',
  'tfrecord-sizes-gzip',
  'tfrecord-many-small',
  'tfrecord-empty-file',
  'recordio-dmlc',
  'recordio-bad-magic',
];
const temp = tempDir();
let plan: ShardPlan;
/** What each command finds in one file. */
let found: Map<string, { readonly [C in ShardCommand]?: unknown }>;
const settings: ShardSettings = { maxErrors: 2, schema: 'x' };

beforeAll(async () => {
  for (const name of NAMES) temp.file(`${name}.tfrecord`, readFileSync(new URL(`${name}.bin`, FIXTURES)));
  await buildIndex(temp.file('examples.tfrecord'));
  await buildIndex(temp.file('tfrecord-many-small.tfrecord'));
  plan = await planShards(temp.path, { cutBytes: 2000 });
  const { schema } = await inferSchema(temp.file('examples.tfrecord'));
  found = new Map();
  for (const file of plan.files) {
    const { files } = await validateFiles([file], { maxErrors: 2, schema });
    found.set(key(file), {
      validate: files.map(checkedFile),
      stats: await collectStats([file], { samples: true }),
    });
  }
});

function key({ uri, range }: KnownFile): string {
  return JSON.stringify([uri, range?.from]);
}

function reportsOf(command: 'validate' | 'stats' | 'schema', shards: number): ShardReport[] {
  return assign(plan, shards).map((files, shard) => {
    const results = files.map((file) => found.get(key(file))!);
    const result =
      command === 'validate'
        ? { files: results.flatMap(({ validate }) => validate as never) }
        : results.map(({ stats }) => stats as typeof NO_STATS).reduce(mergeStats, NO_STATS);
    return shardReport(command, plan, { shard, shards }, result as never, settings);
  });
}

test('some files are cut into parts', () => {
  expect(plan.files.length).toBeGreaterThan(NAMES.length + 3);
});

test.each(['validate', 'stats', 'schema'] as const)(
  '%s: any split, any order, any tree gives the bytes of one run',
  (command) => {
    const whole = JSON.stringify(totalReport(mergeReports(reportsOf(command, 1))));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.infiniteStream(fc.nat()), (shards, choices) => {
        const left = reportsOf(command, shards);
        // Some shards ran twice.
        for (let twice = choices.next().value! % 3; twice > 0; twice--)
          left.push(left[choices.next().value! % shards]);
        while (left.length > 1) {
          const [one] = left.splice(choices.next().value! % left.length, 1);
          const other = choices.next().value! % left.length;
          // Through JSON, as reports of other machines come.
          left[other] = mergeReports([JSON.parse(JSON.stringify(one)), left[other]]);
        }
        expect(JSON.stringify(totalReport(left[0])) === whole).toBe(true);
      }),
      { numRuns: randomRuns(50) },
    );
  },
);

test('parts of good files say what the whole file says', async () => {
  const good = ['examples.tfrecord', 'tfrecord-many-small.tfrecord'].map((name) => temp.file(name));
  const uncut = await planShards(good);
  const cut = await planShards(good, { cutBytes: 2000 });
  const totals = await Promise.all(
    [uncut, cut].map(async ({ files }) => {
      const { files: checked } = await validateFiles(files);
      const stats = await collectStats(files);
      const shard = { shard: 0, shards: 1 };
      return [
        totalReport(shardReport('validate', uncut, shard, { files: checked.map(checkedFile) })),
        totalReport(shardReport('stats', uncut, shard, stats)),
      ];
    }),
  );
  expect(JSON.stringify(totals[1])).toBe(JSON.stringify(totals[0]));
});

test('missing shards are named as they are to be run again', () => {
  const reports = reportsOf('stats', 8);
  const some = mergeReports(reports.filter((_, shard) => ![3, 5, 6, 7].includes(shard)));
  expect(missingShards(some)).toEqual([3, 5, 6, 7]);
  expect(() => totalReport(some)).toThrow(/^4 of 8 shards have no report; run these again: 3,5-7$/);
});

test('what does not belong together is not merged', async () => {
  const [a, b] = reportsOf('stats', 2);
  expect(mergeReports([a, a])).toEqual(a);
  const others: ShardReport[] = [
    { ...b, shards: 3 },
    { ...b, plan: { ...b.plan, hash: 'other' } },
    { ...b, settings: { maxErrors: 3 } },
    { ...b, command: 'validate' },
    { ...a, parts: [{ shard: 0, result: { ...NO_STATS, records: 1 } }] },
  ];
  for (const other of others) {
    for (const pair of [
      [a, other],
      [other, a],
    ])
      expect(() => mergeReports(pair)).toThrow(expect.objectContaining({ code: 'report-mismatch' }));
  }
  expect(() => mergeReports([])).toThrow(UsageError);
});

test.each(['local', 's3'])(
  '%s: a report is written once; the same again is fine, another is not',
  async (where) => {
    await using place = await s3Place({ objects: { 'bucket/x': new Uint8Array(1) } });
    const reaching = { objects: place.objects };
    const [a, b] = reportsOf('validate', 2);
    const name = reportName(a);
    expect(name).toBe(`validate-${plan.hash.slice(0, 12)}-00000-of-00002.json`);
    const path = where === 's3' ? `s3://bucket/${name}` : temp.file(name);
    expect(await writeReport(a, path, reaching)).toBe(true);
    expect(await writeReport(a, path, reaching)).toBe(false);
    await expect(writeReport(b, path, reaching)).rejects.toMatchObject({ code: 'report-mismatch' });
    expect(await readReport(path, reaching)).toEqual(a);
    // Two at the same moment.
    const together = where === 's3' ? 's3://bucket/together.json' : temp.file('together.json');
    const outcomes = await Promise.all([a, a, a].map((report) => writeReport(report, together, reaching)));
    expect(outcomes.filter((written) => written)).toHaveLength(1);
  },
);

test('what is no report', async () => {
  const [a] = reportsOf('stats', 2);
  const text = JSON.stringify(a);
  for (const broken of [
    '',
    '{}',
    text.slice(0, -1),
    text.replace('"shard":0', '"shard":2'),
    text.replace('"version":1', '"version":2'),
  ]) {
    const path = temp.file('broken.json', Buffer.from(broken));
    await expect(readReport(path)).rejects.toMatchObject({ code: 'malformed-report' });
  }
});
