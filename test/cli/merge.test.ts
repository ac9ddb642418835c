import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cli } from '../support/cli.ts';
import { FILE, flipped, PAYLOADS } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';
import { fileOf } from '../transform/kinds.ts';

const temp = tempDir();
const a = temp.file('a.tfrecord', FILE);
const b = temp.file('b.rec', fileOf('recordio', PAYLOADS.slice(0, 2)));
const c = temp.file('c.jsonl', fileOf('jsonl', PAYLOADS.slice(2)));

test('files of several formats, in the order given', async () => {
  const output = temp.file('all.tfrecord');
  const { code, stderr } = await cli(['merge', b, c, a, output]);
  expect(code).toBe(0);
  expect(stderr).toContain('all.tfrecord: 12 records, 1.36 KiB, from 3 files');
  expect(readFileSync(output)).toEqual(Buffer.concat([FILE, FILE]));
});

test('sorted by name, to standard output, of the first format', async () => {
  const { bytes } = await cli(['merge', c, b, a, b, '--sort', '-o', '-']);
  expect(bytes).toEqual(Buffer.concat([FILE, FILE]));
});

test('one of them may be standard input', async () => {
  const { bytes } = await cli(['merge', a, '-', '-o', '-', '--to', 'recordio'], { input: FILE });
  expect(bytes).toEqual(Buffer.from(fileOf('recordio', [...PAYLOADS, ...PAYLOADS])));
});

test('an output that is one of the inputs, or forgotten', async () => {
  const before = readFileSync(a);
  const same = await cli(['merge', a, b, a, '--force']);
  expect(same.code).toBe(3);
  expect(same.stderr).toContain('same file');
  const forgotten = await cli(['merge', b, a]);
  expect(forgotten.code).toBe(3);
  expect(forgotten.stderr).toContain('already-exists');
  expect((await cli(['merge', a])).code).toBe(2);
  expect((await cli(['merge', '-', '-', '-o', '-'])).code).toBe(2);
  expect(readFileSync(a)).toEqual(before);
});

test('damage in the last: exit code 1, and no output', async () => {
  const damaged = temp.file('damaged.tfrecord', flipped(FILE, FILE.length - 1));
  const output = temp.file('never.tfrecord');
  const { code, stderr } = await cli(['merge', a, damaged, output]);
  expect(code).toBe(1);
  expect(stderr).toContain('damaged.tfrecord');
  expect(existsSync(output)).toBe(false);
});
