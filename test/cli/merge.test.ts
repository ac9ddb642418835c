import { existsSync, linkSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cli } from '../support/cli.ts';
import { FILE, flipped, PAYLOADS } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';
import { fileOf } from '../transform/kinds.ts';

const temp = tempDir();
const a = temp.file('a.tfrecord', FILE);
const b = temp.file('b.rec', fileOf('recordio', PAYLOADS.slice(0, 2)));
const c = temp.file('c.b64', fileOf('base64', PAYLOADS.slice(2)));

test('merge accepts several formats and keeps the given order', async () => {
  const output = temp.file('all.tfrecord');
  const { code, stderr } = await cli(['merge', b, c, a, '-o', output]);
  expect(code).toBe(0);
  expect(stderr).toContain('all.tfrecord: 12 records, 1.36 KiB, from 3 files');
  expect(readFileSync(output)).toEqual(Buffer.concat([FILE, FILE]));
});

test('merge --sort sorts by name and writes the first format', async () => {
  const { bytes } = await cli(['merge', c, b, a, b, '--sort', '-o', '-']);
  expect(bytes).toEqual(Buffer.concat([FILE, FILE]));
});

test('merge accepts standard input once', async () => {
  const { bytes } = await cli(['merge', a, '-', '-o', '-', '--to', 'recordio'], { input: FILE });
  expect(bytes).toEqual(Buffer.from(fileOf('recordio', [...PAYLOADS, ...PAYLOADS])));
});

test('merge rejects an output that is one of the inputs, even with --force and through links', async () => {
  const before = readFileSync(a);
  const [soft, hard] = [temp.file('soft.tfrecord'), temp.file('hard.tfrecord')];
  symlinkSync(a, soft);
  linkSync(a, hard);
  for (const output of [a, soft, hard]) {
    const same = await cli(['merge', a, b, '-o', output, '--force']);
    expect(same.code, output).toBe(3);
    expect(same.stderr).toContain('same file');
    expect(same.stderr).not.toContain('--force');
    expect(readFileSync(a)).toEqual(before);
  }
  for (const link of [soft, hard]) rmSync(link);
});

test('merge requires --output: the last file is an input', async () => {
  const before = readFileSync(a);
  for (const force of [[], ['--force']]) {
    const forgotten = await cli(['merge', b, a, ...force]);
    expect(forgotten.code).toBe(2);
    expect(forgotten.stderr).toContain('-o FILE');
    expect(forgotten.stderr).not.toContain('--force');
  }
  expect((await cli(['merge', '-', '-', '-o', '-'])).code).toBe(2);
  expect(readFileSync(a)).toEqual(before);
});

test('merge exits with 1 for damage in the last file, without an output', async () => {
  const damaged = temp.file('damaged.tfrecord', flipped(FILE, FILE.length - 1));
  const output = temp.file('never.tfrecord');
  const { code, stderr } = await cli(['merge', a, damaged, '-o', output]);
  expect(code).toBe(1);
  expect(stderr).toContain('damaged.tfrecord');
  expect(existsSync(output)).toBe(false);
});
