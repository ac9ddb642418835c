/**
 * Objects of one part each, read concurrently by the AWS SDK alone: `node sdk_parts.mjs JSON`.
 * Reports how many arrived, and their digest.
 */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';

const { endpoint, bucket: Bucket, keys, size } = JSON.parse(process.argv[2]);
const credentials = { accessKeyId: 'nobody', secretAccessKey: 'nothing' };
const client = new S3Client({
  endpoint,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials,
  maxAttempts: 10,
  requestHandler: { httpAgent: new Agent({ keepAlive: true, maxSockets: keys.length }) },
});
console.log('ready');
await once(process.stdin, 'data');
const parts = await Promise.allSettled(
  keys.map(async (Key) => {
    const Range = `bytes=0-${size - 1}`;
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, Range }));
    return Body.transformToByteArray();
  }),
);
const arrived = parts.filter(({ status }) => status === 'fulfilled');
const hash = createHash('sha256');
for (const { value } of arrived) hash.update(value);
console.log(JSON.stringify({ arrived: arrived.length, sha256: hash.digest('hex') }));
client.destroy();
