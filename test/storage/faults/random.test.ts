import { test } from 'vitest';
import { randomRuns } from '../../support/random-runs.ts';
import { checkRandomFaults } from './random-faults.ts';
import { withServer } from './transfer.ts';

test('random faults, parts and windows: the same bytes, or a typed error', async () => {
  await withServer({ buckets: ['bucket'] }, (server) =>
    checkRandomFaults(server, { seed: 20_260, numRuns: randomRuns(40) }),
  );
}, 120_000);
