import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeTFRecord } from '../../src/index.ts';
import { cli, ended, startCli } from '../support/cli.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { tempDir } from '../support/temp-dir.ts';
import { shuffledOrder } from '../transform/oracle-keys.ts';

const temp = tempDir();
const frames = Array.from({ length: 20_000 }, (_, i) => encodeTFRecord(Buffer.alloc(500, String(i))));
const source = temp.file('in.tfrecord', concat(frames));
const expected = concat(shuffledOrder(5, frames.length).map((i) => frames[i]));

test.each([[[]], [['--memory', '1MiB']], [['--memory', '1MiB', '--temp-dir', temp.path]]])(
  'with %j: the order that the seed determines',
  async (options) => {
    const output = temp.file(`out${options.length}.tfrecord`);
    const { code, stderr } = await cli(['shuffle', source, output, '--seed', '5', ...options]);
    expect(code).toBe(0);
    expect(stderr).toContain('20,000 records, 9.84 MiB, shuffled with seed 5');
    expect(readFileSync(output).equals(expected)).toBe(true);
    expect(readdirSync(temp.path).filter((name) => name.startsWith('.'))).toEqual([]);
  },
);

test('shuffle reads from and writes to pipes', async () => {
  const { bytes } = await cli(['shuffle', '-', '-', '--seed', '5', '--memory', '1MiB'], {
    input: concat(frames),
  });
  expect(bytes.equals(expected)).toBe(true);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s: exit code %i, and nothing is left', async (signal, code) => {
  const child = startCli(['shuffle', '-', temp.file('never.tfrecord'), '--memory', '1MiB']);
  const run = ended(child);
  child.stdin?.on('error', () => {});
  child.stdin?.write(concat(frames));
  while (!readdirSync(temp.path).some((name) => name.endsWith('.tmp')))
    await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill(signal);
  expect(await run).toMatchObject({ status: code, stderr: '' });
  expect(readdirSync(temp.path).filter((name) => name.startsWith('.') || name.startsWith('never'))).toEqual(
    [],
  );
});

test.each([
  ['--seed', '-1'],
  ['--seed', '1.5'],
  ['--memory', '1'],
  ['--memory', 'much'],
])('shuffle rejects %s %s with exit code 2', async (...option) => {
  const { code } = await cli(['shuffle', source, join(temp.path, 'never.tfrecord'), ...option]);
  expect(code).toBe(2);
});

test('shuffle of a directory mixes all files', async () => {
  const folder = temp.file('folder');
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.tfrecord'), concat(frames.slice(0, 9000)));
  writeFileSync(join(folder, 'b.tfrecord'), concat(frames.slice(9000)));
  const output = temp.file('all.tfrecord');
  expect((await cli(['shuffle', folder, output, '--seed', '5'])).code).toBe(0);
  expect(readFileSync(output).equals(expected)).toBe(true);
});
