import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { collectStats, countFiles, type ValidateOptions, validateFiles } from '../../../src/check/index.ts';
import { RANGE_LIMITS } from '../../../src/records/workers/range-plan.ts';
import { closeS3Clients } from '../../../src/storage/s3/s3-clients.ts';
import { type Fault, type FaultyS3, faultyS3 } from '../../support/faulty-s3/index.ts';
import { compareObjectOnce, smallRequests } from '../../support/object-ranges.ts';
import { oracleFile } from '../../support/oracle-tfrecord.ts';
import { Random } from '../../support/random.ts';
import { randomFile } from '../../support/range-run.ts';
import { recordOffsets, withBadPayloads } from '../../support/samples.ts';

const LIMITS = { ...RANGE_LIMITS };
beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
});
afterEach(async () => {
  Object.assign(RANGE_LIMITS, LIMITS);
  vi.unstubAllEnvs();
  await closeS3Clients();
});

const KEY = 'bucket/a.tfrecord';
const URI = `s3://${KEY}`;

test.each(['tfrecord', 'recordio', 'textline'] as const)(
  '%s: ranges of randomly damaged objects give the report of one pass, also if requests fail',
  async (format) => {
    await using server = await faultyS3({ buckets: ['bucket'] });
    for (let seed = 0; seed < 6; seed++) {
      const { report, label } = await compareObjectOnce(server, KEY, seed, format, seed === 5);
      expect(report, label).not.toBeNull();
    }
  },
);

/** A file with two corrupt records, and its size. */
const payloads = Array.from({ length: 300 }, () => new Random(4).bytes(1000));
const FILE = withBadPayloads(oracleFile(payloads), recordOffsets(payloads), [50, 250]);

/** Validates the object with two threads. */
async function validated(
  faults: readonly Fault[],
  given: Partial<ValidateOptions> = {},
): Promise<{ files: unknown; server: FaultyS3 }> {
  RANGE_LIMITS.minBytes = RANGE_LIMITS.maxBytes = 20_000;
  await using server = await faultyS3({ objects: { [KEY]: FILE }, faults });
  const objects = { ...smallRequests(server), ...given.objects };
  const { files } = await validateFiles(URI, { jobs: 2, blocking: true, ...given, objects });
  return { files, server };
}

test('threads read the ranges of one object, and every request names its version', async () => {
  const retries: number[] = [];
  const { files, server } = await validated([{ operation: 'GetObject', do: 'reset', at: 20, after: 9 }], {
    onProgress: ({ retries: count = 0 }) => void retries.push(count),
  });
  expect(files).toMatchObject([{ records: 298, errorCount: 2, errors: [{ record: 50 }, { record: 250 }] }]);
  expect(retries.at(-1)).toBe(1);
  const gets = server.requests('GetObject');
  // The first request finds out the version.
  expect(gets.filter(({ ifMatch }) => ifMatch === undefined)).toEqual([gets[0]]);
  // Each byte is requested once, and the searches for records read the beginnings of ranges again.
  expect(new Set(gets.map(({ range }) => range)).size).toBeGreaterThan(FILE.length / 8000);
});

test.each([1, 3])('threads together send at most %i requests at a time', async (maxRequests) => {
  const { server } = await validated([], { objects: { maxRequests } });
  expect(server.maxConcurrent).toBeLessThanOrEqual(maxRequests);
});

test.each<[string, Fault]>([
  ['object-changed', { operation: 'GetObject', do: 'overwrite', content: oracleFile(payloads), after: 12 }],
  ['object-missing', { operation: 'GetObject', do: 'delete', after: 12 }],
  ['access-denied', { operation: 'GetObject', do: 'status', status: 403, after: 12, times: 1000 }],
])('an object that cannot be read to its end is reported as %s', async (code, fault) => {
  const { files } = await validated([fault]);
  expect(files).toMatchObject([{ ok: false, unreadable: true, records: 0, errors: [{ code, uri: URI }] }]);
});

test('an object that was overwritten after the listing is read in its new version', async () => {
  const content = oracleFile(payloads);
  const { files } = await validated([{ operation: 'GetObject', do: 'overwrite', content }]);
  expect(files).toMatchObject([{ ok: true, records: 300 }]);
});

test('counts and statistics of an object are those of one thread', async () => {
  RANGE_LIMITS.minBytes = RANGE_LIMITS.maxBytes = 20_000;
  await using server = await faultyS3({ objects: { [KEY]: randomFile(new Random(8), 'tfrecord', 100_000) } });
  const objects = smallRequests(server);
  const [one, two] = [
    { objects, jobs: 1 },
    { objects, jobs: 2, blocking: true },
  ];
  expect(await countFiles(URI, two)).toEqual(await countFiles(URI, one));
  expect(JSON.stringify(await collectStats(URI, { ...two, samples: true }))).toBe(
    JSON.stringify(await collectStats(URI, { ...one, samples: true })),
  );
});
