import { test } from 'vitest';
import { checkRandomFaults } from './random-faults.ts';
import { withServer } from './transfer.ts';

test('random faults, parts and windows: the same bytes, or a typed error', async () => {
  await withServer({ buckets: ['bucket'] }, (server) =>
    checkRandomFaults(server, { seed: 20_260, numRuns: 40 }),
  );
}, 120_000);
