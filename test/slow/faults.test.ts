import { expect, test } from 'vitest';
import { checkRandomFaults } from '../storage/faults/random-faults.ts';
import { digestOf, expectWhole, transferred, withServer } from '../storage/faults/transfer.ts';
import { generated } from '../support/faulty-s3/index.ts';
import { slowShare } from '../support/slow-share.ts';

const PART = 64 * 1024;

test('reads survive many random faults', async () => {
  await withServer({ buckets: ['bucket'] }, (server) =>
    checkRandomFaults(server, { numRuns: slowShare(1500) }),
  );
});

test('64 concurrent parts all arrive after an outage of 3 seconds', async () => {
  const object = generated(64 * PART);
  const faults = [{ do: 'status', status: 500, forMs: 3000, after: 20 }] as const;
  await withServer({ objects: { 'bucket/a': object }, latencyMs: 20, faults }, async (server) => {
    const options = { maxRequests: 64, windowBytes: 64 * PART };
    expectWhole(await transferred(server, 's3://bucket/a', options), object);
  });
});

test('5 GiB and one byte are split and reassembled in bounded memory', async () => {
  const object = generated(5 * 2 ** 30 + 1);
  await withServer({ objects: { 'bucket/a': object } }, async (server) => {
    const options = { partBytes: 8 * 2 ** 20, windowBytes: 64 * 2 ** 20 };
    const done = await transferred(server, 's3://bucket/a', options);
    expect(done).toMatchObject({ error: undefined, bytes: object.size, digest: digestOf(object) });
    expect(done.stats.peakHeldBytes).toBeLessThanOrEqual(options.windowBytes);
  });
});
