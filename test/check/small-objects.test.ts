import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type FileReport, type FilesOptions, validateFiles } from '../../src/check/index.ts';
import { closeS3Clients } from '../../src/storage/s3/s3-clients.ts';
import { forgetThrottling } from '../storage/faults/transfer.ts';
import { type Fault, type FaultyS3Options, faultyS3 } from '../support/faulty-s3/index.ts';
import { FILE, flipped, PAYLOADS } from '../support/samples.ts';

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await closeS3Clients();
});

/** Validates a prefix. Returns the reports and the statuses of all GETs of objects. */
async function validated(
  given: Partial<FaultyS3Options>,
  options: Partial<FilesOptions> = {},
): Promise<{ files: readonly FileReport[]; statuses: unknown[]; concurrent: number }> {
  await using server = await faultyS3(given);
  const objects = { endpointUrl: server.url, region: 'us-east-1', ...options.objects };
  const { files } = await validateFiles(['s3://bucket/a/'], { jobs: 1, ...options, objects });
  const statuses = server.requests('GetObject').map(({ status }) => status);
  return { files, statuses, concurrent: server.maxConcurrent };
}

const one = { 'bucket/a/0.tfrecord': FILE };
const records = PAYLOADS.length;

test('each small object is read with one request, and many are read at once', async () => {
  const objects = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`bucket/a/${i}.tfrecord`, FILE]));
  forgetThrottling();
  const { files, statuses, concurrent } = await validated({ objects, answersInRounds: true });
  expect(files.map((file) => [file.ok, file.records])).toEqual(files.map(() => [true, records]));
  expect(statuses).toEqual(files.map(() => 206));
  expect(files).toHaveLength(200);
  expect(concurrent).toBeGreaterThan(32);
  expect(concurrent).toBeLessThanOrEqual(128);
});

test('damage is found where it is, also in compressed objects', async () => {
  const damaged = flipped(FILE, FILE.length - 6);
  const objects = {
    'bucket/a/0.tfrecord': damaged,
    'bucket/a/1.tfrecord': gzipSync(damaged),
    'bucket/a/2.tfrecord': gzipSync(FILE),
  };
  const { files } = await validated({ objects });
  const [plain, compressed] = files.map(({ errors }) => errors[0]);
  expect(plain).toMatchObject({
    code: 'data-checksum',
    record: records - 1,
    uri: 's3://bucket/a/0.tfrecord',
  });
  expect(compressed).toMatchObject({ record: records - 1, offset: plain.offset });
  expect(files.map(({ ok, compression }) => [ok, compression])).toEqual([
    [false, 'none'],
    [false, 'gzip'],
    [true, 'gzip'],
  ]);
});

test.each<[string, Fault]>([
  ['a reset connection', { operation: 'GetObject', do: 'reset', at: 20 }],
  ['a body that ends early', { operation: 'GetObject', do: 'close', at: 20 }],
  ['an internal error', { operation: 'GetObject', do: 'status', status: 500 }],
])('%s is retried', async (_, fault) => {
  const retries: number[] = [];
  const { files, statuses } = await validated(
    { objects: one, faults: [fault] },
    { onProgress: ({ retries: count = 0 }) => void retries.push(count) },
  );
  expect(files).toMatchObject([{ ok: true, records }]);
  expect(statuses).toHaveLength(2);
  expect(retries.at(-1)).toBe(1);
});

test('an object that was overwritten after the listing is read in its new version', async () => {
  const content = Buffer.concat([FILE, FILE]);
  const faults: Fault[] = [{ operation: 'GetObject', do: 'overwrite', content }];
  const { files } = await validated({ objects: one, faults });
  expect(files).toMatchObject([{ ok: true, records: 2 * records, bytes: content.length }]);
});

test('a missing object is a finding of its file', async () => {
  const faults: Fault[] = [{ operation: 'GetObject', do: 'delete' }];
  const { files } = await validated({ objects: { ...one, 'bucket/a/1.tfrecord': FILE }, faults });
  expect(files.filter(({ ok }) => ok)).toHaveLength(1);
  expect(files.find(({ ok }) => !ok)?.errors).toMatchObject([{ code: 'object-missing' }]);
});

test('an abort ends the requests in progress', async () => {
  const stop = new AbortController();
  const objects = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`bucket/a/${i}.tfrecord`, FILE]));
  const faults: Fault[] = [{ operation: 'GetObject', do: 'stall', at: 'before', times: 99 }];
  setTimeout(() => stop.abort(), 200);
  const run = validated({ objects, faults }, { signal: stop.signal });
  await expect(run).rejects.toMatchObject({ code: 'aborted' });
});
