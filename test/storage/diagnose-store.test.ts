import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type DiagnoseOptions, diagnoseStore } from '../../src/storage/diagnose-store.ts';
import { closeS3Clients } from '../../src/storage/s3/s3-clients.ts';
import { type FaultyS3, type FaultyS3Options, faultyS3 } from '../support/faulty-s3/index.ts';
import { tempDir } from '../support/temp-dir.ts';

let server: FaultyS3;
const folder = tempDir();

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLEWXYZ');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'very-secret');
});
afterEach(async () => {
  await closeS3Clients();
  await server?.quiet();
  await server?.close();
});
afterAll(() => vi.unstubAllEnvs());

const OBJECTS = { 'bucket/train/a': 'abc', 'bucket/train/': '' };

async function looked(
  uri: string,
  given: Partial<FaultyS3Options> = {},
  options: DiagnoseOptions = {},
): Promise<{ ok: boolean; statuses: Record<string, string>; text: string }> {
  server = await faultyS3({ objects: OBJECTS, ...given });
  const { ok, checks } = await diagnoseStore(uri, {
    endpointUrl: server.url,
    region: 'us-east-1',
    ...options,
  });
  const statuses = Object.fromEntries(checks.map(({ name, status }) => [name, status]));
  return { ok, statuses, text: JSON.stringify(checks) };
}

test('all checks pass, without secrets', async () => {
  const { ok, statuses, text } = await looked('s3://bucket/train/');
  expect(Object.keys(statuses)).toEqual([
    'credentials',
    'connection',
    'clock',
    'region',
    'list',
    'get',
    'throughput',
  ]);
  expect(new Set(Object.values(statuses))).toEqual(new Set(['ok']));
  expect(ok).toBe(true);
  expect(text).toContain('key ending in WXYZ');
  expect(text).toContain('the environment');
  expect(text).not.toMatch(/very-secret|AKIAEXAMPLE/);
});

test('an empty bucket passes, an empty folder does not', async () => {
  const given = { objects: {}, buckets: ['bucket'] };
  const { ok, statuses } = await looked('s3://bucket', given);
  expect([ok, statuses]).toEqual([true, expect.objectContaining({ list: 'ok', get: 'skipped' })]);
  await server.close();
  expect((await looked('s3://bucket/train/', given)).statuses).toMatchObject({ list: 'failed' });
});

test('without permission to list, a named object is read', async () => {
  const faults: FaultyS3Options['faults'] = [
    { operation: 'ListObjectsV2', do: 'status', status: 403, times: 9 },
  ];
  const { ok, statuses, text } = await looked('s3://bucket/train/a', { faults });
  expect(statuses).toMatchObject({ list: 'failed', get: 'ok', throughput: 'ok' });
  expect(ok).toBe(false);
  expect(text).toContain('s3:ListBucket');
});

test('without permission to read, the advice names it', async () => {
  const faults: FaultyS3Options['faults'] = [{ operation: 'GetObject', do: 'status', status: 403, times: 9 }];
  const { statuses, text } = await looked('s3://bucket/train/', { faults });
  expect(statuses).toMatchObject({ list: 'ok', get: 'failed', throughput: 'skipped' });
  expect(text).toContain('s3:GetObject');
});

test('a wrong clock, a bucket in another region, a missing bucket', async () => {
  const late = await looked('s3://bucket/', { clockSkewMs: 3_600_000 });
  expect(late.statuses).toMatchObject({ clock: 'failed', get: 'ok' });
  await server.close();
  const faults: FaultyS3Options['faults'] = [{ do: 'redirect', region: 'eu-central-1' }];
  const moved = await looked('s3://bucket/', { faults }, { maxAttempts: 3 });
  expect(moved.text).toContain('--region eu-central-1');
  expect(moved.ok).toBe(true);
  await server.close();
  const { statuses } = await looked('s3://nowhere/');
  expect(statuses).toMatchObject({ connection: 'ok', region: 'failed', list: 'skipped' });
});

test('an unreachable service', async () => {
  const { ok, statuses } = await looked('s3://bucket/', {}, { endpointUrl: 'http://127.0.0.1:9' });
  expect(statuses).toMatchObject({ connection: 'failed', list: 'skipped', get: 'skipped' });
  expect(ok).toBe(false);
});

test('missing credentials come with advice; public buckets need none', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', '');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', '');
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'])
    vi.stubEnv(name, folder.file('none'));
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  const { statuses } = await looked('s3://bucket/');
  expect(statuses).toMatchObject({ credentials: 'failed', connection: 'skipped', list: 'skipped' });
  await server.close();
  const open = await looked('s3://bucket/', {}, { anonymous: true });
  expect(open.statuses).toMatchObject({ credentials: 'skipped', get: 'ok' });
});

test('local files', async () => {
  const path = folder.file('x.tfrecord', new Uint8Array(3));
  expect(await looked(path)).toMatchObject({
    ok: true,
    statuses: { list: 'ok', get: 'ok', throughput: 'ok' },
  });
  expect((await diagnoseStore(`${path}-none`)).ok).toBe(false);
});
