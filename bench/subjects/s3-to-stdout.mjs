/**
 * Writes an object, or all objects with a prefix that ends in `/`, to standard output: `node
 * bench/subjects/s3-to-stdout.mjs URI JSON`, where JSON has options of recordpipe/storage.
 */

import { once } from 'node:events';
import { listObjects, openObject, readObjects } from 'recordpipe/storage';

/** Maximum bytes to buffer for the pipe. */
const WAITING_BYTES = 2 ** 20;

const [uri, json] = process.argv.slice(2);
const options = { region: 'us-east-1', anonymous: true, ...JSON.parse(json) };

for await (const chunk of uri.endsWith('/') ? allBelow(uri) : openObject(uri, options).chunks) {
  process.stdout.write(chunk);
  if (process.stdout.writableLength > WAITING_BYTES) await once(process.stdout, 'drain');
}

async function* allBelow(prefix) {
  for await (const { chunk } of readObjects(listObjects(prefix, options), options)) yield chunk;
}
