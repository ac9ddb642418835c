import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { manPages } from '../../scripts/docs/man.mjs';
import { committedPages, referencePages } from '../../scripts/generate-docs.mjs';
import { ROOT } from './page.ts';

test('docs/reference contains what the sources say (update it with `npm run docs:generate`)', async () => {
  const pages = await referencePages();
  const committed = committedPages();
  expect([...committed.keys()]).toEqual([...pages.keys()].sort());
  for (const [name, text] of pages) expect(committed.get(name), name).toBe(text);
});

test('package.json lists the man pages of all commands, and they have the texts of the help', async () => {
  const { man, version } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
  const pages = await manPages(version);
  expect(man).toEqual([...pages.keys()].map((name) => `dist/man/${name}`).sort(byProgramFirst));
  const page = pages.get('recordpipe-validate.1')!;
  expect(page).toContain(`.TH RECORDPIPE\\-VALIDATE 1 "" "recordpipe ${version}" "recordpipe"`);
  expect(page).toContain('.TP\n\\fB\\-\\-schema \\fI<file>\\fB\\fR\nalso check record contents');
  for (const text of pages.values()) expect(text).toMatch(/^[\n -~]*$/);
});

function byProgramFirst(one: string, other: string): number {
  return (
    Number(other.endsWith('/recordpipe.1')) - Number(one.endsWith('/recordpipe.1')) || (one < other ? -1 : 1)
  );
}
