import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { describePage } from './describe-page.ts';
import { allPages, ROOT } from './page.ts';

const pages = allPages().filter(({ name }) => name !== 'README.md');

for (const page of pages) if (page.testedBy === undefined) describePage(page);

test('a page that names another test is in that test', () => {
  for (const { name, testedBy } of pages.filter((page) => page.testedBy !== undefined)) {
    const words = name === 'docs/scale-out/README.md' ? 'docs/scale-out' : basename(name);
    expect(readFileSync(join(ROOT, testedBy!), 'utf8')).toContain(words);
  }
});
