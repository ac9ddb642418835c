import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  collectStats,
  inferSchema,
  type KnownFile,
  mergeStats,
  NO_STATS,
  validateFiles,
} from '../../src/check/index.ts';
import { UsageError } from '../../src/errors.ts';
import { buildIndex } from '../../src/records/indexes/index.ts';
import {
  assign,
  checkedFile,
  MAX_SHARDS,
  mergeReportFiles,
  mergeReports,
  missingShards,
  planShards,
  readReport,
  reportName,
  reportText,
  type ShardCommand,
  type ShardPlan,
  type ShardReport,
  type ShardSettings,
  shardReport,
  type TotalReport,
  totalReport,
  writeReport,
} from '../../src/scale/index.ts';
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
/** Results of each command for one file. */
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

test('the plan divides some files into parts', () => {
  expect(plan.files.length).toBeGreaterThan(NAMES.length + 3);
});

test.each(['validate', 'stats', 'schema'] as const)(
  '%s: every split, order and merge tree yields the bytes of a single run',
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
          // Pass through JSON, as reports of other machines do.
          left[other] = mergeReports([JSON.parse(JSON.stringify(one)), left[other]]);
        }
        expect(JSON.stringify(totalReport(left[0])) === whole).toBe(true);
      }),
      { numRuns: randomRuns(50) },
    );
  },
);

test('the reports of parts of valid files join to the report of the whole file', async () => {
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

test('missing shards are listed in the syntax of engines', () => {
  const reports = reportsOf('stats', 8);
  const some = mergeReports(reports.filter((_, shard) => ![3, 5, 6, 7].includes(shard)));
  expect(missingShards(some)).toEqual([3, 5, 6, 7]);
  expect(() => totalReport(some)).toThrow(/^4 of 8 shards have no report; rerun them: 3,5-7$/);
});

test('mergeReports rejects reports of different runs', async () => {
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
  '%s: writeReport accepts an equal existing report and rejects a different one',
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
    // Write two at the same time.
    const together = where === 's3' ? 's3://bucket/together.json' : temp.file('together.json');
    const outcomes = await Promise.all([a, a, a].map((report) => writeReport(report, together, reaching)));
    expect(outcomes.filter((written) => written)).toHaveLength(1);
  },
);

describe('an untrusted report', () => {
  async function failureOf(text: string): Promise<unknown> {
    const path = temp.file('broken.json', Buffer.from(text));
    return readReport(path).catch((error: unknown) => error);
  }

  /** Returns the text of a report with one value replaced. */
  function changed(report: ShardReport, place: readonly (string | number)[], value: unknown): string {
    const copy = JSON.parse(JSON.stringify(report));
    let at = copy;
    for (const key of place.slice(0, -1)) at = at[key];
    at[place[place.length - 1]] = value;
    return JSON.stringify(copy);
  }

  test('that is truncated, or not a report, is malformed', async () => {
    const text = JSON.stringify(reportsOf('stats', 2)[0]);
    for (const broken of ['', '{}', 'null', text.slice(0, -1), `[${text}]`])
      expect(await failureOf(broken)).toMatchObject({ code: 'malformed-report' });
  });

  const markup = '<meta http-equiv=refresh content=0>';
  test.each<[place: (string | number)[], value: unknown, message: RegExp]>([
    [['version'], 2, /^version: expected one of 1, got 2/],
    [['shards'], 1e9, /^shards: expected an integer from 1 to 100000/],
    [['plan', 'hash'], markup, /^plan\.hash: expected 64 hexadecimal digits/],
    [['settings', 'x'], [markup], /^settings\.x: expected true or false, got a list/],
    [['extra'], 1, /^extra: unknown key/],
    [['parts', 0, 'shard'], 2, /^parts: expected each shard from 0 to 1 once, got 2/],
    [['parts', 0, 'result', 'files', 0, 'format'], markup, /files\[0\]\.format: expected one of/],
    [['parts', 0, 'result', 'files', 0, 'records'], markup, /records: expected an integer >= 0/],
    [['parts', 0, 'result', 'features', 0, 'length', 'max'], markup, /length\.max: expected an integer/],
    [['parts', 0, 'result', 'records'], -1, /records: expected an integer >= 0, got -1/],
    [['parts', 0, 'result', 'samples', 0], { base64: markup }, /samples\[0\]/],
    [['parts', 0, 'result', 'findings', 'first'], [{ code: markup }], /code: expected an error code/],
    [['parts', 0, 'result', '__proto__x'], 1, /unknown key/],
    [['parts'], [], /^parts: expected at least one shard/],
  ])(
    'with an invalid value at %j is malformed, and the message names the path',
    async (place, value, message) => {
      const report = reportsOf('stats', 2).find(({ parts }) => (parts[0].result as never)['features'][0])!;
      const failure = await failureOf(changed(report, place, value));
      expect(failure).toMatchObject({ code: 'malformed-report', message: expect.stringMatching(message) });
      expect((failure as Error).message.length).toBeLessThan(600);
    },
  );

  test('of any other command is checked just as strictly', async () => {
    const [validate] = reportsOf('validate', 1);
    const file = ['parts', 0, 'result', 'files', 0];
    expect(
      await failureOf(changed(validate, [...file, 'warnings'], [{ code: markup, message: '' }])),
    ).toMatchObject({
      message: expect.stringContaining('warnings[0].code: expected an error code'),
    });
    const files = [{ uri: 'a', error: { code: markup, message: 'x' } }];
    const index = shardReport('index', plan, { shard: 0, shards: 1 }, { files });
    expect(await failureOf(JSON.stringify(index))).toMatchObject({
      message: expect.stringContaining('error.code: expected an error code'),
    });
  });

  test('nested 100,000 levels deep is malformed, without a stack overflow', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const text = JSON.stringify(reportsOf('stats', 2)[0]);
    for (const broken of [
      text.replace('"settings":{', `"settings":{"deep":${deep},`),
      text.replace('"records":', `"records":${deep},"other":`),
    ])
      expect(await failureOf(broken)).toMatchObject({ code: 'malformed-report' });
  });

  test('with any single value replaced is malformed or still merges', async () => {
    const report = reportsOf('stats', 1)[0];
    const places: (string | number)[][] = [];
    const visit = (value: unknown, place: (string | number)[]): void => {
      places.push(place);
      if (typeof value !== 'object' || value === null) return;
      for (const [key, held] of Object.entries(value))
        visit(held, [...place, Array.isArray(value) ? Number(key) : key]);
    };
    visit(report, []);
    const values = [null, -1, 0.5, 1e300, markup, [], {}, true, [[[]]]];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...places.slice(1)),
        fc.constantFrom(...values),
        async (place, value) => {
          const text = changed(report, place, value);
          const outcome = await readReport(temp.file('fuzzed.json', Buffer.from(text))).catch(
            (error: unknown) => error,
          );
          if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'malformed-report' });
          else totalReport(mergeReports([outcome as ShardReport]));
        },
      ),
      { numRuns: randomRuns(200) },
    );
  });
});

