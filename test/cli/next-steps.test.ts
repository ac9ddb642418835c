import { expect, test } from 'vitest';
import { cli } from '../support/cli.ts';
import { FILE } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const cwd = temp.path;
temp.file('-dash.tfrecord', FILE);
temp.file('six.tfrecord', FILE);
temp.file('new\nline\x1b[31m.tfrecord', FILE);
temp.file('utf16.csv', Buffer.from('\ufeffid,v\n1,2\n', 'utf16le'));
temp.file('a.zst', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, ...new Uint8Array(60).fill(0x99)));
temp.file('a.rec', FILE);
temp.file('a.tfrecord', FILE);

test.each([
  [
    'a file whose name begins with -',
    ['count', '-dash.tfrecord'],
    'next: if this is a file, write ./-dash.tfrecord',
  ],
  [
    'a pattern for a command that takes one file',
    ['sample', '*.tfrecord', 'o.tfrecord', '-n', '1'],
    "merge 'PATTERN' -o - |",
  ],
  [
    'a directory for a command that takes one file',
    ['sample', '.', 'o.tfrecord', '-n', '1'],
    'merge DIRECTORY -o - |',
  ],
  [
    'several files for one that takes one',
    ['sample', 'a', 'b', 'c'],
    'merge X… -o - | recordpipe sample - …',
  ],
  [
    'UTF-16 text',
    ['count', 'utf16.csv'],
    'next: pass the format and encoding: --format textline --encoding utf-16le',
  ],
  ['an unknown compression', ['count', 'a.zst'], 'next: decompress it first: zstd -dc'],
  [
    'an option with another name in the library',
    ['shuffle', 'six.tfrecord', 'o', '--memory', '1'],
    '--memory: expected',
  ],
  ['a missing argument', ['convert', 'six.tfrecord'], 'got 1 file;'],
  [
    'two inputs with the same name',
    ['convert', 'a.rec', 'a.tfrecord', '--output-dir', 'o', '--to', 'recordio'],
    'a.rec and a.tfrecord would both be written to a.rec; use a separate directory for each',
  ],
  [
    'an address with one slash',
    ['count', 's3:/bucket/key'],
    'next: to name an object, write s3://bucket/key',
  ],
  [
    'a directory as a schema',
    ['validate', 'six.tfrecord', '--schema', '.'],
    'is a directory; specify a schema file',
  ],
])('%s: the error contains the next step', async (_, args, text) => {
  const { code, stderr } = await cli(args, { cwd });
  expect(stderr).toContain(text);
  expect(code).toBeGreaterThan(0);
});

test('a directory as the output is not taken for the input', async () => {
  expect(await cli(['sample', 'a.tfrecord', '.', '-n', '1'], { cwd })).toMatchObject({
    code: 3,
    stderr: 'recordpipe: unsupported-source: is a directory; specify a file in it (.)\n',
  });
});

test.each([
  ['validate', 'six.tfrecord', '--report', ''],
  ['validate', 'six.tfrecord', '--schema', ''],
  ['validate', 'six.tfrecord', '--cache-dir='],
  ['cache', 'rm', '.', '--prefix', ''],
])('%s %s %s: an empty value is a usage error that names the option', async (...args) => {
  const { code, stdout, stderr } = await cli(args, { cwd });
  expect(stderr).toContain(`option '${args.find((arg) => arg.startsWith('--'))?.replace('=', '')} <`);
  expect(stderr).toContain(
    "argument '' is invalid. Expected a value, got an empty one.\n  next: run recordpipe",
  );
  expect([code, stdout]).toEqual([2, '']);
});

test('names stay on their line and cannot control the terminal', async () => {
  const shown = 'new\\nline\\x1b[31m.tfrecord';
  expect((await cli(['count', '*line*'], { cwd })).stdout).toBe(`6\t${shown}\n`);
  expect((await cli(['inspect', 'new\nline\x1b[31m.tfrecord', '-n', '1'], { cwd })).stdout).toContain(
    `${shown}: TFRecord`,
  );
  expect((await cli(['inspect', 'no\nsuch'], { cwd })).stderr).toContain('(no\\nsuch)\n');
  const { stdout } = await cli(['count', '*line*', '--json'], { cwd });
  expect(JSON.parse(stdout).files[0].uri).toBe('new\nline\x1b[31m.tfrecord');
});

test('inspect names the number of records if --skip exceeds it', async () => {
  expect((await cli(['inspect', 'six.tfrecord', '--skip', '6'], { cwd })).stdout).toMatch(
    /record 6 does not exist: the file has 6 records\n$/,
  );
  expect((await cli(['inspect', '-'])).stdout).toMatch(/no records\n$/);
  expect((await cli(['inspect', '-', '--jsonl'])).stdout).toBe('');
});
