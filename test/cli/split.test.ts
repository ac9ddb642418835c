import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodeTFRecord } from '../../src/index.ts';
import { encodeExample } from '../../src/messages/index.ts';
import type { SplitByWeightsResult } from '../../src/transform/index.ts';
import { cli } from '../support/cli.ts';
import { FILE, flipped, PAYLOADS } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const source = temp.file('in.tfrecord', FILE);

function place(name: string): { prefix: string; names(): string[]; bytes(): Buffer } {
  const path = temp.file(name);
  mkdirSync(path);
  const names = (): string[] => readdirSync(path).sort();
  return {
    prefix: join(path, 'part'),
    names,
    bytes: () => Buffer.concat(names().map((one) => readFileSync(join(path, one)))),
  };
}

test.each([
  [['--records', '4'], 2],
  [['--size', '250'], 4],
  [['--shards', '3'], 3],
  [['--shards', '8'], 8],
])('split %j: the concatenated shards equal the file', async (way, count) => {
  const { prefix, names, bytes } = place(way.join(''));
  const { code, stderr } = await cli(['split', source, prefix, ...way]);
  expect(code).toBe(0);
  expect(stderr).toContain(`${count} shards, 6 records`);
  expect(names()).toEqual(Array.from({ length: count }, (_, i) => `part-0000${i}-of-0000${count}.tfrecord`));
  expect(bytes()).toEqual(Buffer.from(FILE));
});

test('split --by-hash reads a pipe and converts', async () => {
  const { prefix, names } = place('hash');
  const args = [
    'split',
    '-',
    prefix,
    '--by-hash',
    '2',
    '--to',
    'base64',
    '--output-compression',
    'gzip',
    '--json',
  ];
  const { stdout } = await cli(args, { input: FILE });
  expect(names()).toEqual(['part-00000-of-00002.b64.gz', 'part-00001-of-00002.b64.gz']);
  const { outputs } = JSON.parse(stdout) as { outputs: { records: number }[] };
  expect(outputs.reduce((sum, { records }) => sum + records, 0)).toBe(PAYLOADS.length);
});

test('split --shards reads a pipe', async () => {
  const { prefix, names, bytes } = place('piped');
  expect((await cli(['split', '-', prefix, '--shards', '2'], { input: FILE })).code).toBe(0);
  expect(names()).toEqual(['part-00000-of-00002.tfrecord', 'part-00001-of-00002.tfrecord']);
  expect(bytes()).toEqual(Buffer.from(FILE));
});

test.each([[[]], [['--records', '2', '--shards', '2']], [['--records', '0']], [['--size', 'big']]])(
  '%j: exit code 2',
  async (way) => {
    const { code } = await cli(['split', source, temp.file('nothing'), ...way]);
    expect(code).toBe(2);
  },
);

test.each([
  ['--records', '1'],
  ['--shards', '2'],
  ['--by-hash', '3'],
])('split %s writes no shard of a damaged file', async (...way) => {
  const { prefix, names } = place(`damage${way[0]}`);
  const damaged = temp.file('damaged.tfrecord', flipped(FILE, FILE.length - 1));
  expect((await cli(['split', damaged, prefix, ...way])).code).toBe(1);
  expect(names()).toEqual([]);
});

test('split exits with 3 for existing shards', async () => {
  const { prefix, names } = place('again');
  writeFileSync(`${prefix}-00000-of-00009.tfrecord`, '');
  const { code, stderr } = await cli(['split', source, prefix, '--records', '4']);
  expect(code).toBe(3);
  expect(stderr).toContain('already-exists');
  expect(names()).toEqual(['part-00000-of-00009.tfrecord']);
});

test('split keeps the delimiter and carriage returns of text', async () => {
  const zeros = temp.file('zeros.txt', Buffer.from('one\ntwo\0three\r\0four\0'));
  const { prefix, bytes } = place('zeros');
  const { code } = await cli([
    'split',
    zeros,
    prefix,
    '--shards',
    '2',
    '--format',
    'textline',
    '--delimiter',
    '\\0',
  ]);
  expect(code).toBe(0);
  expect(bytes()).toEqual(readFileSync(zeros));

  const dos = temp.file('dos.txt', Buffer.from('one\r\ntwo\r\n'));
  const kept = place('dos');
  expect((await cli(['split', dos, kept.prefix, '--records', '1', '--cr', 'keep'])).code).toBe(0);
  expect(kept.bytes()).toEqual(readFileSync(dos));
});

