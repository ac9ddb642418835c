import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { validateFiles } from '../../../src/check/index.ts';
import { RecordpipeError, redacted } from '../../../src/errors.ts';
import { diagnoseStore, type ObjectOptions, openObject, statObject } from '../../../src/storage/index.ts';
import { closeS3Clients } from '../../../src/storage/s3/s3-clients.ts';
import { cli } from '../../support/cli.ts';
import { type Fault, faultyS3 } from '../../support/faulty-s3/index.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();
/** Each secret is planted somewhere, and must not appear in any output. */
const SECRETS = {
  key: 'wJalrXUtnFEMI-K7MDENG-SECRETKEY',
  token: 'FwoGZXIvYXdzEJr-SESSIONTOKEN==',
  password: 'p4ssw0rd-of-the-proxy',
  signature: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
};
const PLANTED = new RegExp(Object.values(SECRETS).join('|'));

afterEach(async () => {
  vi.unstubAllEnvs();
  await closeS3Clients();
});
afterAll(closeS3Clients);

function plant(token = `${SECRETS.token}\r`): void {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', SECRETS.key);
  vi.stubEnv('AWS_SESSION_TOKEN', token);
  vi.stubEnv('AWS_REGION', 'us-east-1');
}

/** Returns everything that a program can print about an error. */
function texts(error: unknown): string {
  const all = [inspect(error, { depth: 12, showHidden: true }), JSON.stringify(error)];
  for (let one = error; one instanceof Error; one = one.cause)
    all.push(one.message, one.stack ?? '', String(one));
  return all.join('\n');
}

async function failure(options: Partial<ObjectOptions>, uri = 's3://bucket/a'): Promise<unknown> {
  const errors: unknown[] = [];
  const given = { maxAttempts: 2, retryTimeoutMs: 1000, ...options };
  await statObject(uri, given).catch((error) => errors.push(error));
  try {
    for await (const _ of openObject(uri, given).chunks);
  } catch (error) {
    errors.push(error);
  }
  expect(errors.length).toBe(2);
  return errors.map(texts).join('\n');
}

const echo = (message: string): Partial<Fault>[] => [
  { do: 'status', status: 403, code: 'InvalidToken', message, times: 9 },
];

describe('errors contain no secret in message, stack, cause or JSON', () => {
  test('a session token in the environment that ends with a line break', async () => {
    await using server = await faultyS3({ objects: { 'bucket/a': 'a' } });
    for (const ending of ['\r', '\n', '\r\n', '\u0001']) {
      plant(SECRETS.token + ending);
      const text = await failure({ endpointUrl: server.url });
      expect(text).toContain('x-amz-security-token');
      expect(text).not.toMatch(PLANTED);
    }
  });

  test('a session token in a profile', async () => {
    await using server = await faultyS3({ objects: { 'bucket/a': 'a' } });
    const text = `[planted]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = ${SECRETS.key}\naws_session_token = ${SECRETS.token}\u0001x\n`;
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', temp.file('credentials', Buffer.from(text)));
    const found = await failure({ endpointUrl: server.url, region: 'us-east-1', profile: 'planted' });
    expect(found).toContain('access-denied');
    expect(found).not.toMatch(PLANTED);
  });

  test('a token that the service repeats in its response', async () => {
    const faults = echo(`The token ${SECRETS.token} for ${SECRETS.key} is malformed`) as Fault[];
    await using server = await faultyS3({ objects: { 'bucket/a': 'a' }, faults });
    plant(SECRETS.token);
    const text = await failure({ endpointUrl: server.url });
    expect(text).toContain('[redacted]');
    expect(text).not.toMatch(PLANTED);
  });

  test('credentials in the options, and a function that throws one in its message', async () => {
    await using server = await faultyS3({ objects: { 'bucket/a': 'a' } });
    const credentials = {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: SECRETS.key,
      sessionToken: `${SECRETS.token}\r\n`,
    };
    const service = { endpointUrl: server.url, region: 'us-east-1' };
    expect(await failure({ ...service, credentials })).not.toMatch(PLANTED);
    expect(await failure({ ...service, credentials: async () => credentials })).not.toMatch(PLANTED);
    const failing = async (): Promise<never> => {
      throw new Error(
        `vault: GET https://app:${SECRETS.password}@vault/v1?token=${SECRETS.signature} failed`,
      );
    };
    const text = await failure({ ...service, credentials: failing });
    expect(text).toContain('https://[redacted]@vault/v1?token=[redacted] failed');
    expect(text).not.toMatch(PLANTED);
  });

  test('a password in the URL of the service, or of the proxy', async () => {
    plant(SECRETS.token);
    const url = `http://ann:${SECRETS.password}@127.0.0.1:9`;
    expect(await failure({ endpointUrl: url })).not.toMatch(PLANTED);
    vi.stubEnv('HTTP_PROXY', url);
    expect(await failure({ endpointUrl: 'http://minio:9000' })).not.toMatch(PLANTED);
    vi.stubEnv('HTTP_PROXY', `ftp://ann:${SECRETS.password}@proxy`);
    expect(await failure({ endpointUrl: 'http://minio:9000' })).not.toMatch(PLANTED);
    vi.stubEnv('HTTP_PROXY', '');
    vi.stubEnv('AWS_ENDPOINT_URL_S3', `https://ann:${SECRETS.password}@[bad`);
    expect(await failure({})).not.toMatch(PLANTED);
  });

  test('keys in an address, as Hadoop accepts them', async () => {
    const error = await statObject(`s3://AKIA:${SECRETS.key}@bucket/a`).catch((one) => one);
    expect(error).toBeInstanceOf(RecordpipeError);
    expect(texts(error)).not.toMatch(PLANTED);
  });
});

