import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { encodeTFRecord } from '../../src/index.ts';
import { buildIndex } from '../../src/records/indexes/index.ts';
import { cli, jsonLines } from '../support/cli.ts';
import { FIXTURES } from '../support/golden.ts';
import { type S3Place, s3Place } from '../support/s3-place.ts';
import { tempDir } from '../support/temp-dir.ts';

const NAMES = ['examples', 'sequence-examples', 'damaged-data', 'tfrecord-many-small', 'recordio-dmlc'];
const SHARDS = 3;
const temp = tempDir();
const at = (name: string): string => join(temp.path, name);
/** Runs a command outside of SageMaker, wherever the tests run. */
const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  cli(args, { cwd: temp.path, env: { SAGEMAKER_BASE_DIR: at('no-job'), ...env } });

beforeAll(async () => {
  const { mkdirSync } = await import('node:fs');
  mkdirSync(at('data'));
  for (const name of NAMES) writeFileSync(at(`data/${name}.tfrecord`), fixture(name));
  await buildIndex(at('data/tfrecord-many-small.tfrecord'));
  expect((await run(['plan', 'data', '-o', 'plan.jsonl', '--cut', '64KiB', '-q'])).code).toBe(0);
});

function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`${name}.bin`, FIXTURES)));
}

test('plan prints a summary and replaces no file', async () => {
  const first = await run(['plan', 'data', '-o', 'other.jsonl.gz', '--json', '--shards', '8']);
  expect(JSON.parse(first.stdout)).toMatchObject({ output: 'other.jsonl.gz', files: 5, shards: 8 });
  const again = await run(['plan', 'data', '-o', 'other.jsonl.gz']);
  expect([again.code, again.stderr]).toEqual([3, expect.stringContaining('already-exists')]);
  expect((await run(['plan', 'data', '-o', 'other.jsonl.gz', '--force'])).code).toBe(0);
  const piped = await run(['plan', 'data', '-o', '-', '-q']);
  expect(jsonLines<{ uri?: string }>(piped.stdout).filter(({ uri }) => uri !== undefined)).toHaveLength(5);
  expect((await run(['plan', 'data'])).code).toBe(2);
});

describe.each([
  ['validate', []],
  ['stats', []],
  ['schema', []],
  ['index', ['--force']],
  ['convert', ['--to', 'recordio', '--output-dir', 'converted', '--force']],
] as const)('%s', (command, options) => {
  const args = [command, '--plan', 'plan.jsonl', ...options];

  test('the merged report equals that of a single run, byte for byte', async () => {
    for (let shard = 0; shard < SHARDS; shard++) {
      const done = await run([...args, '--shard', `${shard}/${SHARDS}`, '--report', `${command}/`]);
      expect([0, 1]).toContain(done.code);
      expect(done.stderr).toContain(`shard ${shard} of ${SHARDS} (zero-based): `);
      // Run it again, as an engine does that missed its exit.
      const again = await run([...args, '--shard', `${shard}/${SHARDS}`, '--report', `${command}/`]);
      expect([again.code, again.stderr]).toEqual([done.code, expect.stringContaining('is up to date')]);
    }
    const merged = await run(['merge', `${command}/`, '-o', `${command}-merged.json`]);
    const one = await run([...args, '--report', `${command}-one.json`]);
    expect([merged.code, one.code]).toEqual([command === 'index' ? 0 : 1, merged.code]);
    expect(readFileSync(at(`${command}-merged.json`), 'utf8')).toBe(
      readFileSync(at(`${command}-one.json`), 'utf8'),
    );
  });
});

