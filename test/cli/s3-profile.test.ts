import { afterAll, beforeAll, expect, test } from 'vitest';
import { cli } from '../support/cli.ts';
import { type FaultyS3, faultyS3 } from '../support/faulty-s3/index.ts';
import { FILE } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
let server: FaultyS3;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  server = await faultyS3({ objects: { 'bucket/a.tfrecord': FILE } });
  const keys = 'region = us-east-1\naws_access_key_id = id\naws_secret_access_key = secret\n';
  const config = `[default]
endpoint_url = http://127.0.0.1:9
${keys}
[profile near]
endpoint_url = ${server.url}
${keys}
[profile by-service]
services = mine
${keys}
[services mine]
s3 =
  endpoint_url = ${server.url}
`;
  const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_REGION: '', AWS_PROFILE: undefined };
  env = {
    ...none,
    AWS_CONFIG_FILE: temp.file('config', Buffer.from(config)),
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
});
afterAll(() => server[Symbol.asyncDispose]());

test.each(['near', 'by-service'])(
  'the endpoint of a profile, by option or environment: %s',
  async (profile) => {
    const args = ['count', 's3://bucket/a.tfrecord', '--retry-timeout', '1s'];
    for (const run of [
      cli([...args, '--profile', profile], { env }),
      cli(args, { env: { ...env, AWS_PROFILE: profile } }),
    ])
      expect(await run).toMatchObject({ code: 0, stderr: '' });
  },
);

test('--endpoint-url takes precedence over the default profile', async () => {
  const args = ['count', 's3://bucket/a.tfrecord', '--retry-timeout', '300ms'];
  expect((await cli(args, { env })).code).toBe(3);
  expect((await cli([...args, '--endpoint-url', server.url], { env })).code).toBe(0);
});
