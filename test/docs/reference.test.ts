import { expect, test } from 'vitest';
import { committedPages, referencePages } from '../../scripts/generate-docs.mjs';

test('docs/reference contains what the sources say (update it with `npm run docs:generate`)', async () => {
  const pages = await referencePages();
  const committed = committedPages();
  expect([...committed.keys()]).toEqual([...pages.keys()].sort());
  for (const [name, text] of pages) expect(committed.get(name), name).toBe(text);
});