test('the number of shards is limited', () => {
  for (const shards of [0, 1e9, 100_001, 1.5, Number.NaN]) {
    expect(() => assign(plan, shards)).toThrow(/^shards: expected an integer from 1 to 100000, got/);
    expect(() => missingShards({ shards, parts: [] })).toThrow(UsageError);
  }
  expect(assign(plan, MAX_SHARDS)).toHaveLength(100_000);
});

test('65 reports of 130,000 files merge', async () => {
  const file = (uri: string) => ({ ...NO_STATS.files[0], uri, format: 'tfrecord', compression: 'none' });
  const numbers = { records: 1, bytes: 20, findings: 0, unreadable: false };
  const paths = Array.from({ length: 65 }, (_, shard) => {
    const files = Array.from({ length: 2000 }, (_, i) => ({ ...file(`f-${i * 65 + shard}`), ...numbers }));
    files.sort((a, b) => (a.uri < b.uri ? -1 : 1));
    const stats = { ...NO_STATS, files, records: 2000 };
    const report = shardReport('stats', plan, { shard, shards: 65 }, stats);
    return temp.file(`many-${shard}.json`, Buffer.from(reportText(report)));
  });
  const { missing, total } = await mergeReportFiles(paths);
  expect(missing).toEqual([]);
  const { result } = total() as TotalReport<'stats'>;
  expect([result.files.length, result.records]).toEqual([130_000, 130_000]);
});
