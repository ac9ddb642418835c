import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { s3Place } from '../support/s3-place.ts';
import { expectedOutput, expectPrinted } from './examples.ts';
import { allPages, matchesOutput, type Page, parsePage, ROOT } from './page.ts';
import { type BlockRun, runPage } from './run-page.ts';
import { samplePlace, writeSampleData } from './sample-place.ts';

const pages = allPages();

describe.each(pages.filter(({ testedBy }) => testedBy === undefined))('$name', (page) => {
  const tested = page.blocks.filter(
    ({ language, notRun }) => /^(ts|sh)$/.test(language) && notRun === undefined,
  );
  let runs: ReadonlyMap<string, BlockRun>;
  const place = samplePlace();
  beforeAll(async () => {
    if (page.sampleData) writeSampleData(place);
    runs = await runOnServer(page);
  });
  afterAll(() => place.remove());

  async function runOnServer(one: Page): Promise<Map<string, BlockRun>> {
    if (!one.s3) return runPage(one, place, {});
    await using s3 = await s3Place({ buckets: ['bucket'] });
    return await runPage(one, place, s3.env);
  }

  test('the reasons why blocks are not run are stated', () => {
    for (const { language, notRun } of page.blocks) if (notRun !== undefined) expect(language).not.toBe('ts');
  });

  test.each(tested)('$place', ({ place: name, language, code, output: shown }) => {
    const { output, failure } = runs.get(name)!;
    expect(failure).toBeUndefined();
    expect(output).not.toMatch(/^\s+at /m);
    if (language === 'ts') expectPrinted(output, expectedOutput(code));
    else if (shown !== undefined && !matchesOutput(output, shown)) expect(output).toBe(`${shown}\n`);
  });
});

test('a page that names another test is in that test', () => {
  for (const { name, testedBy } of pages.filter((page) => page.testedBy !== undefined)) {
    const words = name === 'docs/scale-out/README.md' ? 'docs/scale-out' : basename(name);
    expect(readFileSync(join(ROOT, testedBy!), 'utf8')).toContain(words);
  }
});

test('blocks, outputs, files and reasons of a page are found', () => {
  const text = [
    '<!-- s3 -->',
    '```sh\ncount # exit code 1\n```\n\nIt prints:\n\n```text\n3 …\n…\nend\n```',
    '<!-- not run: needs TensorFlow -->\n```python\n# train.py\nfit()\n```',
    '```json\n{}\n```',
  ].join('\n\n');
  const page = parsePage('page.md', text);
  expect(page).toMatchObject({ s3: true, sampleData: false });
  expect(page.blocks.map(({ language, file, notRun, output }) => [language, file, notRun, output])).toEqual([
    ['sh', undefined, undefined, '3 …\n…\nend'],
    ['python', 'train.py', 'needs TensorFlow', undefined],
    ['json', undefined, undefined, undefined],
  ]);
  expect(matchesOutput('3 files\na\nb\nend\n', page.blocks[0].output!)).toBe(true);
  expect(matchesOutput('3 files\nend', page.blocks[0].output!)).toBe(true);
  expect(matchesOutput('ok in 0.13 s (1.05 KiB/s)\n', 'ok in 34 ms')).toBe(true);
  expect(matchesOutput('4 files\nend', page.blocks[0].output!)).toBe(false);
});
