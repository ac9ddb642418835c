import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { encodeTFRecord } from '../../src/index.ts';
import { encodeExample } from '../../src/messages/index.ts';
import { cli, startCli } from '../support/cli.ts';
import { faultyS3 } from '../support/faulty-s3/index.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const records = Array.from({ length: 30 }, (_, i) =>
  encodeExample({
    label: { kind: 'int64', value: [2n ** 60n + BigInt(i % 3)] },
    name: { kind: 'bytes', value: [`n${i}\u202e`] },
    ...(i > 0 && { score: { kind: 'float' as const, value: [i / 10] } }),
  }),
);
temp.file('x y.tfrecord', Buffer.concat(records.map((record) => encodeTFRecord(record))));

function query(...args: string[]): ReturnType<typeof cli> {
  return cli(['query', ...args], { cwd: temp.path });
}

const COUNTS = "select label, count(*) as n from 'x y.tfrecord' group by label order by label";

test('prints an aligned table with exact integers, and the number of rows to standard error', async () => {
  const { code, stdout, stderr } = await query(COUNTS);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '3 rows\n' });
  expect(stdout).toBe(
    '              label   n\n1152921504606846976  10\n1152921504606846977  10\n1152921504606846978  10\n',
  );
  const odd = await query("select name, score from 'x y.tfrecord' limit 2", '-q');
  expect(odd.stdout).toBe('name      score\nn0\\u202e   NULL\nn1\\u202e    0.1\n');
  expect(odd.stderr).toBe('');
});

test.each([
  ['csv', 'label,n\n1152921504606846976,10\n'],
  ['jsonl', '{"label":1152921504606846976,"n":10}\n'],
  ['json', '[\n{"label":1152921504606846976,"n":10}\n]\n'],
])('--to %s', async (to, text) => {
  expect((await query(`${COUNTS} limit 1`, '--to', to)).stdout).toBe(text);
  const name = `out.${to}`;
  const { code, stdout, stderr } = await query(`${COUNTS} limit 1`, '-o', name);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: `${name}: ${text.length} B\n` });
  expect(readFileSync(temp.file(name), 'utf8')).toBe(text);
  const again = await query(COUNTS, '-o', name);
  expect(again.code).toBe(3);
  expect(again.stderr).toContain('pass --force to overwrite the existing file');
  expect((await query(COUNTS, '-o', name, '--force', '-q')).code).toBe(0);
});

test('writes Parquet that another query reads', async () => {
  expect((await query("from 'x y.tfrecord'", '-o', 'all.parquet')).code).toBe(0);
  const joined = "select count(*) as n from 'all.parquet' p join 'x y.tfrecord' x using (name)";
  expect((await query(joined, '--json')).stdout).toBe('[\n{"n":30}\n]\n');
});

describe('failures', () => {
  test.each([
    ['selec', 2, /query: syntax error at or near "selec"/],
    ['from data/', 2, /syntax error at or near "\/"; write file names in single quotes/],
    ["copy (select 1) to 'no.csv'", 2, /expected a SELECT statement/],
    ["select labels from 'x y.tfrecord'", 2, /Candidate bindings: "label"/],
    ["from 'missing.tfrecord'", 3, /not-found: no such file/],
    ["select name::int from 'x y.tfrecord'", 1, /unrepresentable: .*\n {2}next: .* use TRY_CAST/],
    ["from 's3://bucket/x.parquet'", 3, /unsupported-source: .*which recordpipe does not load/],
  ])('%s: exit code %i', async (statement, code, message) => {
    const run = await query(statement, '-o', 'failed.csv');
    expect(run).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) });
    expect(readdirSync(temp.path).filter((name) => /failed|no\.csv/.test(name))).toEqual([]);
  });

  test.each([[['--json', '--to', 'csv']], [['-o', 'x.txt']], [['--memory', '1KiB']], [['--to', 'xml']]])(
    '%j: exit code 2',
    async (options) => {
      expect((await query('select 1', ...options)).code).toBe(2);
    },
  );

  test('a damaged record is invalid data', async () => {
    const damaged = Buffer.concat(records.map((record) => encodeTFRecord(record)));
    damaged[damaged.length - 1] ^= 1;
    writeFileSync(temp.file('damaged.tfrecord'), damaged);
    const { code, stderr } = await query("select count(*) from 'damaged.tfrecord'");
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('data-checksum') });
  });
});

test('a table may be a prefix or pattern of objects', async () => {
  const object = new Uint8Array(readFileSync(temp.file('x y.tfrecord')));
  const objects = { 'bucket/data/a 1.tfrecord': object, 'bucket/data/b.tfrecord': object };
  await using server = await faultyS3({ objects });
  const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };
  for (const [table, count] of [
    ['s3://bucket/data/', 60],
    ['s3://bucket/data/a*.tfrecord', 30],
    ['s3://bucket/data/b.tfrecord', 30],
  ] as const) {
    const statement = `select count(*) as n, count(score) as s from '${table}'`;
    const args = ['query', statement, '--to', 'csv', '--endpoint-url', server.url];
    const { code, stdout } = await cli(args, { cwd: temp.path, env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `n,s\n${count},${(count / 30) * 29}\n` });
  }
});

test('a signal ends a long query and removes its temporary files', async () => {
  const folder = temp.file('temporary');
  mkdirSync(folder);
  const endless =
    'select count(*) from range(10000000000) a, range(10000000000) b where a.range + b.range = 1';
  const child = startCli(['query', endless, '--temp-dir', folder], { cwd: temp.path });
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  child.stdout?.resume();
  setTimeout(() => child.kill('SIGTERM'), 1500);
  expect([143, 'SIGTERM']).toContain(await ended);
  expect(readdirSync(folder)).toEqual([]);
});
