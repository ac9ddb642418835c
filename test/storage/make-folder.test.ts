import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeFolder } from '../../src/storage/local/make-folder.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'recordpipe-make-folder-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('creates missing parents, and accepts an existing folder', () => {
  const path = join(folder, 'a/b/c');
  makeFolder(path);
  makeFolder(path);
  expect(existsSync(path)).toBe(true);
});

test('a file in the path is an error', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => makeFolder(join(folder, 'file'))).toThrow(/expected a folder, found a file/);
  expect(() => makeFolder(join(folder, 'file/x'))).toThrow(/expected a folder|not a directory/);
});

test.skipIf(!existsSync('/proc/self'))('ends with an error where no folder can be created', () => {
  expect(() => makeFolder('/proc/recordpipe/x')).toThrow(/a folder cannot be created here|permission denied/);
});