test('merge prints missing shards in the syntax of engines', async () => {
  const args = ['stats', '--plan', 'plan.jsonl', '--shard', 'auto/8', '--report', 'missing/', '--no-samples'];
  for (const rank of [0, 1, 4]) {
    const { code, stderr } = await run(args, { SLURM_ARRAY_TASK_ID: `${rank}` });
    expect([code, stderr]).toEqual([
      code,
      expect.stringContaining(`shard ${rank} of 8 (zero-based), by Slurm array: SLURM_ARRAY_TASK_ID=${rank}`),
    ]);
  }
  const some = await run(['merge', 'missing/', '-o', 'missing.json']);
  expect(some).toMatchObject({ code: 3, stdout: '2-3,5-7\n' });
  expect(some.stderr).toContain('sbatch --array=2-3,5-7');
  expect(existsSync(at('missing.json'))).toBe(false);
  const json = JSON.parse((await run(['merge', 'missing/', '--json'])).stdout);
  expect(json).toMatchObject({ shards: 8, missing: [2, 3, 5, 6, 7], array: '2-3,5-7' });
  // Merge in two steps: first, some of the reports.
  expect((await run(['merge', 'missing/', '--partial', '-o', 'part.json'])).code).toBe(0);
  for (const rank of [2, 3, 5, 6, 7]) await run(args, { SLURM_ARRAY_TASK_ID: `${rank}` });
  expect(
    (await run(['merge', 'part.json', 'missing/', '-o', 'total.json', '--html', 'total.html'])).code,
  ).toBe(1);
  expect((await run(['stats', '--plan', 'plan.jsonl', '--no-samples', '--report', 'whole.json'])).code).toBe(
    1,
  );
  expect(readFileSync(at('total.json'), 'utf8')).toBe(readFileSync(at('whole.json'), 'utf8'));
  expect(/^<!doctype html>/i.test(readFileSync(at('total.html'), 'utf8'))).toBe(true);
});

test('a truncated report next to valid ones is an error, not text to merge', async () => {
  for (const shard of [0, 1])
    await run(['validate', '--plan', 'plan.jsonl', '--shard', `${shard}/2`, '--report', 'cut/']);
  const [first, second] = readdirSync(at('cut')).map((name) => join('cut', name));
  for (const content of ['', '{"recordpipe":"shard']) {
    writeFileSync(at(first), content);
    for (const files of [[first, second], [second, first], ['cut/']])
      expect(await run(['merge', ...files, '-o', 'cut.json'])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`malformed-report: not a shard report (${first})`),
      });
    expect(existsSync(at('cut.json'))).toBe(false);
  }
});