test('split --by-hash into hundreds of shards prints no warning', async () => {
  const { prefix, names } = place('hundreds');
  const { code, stderr } = await cli(['split', source, prefix, '--by-hash', '300', '-q']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(names()).toHaveLength(300);
});

test('split never replaces its input, even with --force or from a pipe', async () => {
  const { prefix, names } = place('own');
  const first = `${prefix}-00000-of-00002.tfrecord`;
  writeFileSync(first, FILE);
  for (const way of [
    ['--shards', '2'],
    ['--records', '3'],
  ]) {
    const stdin = openSync(first, 'r');
    const { code, stderr } = await cli(['split', '-', prefix, ...way, '--force'], {
      stdio: [stdin, 'pipe', 'pipe'],
    });
    closeSync(stdin);
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining('same file') });
  }
  expect(names()).toEqual(['part-00000-of-00002.tfrecord']);
  expect(readFileSync(first)).toEqual(Buffer.from(FILE));
});

describe('--weights', () => {
  const weights = ['--weights', 'train=0.8,val=0.1,test=0.1'];
  const clicks = Array.from({ length: 600 }, (_, i) =>
    encodeExample({
      click: { kind: 'int64', value: [i] },
      user_id: { kind: 'bytes', value: [`u${i % 60}`] },
    }),
  );
  const folder = temp.file('clicks');
  mkdirSync(folder);
  for (const i of [0, 1, 2])
    temp.file(
      `clicks/day-${i}.tfrecord`,
      Buffer.concat(clicks.slice(200 * i, 200 * (i + 1)).map((record) => encodeTFRecord(record))),
    );

  test('writes named parts of a directory and prints their exact shares', async () => {
    const out = temp.file('parts');
    const by = ['--by', 'user_id', '--seed', '4'];
    const { code, stderr, stdout } = await cli([
      ...['split', folder, `${out}/`, ...weights, ...by, '--records', '100'],
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(
      /^train: \d\d\.\d\d% \(expected 80\.00%\): .*train-00000-of-0000\d\.tfrecord … .*: \d shards, \d{3} records, /,
    );
    const shards = readdirSync(out).sort();
    expect(shards.every((name) => /^(?:train|val|test)-\d{5}-of-\d{5}\.tfrecord$/.test(name))).toBe(true);

    const whole = await cli([
      'split',
      `${folder}/day-2.tfrecord`,
      folder,
      out,
      ...weights,
      ...by,
      '--json',
      '-f',
    ]);
    expect(whole.code).toBe(0);
    const report = JSON.parse(whole.stdout) as SplitByWeightsResult;
    expect(report).toMatchObject({ records: 800, seed: 4 });
    expect(report.parts.reduce((sum, { records }) => sum + records, 0)).toBe(800);
    expect(report.parts.map(({ outputs }) => outputs.length)).toEqual([1, 1, 1]);
  });

  test('a record without the feature is an error that names record, feature and next step', async () => {
    const out = temp.file('absent');
    const { code, stderr } = await cli(['split', folder, out, ...weights, '--by', 'account']);
    expect(code).toBe(1);
    expect(stderr).toContain('schema-mismatch: the record has no value of the feature "account"');
    expect(stderr).toContain('pass --missing NAME');
    expect(stderr).toContain('record 0 at byte 0 of');
    const misspelled = await cli(['split', folder, out, ...weights, '--by', 'usr_id']);
    expect(misspelled.stderr).toContain('no value of the feature "usr_id"; did you mean "user_id"?');
    const rest = await cli([
      'split',
      folder,
      out,
      ...weights,
      '--by',
      'account',
      '--missing',
      'rest',
      '--json',
    ]);
    expect(JSON.parse(rest.stdout).parts[3]).toMatchObject({ name: 'rest', records: 600, expectedShare: 0 });
  });

  test.each([
    [['in.tfrecord', 'p', '--weights', 'train=']],
    [['in.tfrecord', 'p', '--weights', 'a=1,a=2']],
    [['in.tfrecord', 'p', '--weights', '../a=1']],
    [['in.tfrecord', 'p', ...weights, '--by-hash', '2']],
    [['in.tfrecord', 'p', ...weights, '--shards', '2', '--records', '2']],
    [['in.tfrecord', 'p', ...weights, '--missing', 'rest']],
    [['in.tfrecord', 'p', '--shards', '2', '--by', 'x']],
    [['in.tfrecord', 'in.tfrecord', 'p', '--shards', '2']],
    [['in.tfrecord', ...weights]],
    [['clicks/day-0.tfrecord', 'clicks/day-1.tfrecord', ...weights]],
  ])('%j: exit code 2, and no output', async (args) => {
    const before = readdirSync(temp.path);
    expect((await cli(['split', ...args], { cwd: temp.path })).code).toBe(2);
    expect(readdirSync(temp.path)).toEqual(before);
  });
});
