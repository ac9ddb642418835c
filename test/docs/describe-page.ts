import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { s3Place } from '../support/s3-place.ts';
import { expectedOutput, expectPrinted } from './examples.ts';
import { matchesOutput, type Page } from './page.ts';
import { type BlockRun, runPage } from './run-page.ts';
import { samplePlace, writeSampleData } from './sample-place.ts';

/** Runs the blocks of a page, and checks what they print. One test per block. */
export function describePage(page: Page): void {
  describe(page.name, () => {
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
      for (const { language, notRun } of page.blocks)
        if (notRun !== undefined) expect(language).not.toBe('ts');
    });

    // The shell of macOS passes them to the command as arguments.
    test('no command has a comment after it', () => {
      for (const { language, code } of page.blocks)
        if (language === 'sh') expect(code).not.toMatch(/\S\s+# /);
    });

    test.each(tested)('$place', ({ place: name, language, code, output: shown }) => {
      const { output, failure } = runs.get(name)!;
      expect(failure).toBeUndefined();
      expect(output).not.toMatch(/^\s+at /m);
      if (language === 'ts') expectPrinted(output, expectedOutput(code));
      else if (shown !== undefined && !matchesOutput(output, shown)) expect(output).toBe(`${shown}\n`);
    });
  });
}