test('no output replaces an input: a data file, a list, a schema or a report', async () => {
  const data = fixture(NAMES[0]);
  writeFileSync(at('input.tfrecord'), data);
  writeFileSync(at('input.list'), 'input.tfrecord\n');
  expect((await run(['schema', 'input.tfrecord', '-o', 'input.schema.json'])).code).toBe(0);
  for (const shard of [0, 1])
    await run(['validate', '--plan', 'plan.jsonl', '--shard', `${shard}/2`, '--report', 'whole/']);
  const report = join('whole', readdirSync(at('whole'))[0]);
  for (const [args, replaced] of [
    [['plan', 'input.tfrecord', '-o'], 'input.tfrecord'],
    [['plan', '@input.list', '-o'], 'input.list'],
    [['validate', 'input.tfrecord', '--schema', 'input.schema.json', '--report'], 'input.schema.json'],
    [['merge', 'whole/', '-o'], report],
    [['merge', 'whole/', '--partial', '-o'], report],
  ] as const) {
    const before = readFileSync(at(replaced));
    expect(await run([...args, replaced, '--force'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is also an input or output of this command'),
    });
    expect(readFileSync(at(replaced))).toEqual(before);
  }
});

test('merge --schema writes the schema of a single run', async () => {
  const names = ['data/examples.tfrecord', 'data/tfrecord-many-small.tfrecord'];
  await run(['plan', ...names, '-o', 'good.jsonl']);
  for (const shard of [0, 1])
    await run(['schema', '--plan', 'good.jsonl', '--shard', `${shard}/2`, '--report', 'good/']);
  expect((await run(['merge', 'good/', '--schema', 'merged-schema.json', '-q'])).code).toBe(0);
  await run(['schema', ...names, '-o', 'one-schema.json']);
  expect(readFileSync(at('merged-schema.json'), 'utf8')).toBe(readFileSync(at('one-schema.json'), 'utf8'));
});

test('a shard without files exits with 0', async () => {
  const { code, stderr } = await run([
    'validate',
    'data/examples.tfrecord',
    '--shard',
    '1/2',
    '--report',
    'few/',
  ]);
  expect([code, stderr]).toEqual([0, expect.stringContaining('0 of 1 file, 0 B')]);
  expect(stderr).toContain('without --plan');
});

test('a shard with a changed file writes no report and exits with 3', async () => {
  temp.file('changing.tfrecord', encodeTFRecord(new Uint8Array(3)));
  await run(['plan', 'changing.tfrecord', '-o', 'changing.jsonl']);
  temp.file('changing.tfrecord', encodeTFRecord(new Uint8Array(4)));
  for (const args of [
    ['validate'],
    ['stats'],
    ['index'],
    ['convert', '--to', 'recordio', '--output-dir', 'x'],
  ]) {
    const done = await run([...args, '--plan', 'changing.jsonl', '--report', 'changing.json']);
    expect([args[0], done.code]).toEqual([args[0], 3]);
    expect(done.stdout + done.stderr).toContain('regenerate the plan');
  }
  expect(existsSync(at('changing.json'))).toBe(false);
});

test('convert rejects inputs of all shards that would share an output', async () => {
  const { mkdirSync } = await import('node:fs');
  for (const folder of ['one', 'two']) {
    mkdirSync(at(folder));
    temp.file(`${folder}/same.tfrecord`, encodeTFRecord(new Uint8Array(3)));
  }
  const args = ['convert', 'one', 'two', '--shard', '0/2', '--to', 'recordio', '--output-dir', 'met'];
  const { code, stderr } = await run(args);
  expect([code, stderr]).toEqual([2, expect.stringContaining('would both be written to same.rec')]);
});

test.each<[what: string, args: string[], message: RegExp, env?: NodeJS.ProcessEnv]>([
  ['a shard beyond the last', ['validate', 'data', '--shard', '8/8'], /shard numbers start at 0/],
  ['no shard', ['validate', 'data', '--shard', 'first'], /Expected I\/N/],
  ['no inputs', ['stats'], /missing required argument 'inputs'/],
  ['inputs and a plan', ['stats', 'data', '--plan', 'plan.jsonl'], /the plan lists the inputs/],
  ['no engine', ['stats', 'data', '--shard', 'auto'], /found no engine/],
  [
    'no count',
    ['stats', 'data', '--shard', 'auto'],
    /does not provide the number/,
    { JOB_COMPLETION_INDEX: '1' },
  ],
  [
    'an index beyond the count',
    ['stats', 'data', '--shard', 'auto'],
    /expected 0 to 1/,
    { RANK: '2', WORLD_SIZE: '2' },
  ],
  ['standard input', ['validate', '-', '--shard', '0/2'], /cannot be divided/],
  ['an early end', ['validate', 'data', '--shard', '0/2', '--fail-fast'], /--fail-fast/],
  ['one index of many', ['index', '--plan', 'plan.jsonl', '-o', 'x'], /--output/],
  ['one output of many', ['convert', 'data', '--shard', '0/2', '--to', 'recordio'], /--output-dir/],
  ['a schema of a shard', ['schema', 'data', '--shard', '0/2', '-o', 'x'], /merge --schema/],
  ['a report of nothing', ['stats', 'data', '--report', 'x'], /--report/],
])('rejected: %s', async (_, args, message, env) => {
  const { code, stderr } = await run(args, env);
  expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
});

test('auto reads the files of a training job that runs outside of /opt/ml', async () => {
  const { mkdirSync } = await import('node:fs');
  for (const folder of ['job/input/config', 'job/input/data/divided'])
    mkdirSync(at(folder), { recursive: true });
  const hosts = { current_host: 'algo-2', hosts: ['algo-1', 'algo-2'] };
  const channels = { divided: { S3DistributionType: 'ShardedByS3Key' } };
  writeFileSync(at('job/input/config/resourceconfig.json'), JSON.stringify(hosts));
  writeFileSync(at('job/input/config/inputdataconfig.json'), JSON.stringify(channels));
  temp.file('job/input/data/divided/a.tfrecord', encodeTFRecord(new Uint8Array(3)));
  const env = { SAGEMAKER_BASE_DIR: at('job') };
  const whole = await run(['stats', 'data', '--shard', 'auto', '--no-samples'], env);
  expect(whole.stderr).toContain('shard 1 of 2 (zero-based), by SageMaker training job');
  for (const input of ['job/input/data/divided', at('job/input/data/divided/*'), 'job/input/data/']) {
    const divided = await run(['stats', input, '--shard', 'auto'], env);
    expect([divided.code, divided.stderr]).toEqual([2, expect.stringContaining('ShardedByS3Key')]);
  }
});

test('a number of shards that differs from the plan is rejected', async () => {
  await run(['plan', 'data', '-o', 'eight.jsonl', '--shards', '8', '-f']);
  const wrong = await run(['stats', '--plan', 'eight.jsonl', '--shard', '0/4']);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('the plan has 8 shards')]);
  const right = await run(['stats', '--plan', 'eight.jsonl', '--shard', 'auto'], {
    JOB_COMPLETION_INDEX: '7',
  });
  expect(right.stderr).toContain(
    'shard 7 of 8 (zero-based), by Kubernetes Indexed Job: JOB_COMPLETION_INDEX=7: 0 of 5 files',
  );
});

