import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { expandInputs } from '../../src/check/expand-inputs.ts';
import { UsageError } from '../../src/errors.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const at = (...parts: string[]): string => join(temp.path, ...parts);
const make = (...names: string[]): void => {
  for (const name of names) {
    mkdirSync(join(at(name), '..'), { recursive: true });
    writeFileSync(at(name), '');
  }
};

make('f/b.tfrecord', 'f/a.tfrecord.gz', 'f/notes.txt', 'f/.hidden.tfrecord', 'f/.git/x.tfrecord');
make('f/deep/er/train-00000-of-00002', 'f/deep/er/train-00001-of-00002');

test('a file is accepted with any name, even if it does not exist', async () => {
  expect(await expandInputs([at('f/notes.txt'), at('missing')])).toEqual([at('f/notes.txt'), at('missing')]);
});

test('a folder lists the TFRecord files below it, without hidden ones', async () => {
  expect(await expandInputs(at('f'))).toEqual([
    at('f/a.tfrecord.gz'),
    at('f/b.tfrecord'),
    at('f/deep/er/train-00000-of-00002'),
    at('f/deep/er/train-00001-of-00002'),
  ]);
});

test('links to folders are followed, cyclic ones once', async () => {
  make('links/real/x.tfrecord');
  symlinkSync(at('links'), at('links/real/up'));
  symlinkSync(at('links'), at('links/self'));
  symlinkSync(temp.path, at('links/above'));
  symlinkSync(at('f/deep'), at('links/other'));
  symlinkSync(at('nowhere'), at('links/broken.tfrecord'));
  expect(await expandInputs(at('links'))).toEqual([
    at('links/broken.tfrecord'),
    at('links/other/er/train-00000-of-00002'),
    at('links/other/er/train-00001-of-00002'),
    at('links/real/x.tfrecord'),
  ]);
});

test('a pattern lists the matching files with any name, without hidden ones', async () => {
  expect(await expandInputs(at('f/*'))).toEqual([
    at('f/a.tfrecord.gz'),
    at('f/b.tfrecord'),
    at('f/notes.txt'),
  ]);
  expect(await expandInputs(at('f/**/train-*'))).toHaveLength(2);
  expect(await expandInputs(at('f/{a,b}.tfrecord*'))).toHaveLength(2);
});

test('relative patterns give relative paths', async () => {
  expect(await expandInputs('test/fixtures/damaged-*.bin')).toContain('test/fixtures/damaged-data.bin');
});

test('a file whose name is a pattern is that file', async () => {
  make('odd/a*.tfrecord', 'odd/ab.tfrecord', 'odd/c[1].tfrecord', 'odd/c1.tfrecord');
  expect(await expandInputs([at('odd/a*.tfrecord')])).toEqual([at('odd/a*.tfrecord')]);
  expect(await expandInputs([at('odd/c[1].tfrecord')])).toEqual([at('odd/c[1].tfrecord')]);
});

test('a list has one input per line', async () => {
  writeFileSync(at('list'), `\ufeff${at('f/b.tfrecord')}\r\n\n${at('f/deep')}\n-\n`);
  expect(await expandInputs(`@${at('list')}`)).toEqual([
    '-',
    at('f/b.tfrecord'),
    at('f/deep/er/train-00000-of-00002'),
    at('f/deep/er/train-00001-of-00002'),
  ]);
});

test('a NUL-separated list, as written by find -print0, may have names with newlines', async () => {
  make('odd/new\nline.tfrecord');
  writeFileSync(at('list0'), `${at('odd/new\nline.tfrecord')}\0${at('f/b.tfrecord')}\0`);
  expect(await expandInputs(`@${at('list0')}`)).toEqual([at('f/b.tfrecord'), at('odd/new\nline.tfrecord')]);
});

test('lists may contain other lists but not themselves', async () => {
  writeFileSync(at('outer'), `@${at('inner')}\n`);
  writeFileSync(at('inner'), `${at('f/b.tfrecord')}\n`);
  expect(await expandInputs(`@${at('outer')}`)).toEqual([at('f/b.tfrecord')]);
  writeFileSync(at('inner'), `@${at('outer')}\n`);
  await expect(expandInputs(`@${at('outer')}`)).rejects.toThrow(/contains itself/);
});

test('file: URLs are paths', async () => {
  expect(await expandInputs(pathToFileURL(at('f/b.tfrecord')).href)).toEqual([at('f/b.tfrecord')]);
});

test('files are sorted by their UTF-8 bytes, each once', async () => {
  // UTF-16 order would put U+1F600 before U+FF5E.
  const names = ['b', '\u{ff5e}', 'ä', './b', 'Z', '\u{1f600}', 'a'];
  expect(await expandInputs(names)).toEqual(['Z', 'a', 'b', 'ä', '\u{ff5e}', '\u{1f600}']);
});

test.each([
  ['an empty folder', 'empty'],
  ['a pattern without a match', 'f/*.nope'],
])('%s is an error', async (_, name) => {
  mkdirSync(at('empty'), { recursive: true });
  const both = expandInputs([at('f'), at(name)]);
  await expect(both).rejects.toMatchObject({ code: 'not-found', uri: at(name) });
});

test('a list that is missing or empty is an error', async () => {
  make('empty-list');
  await expect(expandInputs(`@${at('empty-list')}`)).rejects.toMatchObject({ code: 'not-found' });
  await expect(expandInputs(`@${at('no-list')}`)).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringMatching(/begins with @, write \.\/@/),
  });
});

test('standard input cannot be both the list and the data', async () => {
  await expect(expandInputs(['-', '@-'])).rejects.toThrow(UsageError);
  await expect(expandInputs(['@-', '-'])).rejects.toThrow(UsageError);
});

test('an empty path is rejected', async () => {
  await expect(expandInputs([''])).rejects.toThrow(UsageError);
});

test('an address of another scheme is never a pattern', async () => {
  for (const address of ['https://host/x.tfrecord?a=b', 'gs://bucket/*.tfrecord'])
    expect(await expandInputs(address)).toEqual([address]);
});
