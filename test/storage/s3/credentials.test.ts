import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { validateFiles } from '../../../src/check/index.ts';
import {
  listObjects,
  type ObjectOptions,
  openObject,
  openObjectWriter,
  type S3Credentials,
  statObject,
} from '../../../src/storage/index.ts';
import { closeS3Clients } from '../../../src/storage/s3/s3-clients.ts';
import { type FaultyS3, faultyS3 } from '../../support/faulty-s3/index.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();
let server: FaultyS3;

beforeAll(async () => {
  server = await faultyS3({ objects: { 'bucket/a.txt': 'a\n' } });
});
beforeEach(() => {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE'])
    vi.stubEnv(name, '');
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, temp.file('none'));
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  server.log.length = 0;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await closeS3Clients();
});
afterAll(() => server.close());

const given = (credentials: ObjectOptions['credentials']): Partial<ObjectOptions> => ({
  credentials,
  endpointUrl: server.url,
  region: 'us-east-1',
});

/** Lists, inspects, reads and writes objects. */
async function everything(options: Partial<ObjectOptions>): Promise<void> {
  for await (const _ of listObjects('s3://bucket/', options));
  await statObject('s3://bucket/a.txt', options);
  for await (const _ of openObject('s3://bucket/a.txt', options).chunks);
  const writer = await openObjectWriter('s3://bucket/b', { ...options, overwrite: true });
  await writer.write(new Uint8Array(1));
  await writer.close();
}

/** Returns the key IDs that signed the requests. */
function signers(): string[] {
  return [
    ...new Set(
      server.log.map(({ headers }) => /Credential=([^/]+)/.exec(String(headers['authorization']))?.[1] ?? ''),
    ),
  ];
}

const key = (name: string, rest: Partial<S3Credentials> = {}): S3Credentials => ({
  accessKeyId: name,
  secretAccessKey: 'a-secret-access-key',
  ...rest,
});

describe('credentials in the options sign every request', () => {
  test('keys', async () => {
    await everything(given(key('FIXED', { sessionToken: 'a-session-token' })));
    expect(signers()).toEqual(['FIXED']);
    expect(server.log.every(({ headers }) => headers['x-amz-security-token'] === 'a-session-token')).toBe(
      true,
    );
  });

  test('a function is called once while its keys are valid', async () => {
    let calls = 0;
    await everything(
      given(async () => key(`CALL${++calls}`, { expiration: new Date(Date.now() + 3_600_000) })),
    );
    expect(signers()).toEqual(['CALL1']);
  });

  test('a function is called again before its keys expire', async () => {
    let calls = 0;
    const options = given(() => key(`SHORT${++calls}`, { expiration: new Date(Date.now() + 60_000) }));
    for (let i = 0; i < 2; i++) for await (const _ of openObject('s3://bucket/a.txt', options).chunks);
    expect(calls).toBeGreaterThan(1);
  });

  test('a function is called again when the service reports that its keys have expired', async () => {
    let calls = 0;
    server.script.add({ operation: 'GetObject', do: 'status', status: 400, code: 'ExpiredToken' });
    for await (const _ of openObject(
      's3://bucket/a.txt',
      given(() => key(`EXPIRES${++calls}`)),
    ).chunks);
    expect(signers()).toEqual(['EXPIRES1', 'EXPIRES2']);
  });

  test('a function serves validateFiles too, on the calling thread', async () => {
    const { ok } = await validateFiles('s3://bucket/', {
      format: 'textline',
      jobs: 4,
      objects: given(() => key('FILES')),
    });
    expect(ok).toBe(true);
    expect(signers()).toEqual(['FILES']);
  });
});

test.each([
  [{ accessKeyId: 'x' }, /secretAccessKey/],
  [{ accessKeyId: '', secretAccessKey: 'y' }, /accessKeyId/],
  [{ ...key('x'), expiration: 'tomorrow' }, /expiration/],
])('incomplete credentials are a usage error that names the field: %j', async (credentials, message) => {
  const options = given(credentials as unknown as S3Credentials);
  await expect(statObject('s3://bucket/a', options)).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringMatching(message),
  });
});

test('credentials exclude anonymous and profile', async () => {
  for (const other of [{ anonymous: true }, { profile: 'p' }])
    await expect(statObject('s3://bucket/a', { ...given(key('x')), ...other })).rejects.toThrow(
      /^credentials: /,
    );
});

test('an endpoint that is not a URL is a usage error that names the option or the variable', async () => {
  await expect(statObject('s3://bucket/a', { endpointUrl: 'localhost:9000' })).rejects.toThrow(
    /^endpointUrl: /,
  );
  for (const name of ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL']) {
    vi.stubEnv(name, 'not a url');
    for (const region of ['us-east-1', undefined])
      await expect(statObject('s3://bucket/a', { region })).rejects.toMatchObject({
        name: 'UsageError',
        message: expect.stringMatching(new RegExp(`^${name}: `)),
      });
    vi.stubEnv(name, '');
  }
});