describe('on S3', () => {
  test('plan, reports and total can be objects; a fault leaves no report, damage does', async () => {
    const objects = Object.fromEntries(NAMES.map((name) => [`bucket/data/${name}.tfrecord`, fixture(name)]));
    await using place: S3Place = await s3Place({ objects });
    const s3 = (...args: string[]) => run([...args, '--retry-timeout', '1s'], place.env);
    expect((await s3('plan', 's3://bucket/data/', '-o', 's3://bucket/plan.jsonl.gz')).code).toBe(0);
    const shard = (i: number) =>
      s3(
        'validate',
        '--plan',
        's3://bucket/plan.jsonl.gz',
        '--shard',
        `${i}/${SHARDS}`,
        '--report',
        's3://bucket/reports/',
      );
    place.server.script.add({
      key: 'data/examples.tfrecord',
      operation: 'GetObject',
      times: 1000,
      do: 'status',
      status: 503,
    });
    const codes: (number | null)[] = [];
    for (let i = 0; i < SHARDS; i++) codes.push((await shard(i)).code);
    expect(codes.filter((code) => code === 3)).toHaveLength(1);
    expect(codes.filter((code) => code === 1)).toHaveLength(1);
    place.server.script.clear();
    const some = await s3('merge', 's3://bucket/reports/');
    expect(some).toMatchObject({ code: 3, stdout: `${codes.indexOf(3)}\n` });
    expect((await shard(codes.indexOf(3))).code).toBe(0);
    expect((await s3('merge', 's3://bucket/reports/', '-o', 's3://bucket/total.json')).code).toBe(1);
    const one = await s3(
      'validate',
      '--plan',
      's3://bucket/plan.jsonl.gz',
      '--report',
      's3://bucket/total.json',
    );
    expect([one.code, one.stderr]).toEqual([1, expect.stringContaining('is up to date')]);
  });

  test('a shard fails for an object that was overwritten after planning', async () => {
    await using place: S3Place = await s3Place({
      objects: { 'bucket/a.tfrecord': encodeTFRecord(new Uint8Array(100)) },
    });
    await run(['plan', 's3://bucket/a.tfrecord', '-o', 'overwritten.jsonl'], place.env);
    place.server.store.put('bucket/a.tfrecord', encodeTFRecord(new Uint8Array(100).fill(1)));
    for (const command of ['validate', 'stats', 'index']) {
      const { code, stdout, stderr } = await run([command, '--plan', 'overwritten.jsonl'], place.env);
      expect([command, code, stdout + stderr]).toEqual([
        command,
        3,
        expect.stringContaining('object-changed'),
      ]);
    }
  });
});
