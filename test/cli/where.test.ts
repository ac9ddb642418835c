import { readdirSync, readFileSync } from 'node:fs';
import { encodeTFRecord } from 'recordpipe';
import { encodeExample } from 'recordpipe/messages';
import { expect, test } from 'vitest';
import { cli } from '../support/cli.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const records = Array.from({ length: 20 }, (_, i) =>
  encodeExample({
    label: { kind: 'int64', value: [i % 4] },
    tags: { kind: 'bytes', value: i % 2 === 0 ? ['cat', 'dog'] : ['cow'] },
  }),
);
const some = temp.file('some.tfrecord', concat(records.slice(0, 12).map((one) => encodeTFRecord(one))));
const more = temp.file('more.tfrecord', concat(records.slice(12).map((one) => encodeTFRecord(one))));

test('count and stats count the records that pass, and state how many were tested', async () => {
  const count = await cli(['count', some, more, '--where', 'label == 3']);
  expect([count.code, count.stdout]).toEqual([0, `2\t${more}\n3\t${some}\n5\ttotal of 2 files\n`]);
  expect(count.stderr).toBe('--where: 5 of 20 records\n');
  expect((await cli(['count', some, '-q', '--where', '"cow" in tags'])).stdout).toBe('6\n');
  const stats = await cli(['stats', some, more, '--where', '"cat" in tags', '--json']);
  expect(JSON.parse(stats.stdout)).toMatchObject({ records: 10, where: { tested: 20, matched: 10 } });
});

test('cat and inspect show the records that pass; -n and --skip count them', async () => {
  const { stdout } = await cli([
    'cat',
    some,
    more,
    '--base64',
    '--where',
    'label == 2',
    '--skip',
    '1',
    '-n',
    '3',
  ]);
  expect(stdout.split('\n').slice(0, -1)).toEqual(
    [6, 10, 14].map((i) => Buffer.from(records[i]).toString('base64')),
  );
  const inspect = await cli(['inspect', some, '--jsonl', '--where', 'label == 2', '--skip', '1', '-n', '1']);
  expect(JSON.parse(inspect.stdout)).toMatchObject({ record: 6 });
  expect((await cli(['inspect', some, '--where', 'label == 9'])).stdout).toContain(
    'no record passed --where',
  );
});

test('split, sample and convert write the records that pass', async () => {
  const prefix = temp.file('part');
  const split = await cli(['split', some, prefix, '--shards', '2', '--where', 'label != 0']);
  expect([split.code, split.stderr]).toEqual([0, expect.stringContaining('--where: 9 of 12 records')]);
  const shards = readdirSync(temp.path).filter((name) => name.startsWith('part-'));
  const count = await cli(['count', ...shards.map((name) => temp.file(name)), '--json']);
  expect(JSON.parse(count.stdout).files.map((one: { records: number }) => one.records)).toEqual([5, 4]);
  const weights = ['--weights', 'a=1,b=1', '--by', 'label', '--shards', '1', '--where', 'label > 1'];
  const parts = await cli(['split', some, more, temp.file('w'), ...weights, '--json']);
  expect(JSON.parse(parts.stdout)).toMatchObject({ records: 10, where: { tested: 20, matched: 10 } });
  const sample = await cli([
    'sample',
    some,
    temp.file('s.tfrecord'),
    '-n',
    '2',
    '--where',
    'label == 1',
    '--json',
  ]);
  expect(JSON.parse(sample.stdout)).toMatchObject({ of: 3, where: { tested: 12 }, output: { records: 2 } });
  const convert = await cli(['convert', some, temp.file('c.rec'), '--where', 'label == 1', '--json']);
  expect(JSON.parse(convert.stdout)).toMatchObject({ where: { matched: 3 }, output: { records: 3 } });
  const table = await cli(['convert', some, '-', '--to', 'jsonl', '--where', 'label == 1 && "cow" in tags']);
  expect(table.stdout.match(/\n/g)).toHaveLength(3);
});

test('an invalid expression shows where it fails; a record that cannot be tested is named', async () => {
  const wrong = await cli(['count', some, '--where', 'label = 3']);
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringContaining('\n  label = 3\n        ^\n  next: '),
  ]);
  const mismatch = await cli(['cat', some, '--base64', '--where', 'tags == "cow"']);
  expect(mismatch.code).toBe(1);
  expect(mismatch.stderr).toContain('schema-mismatch: --where: feature "tags" has several values');
  expect(mismatch.stderr).toContain(`(record 0 at byte 0 of ${some})`);
  const unknown = await cli(['cat', some, '--base64', '--where', 'lable == 3']);
  expect([unknown.code, unknown.stdout]).toEqual([0, '']);
  expect(unknown.stderr).toContain('--where: no record has a feature "lable"; did you mean "label"?');
  const table = await cli(['convert', some, '-', '--to', 'jsonl', '--where', 'lable == 3']);
  expect([table.code, table.stdout]).toEqual([1, '']);
  expect(table.stderr).toContain('no-records: 0 of 12 records pass the filter');
  expect(table.stderr).toContain('no record has a feature "lable"; did you mean "label"?\n  next: check');
});

test('reports of shards state the filter, and merge only with the same one', async () => {
  const plan = temp.file('plan.jsonl');
  await cli(['plan', some, more, '-o', plan, '--shards', '2']);
  const run = (shard: string, where: string, to: string): ReturnType<typeof cli> =>
    cli(['stats', '--plan', plan, '--shard', shard, '--where', where, '--report', temp.file(to), '-q']);
  for (const shard of ['0/2', '1/2'])
    expect((await run(shard, 'label == 3', `${shard[0]}.json`)).code).toBe(0);
  const merged = temp.file('merged.json');
  expect((await cli(['merge', temp.file('0.json'), temp.file('1.json'), '-o', merged])).code).toBe(0);
  const whole = temp.file('whole.json');
  await cli(['stats', '--plan', plan, '--where', 'label == 3', '--report', whole, '-q']);
  expect(readFileSync(merged, 'utf8')).toBe(readFileSync(whole, 'utf8'));
  expect(JSON.parse(readFileSync(merged, 'utf8'))).toMatchObject({
    settings: { where: 'label == 3' },
    result: { records: 5, where: { tested: 20, matched: 5 } },
  });
  await run('1/2', 'label == 2', 'other.json');
  const mixed = await cli(['merge', temp.file('0.json'), temp.file('other.json'), '-o', temp.file('x.json')]);
  expect([mixed.code, mixed.stderr]).toEqual([1, expect.stringContaining('report-mismatch')]);
});
