/**
 * Reads many single-part objects at once: `node bench/subjects/s3-parts.mjs JSON`. Prints the
 * number of objects that arrived and their combined hash.
 */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { openObject } from 'recordpipe/storage';

const { endpoint, bucket, keys } = JSON.parse(process.argv[2]);
const options = { region: 'us-east-1', anonymous: true, endpointUrl: endpoint };
console.log('ready');
await once(process.stdin, 'data');
const parts = await Promise.allSettled(
  keys.map(async (key) => {
    const chunks = [];
    for await (const chunk of openObject(`s3://${bucket}/${key}`, options).chunks) chunks.push(chunk);
    return Buffer.concat(chunks);
  }),
);
const arrived = parts.filter(({ status }) => status === 'fulfilled');
const hash = createHash('sha256');
for (const { value } of arrived) hash.update(value);
console.log(JSON.stringify({ arrived: arrived.length, sha256: hash.digest('hex') }));
for (const { reason } of parts) if (reason) console.error(String(reason));
