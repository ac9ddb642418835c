import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { type ChainStep, chained } from './tensorflow-chains.ts';

interface Case {
  readonly chain: readonly ChainStep[];
  readonly elements?: readonly unknown[];
  readonly error?: string;
}

/** Returns TensorFlow's own results (test/counterparts/tensorflow_dataset.py). */
function answers(name: string): Case[] {
  const text = readFileSync(new URL(`../fixtures/dataset-${name}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { cases: Case[] }).cases;
}

describe.each(['interleave', 'counts', 'padded'])("TensorFlow's results: %s", (name) => {
  const cases = answers(name);

  test('reads many files', () => expect(cases.length).toBeGreaterThan(30));

  test.each(
    cases.map(({ chain, elements, error }) => [JSON.stringify(chain), chain, elements, error] as const),
  )('%s', async (_, chain, elements, error) => {
    if (error === undefined) expect(await chained(chain).toArray()).toEqual(elements);
    else await expect((async () => chained(chain).toArray())()).rejects.toThrow(UsageError);
  });
});
