import { S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { uriEscaped } from '../../../src/storage/s3/http/http-request.ts';
import { GetSigner } from '../../../src/storage/s3/sign-get.ts';

const NOW = new Date('2026-02-03T04:05:06.789Z');
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';

/** Services accept the signatures of the SDK's signer, so compare with it. */
async function bySdk(request: object, identity: object): Promise<Record<string, string>> {
  const client = new S3Client({ region: 'eu-west-1', credentials: identity as never });
  const signer = await client.config.signer();
  const options = { signingDate: NOW, signingRegion: 'eu-west-1', signingService: 's3' };
  const { headers } = (await signer.sign(request as never, options)) as { headers: Record<string, string> };
  return headers;
}

interface Case {
  readonly headers?: Record<string, string>;
  readonly query?: Record<string, string>;
  readonly token?: string;
  readonly key?: string;
}

test.each<[string, Case]>([
  ['a plain key', {}],
  [
    'a range of one version',
    { headers: { range: 'bytes=5-9', 'if-match': '"a  b"', 'x-amz-request-payer': 'requester' } },
  ],
  ['a version', { query: { versionId: 'a/b+c=', 'x-id': 'GetObject' } }],
  ['a session', { token: 'very+long/token==' }],
  ['an escaped key', { key: "a b+c%20'(*)!/ü😀//~" }],
])("%s: the same signature as the SDK's", async (_, { headers = {}, query, token, key = 'a' }: Case) => {
  const identity = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET, sessionToken: token };
  const request = {
    method: 'GET',
    protocol: 'http:',
    hostname: 'bucket.example.com',
    path: `/${key.split('/').map(uriEscaped).join('/')}`,
    query,
    headers: { host: 'bucket.example.com', 'user-agent': 'x', ...headers },
  };
  const ours = new GetSigner('eu-west-1').signed(request, identity, NOW);
  expect(ours.headers['authorization']).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20260203\//);
  expect(ours.headers).toEqual(await bySdk({ ...request, query: query ?? {} }, identity));
});