test('redacted removes presigned parameters, Authorization values and passwords, and keeps other text', () => {
  const query = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2Fus-east-1&X-Amz-Security-Token=${SECRETS.token}&X-Amz-Signature=${SECRETS.signature}`;
  expect(redacted(`GET https://b.s3.amazonaws.com/k?${query} failed`)).toBe(
    'GET https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=[redacted]&X-Amz-Security-Token=[redacted]&X-Amz-Signature=[redacted] failed',
  );
  expect(redacted(`{"authorization":"Bearer ${SECRETS.token}"}`)).not.toMatch(PLANTED);
  const escaped = encodeURIComponent(`?${query}&x=1`);
  expect(redacted(`HEAD http://h/k${escaped}`)).not.toMatch(PLANTED);
  expect(redacted(`HEAD http://h/k${escaped}`)).toMatch(/%26x%3D1$/);
  for (const url of ['http:ann:PW@h', 'http:/ann:PW@h', String.raw`HTTP:\\ann:PW@h`, 'https://ann:PW@h'])
    expect(redacted(`no ${url.replace('PW', SECRETS.password)} here`)).toMatch(
      /^no https?:[\\/]*\[redacted\]@h here$/i,
    );
  const plain =
    's3://bucket/a@b/c?d=e&design=1 (record 3 at byte 9): no such signature; authorizations, tokens';
  expect(redacted(plain)).toBe(plain);
  const cause = Object.assign(new Error('outer'), { config: { headers: { authorization: 'kept' } } });
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', SECRETS.key);
  const config = { secret: SECRETS.key };
  const error = new RecordpipeError('io-failure', 'x', {}, Object.assign(cause, { config }));
  expect(error.cause).toBe(cause);
  expect(config.secret).toBe(SECRETS.key); // The user's configuration is unchanged.
  expect(texts(error)).not.toMatch(PLANTED);
});

test('diagnoses show neither tokens nor passwords', async () => {
  await using server = await faultyS3({ objects: { 'bucket/a': 'a' } });
  const { port } = new URL(server.url);
  for (const [token, url] of [
    [`${SECRETS.token}\r`, server.url],
    [SECRETS.token, `http://ann:${SECRETS.password}@127.0.0.1:${port}`],
    [SECRETS.token, `http://ann:${SECRETS.password}@127.0.0.1:9`],
  ]) {
    plant(token);
    expect(JSON.stringify(await diagnoseStore('s3://bucket/a', { endpointUrl: url }))).not.toMatch(PLANTED);
  }
});

test('reports of the library have no presigned query', async () => {
  const path = `https://b.s3.amazonaws.com/k?X-Amz-Signature=${SECRETS.signature}`;
  const report = await validateFiles([path]).catch((error) => texts(error));
  expect(JSON.stringify(report)).not.toMatch(PLANTED);
});

describe('the command line shows no secret on stdout, stderr, in reports and pages', () => {
  const presigned = `https://b.s3.amazonaws.com/k?X-Amz-Signature=${SECRETS.signature}`;
  const bad = { AWS_SESSION_TOKEN: `${SECRETS.token}\r` };
  test.each([
    ['validate', 's3://bucket/a', bad],
    ['validate --json', 's3://bucket/a', bad],
    ['validate --report REPORT', 's3://bucket/a', bad],
    ['stats --html REPORT', 's3://bucket/a', bad],
    ['count --json', 's3://bucket/a', bad],
    ['cat', 's3://bucket/a', bad],
    ['manifest create', 's3://bucket/a', bad],
    ['doctor', 's3://bucket/a', bad],
    ['doctor --json', 's3://bucket/a', bad],
    ['doctor', 's3://bucket/a', { AWS_ENDPOINT_URL_S3: `http://ann:${SECRETS.password}@127.0.0.1:9` }],
    ['validate', 's3://bucket/a', { AWS_ENDPOINT_URL_S3: `ann:${SECRETS.password}@127.0.0.1:9` }],
    ['validate --json', presigned, {}],
    ['validate --report REPORT', presigned, {}],
    ['inspect', presigned, {}],
    ['upload', `${presigned} s3://bucket/x`, {}],
  ])('%s %s', async (command, input, env: Record<string, string>) => {
    await using server = await faultyS3({ objects: { 'bucket/a': 'a' } });
    const report = temp.file(`report-${Math.random()}`);
    const args = `${command} ${input}`.replace('REPORT', report).split(' ');
    const common = {
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: SECRETS.key,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_S3: server.url,
    };
    const { code, stdout, stderr } = await cli(args, { env: { ...common, ...env } });
    expect(code).toBeGreaterThan(0);
    let written = '';
    try {
      written = readFileSync(report, 'utf8');
    } catch {}
    expect(stdout + stderr + written).not.toMatch(PLANTED);
  });
});
