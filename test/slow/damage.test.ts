import { expect, test } from 'vitest';
import { damageOnce, type Packing } from '../support/damage-run.ts';
import { slowShare } from '../support/slow-share.ts';

const RUNS: readonly [Packing, number][] = [
  ['none', slowShare(60_000)],
  ['gzip', slowShare(22_000)],
  ['zlib', slowShare(18_000)],
];

test.each(RUNS)('compression %s: %i randomly damaged files', async (packing, runs) => {
  let errors = 0;
  for (let i = 0; i < runs; i++) {
    const { error } = await damageOnce(1_000_000 + i, packing);
    if (error !== undefined) errors++;
  }
  expect(errors).toBeGreaterThan(runs / 2);
});
