/**
 * Reads half of an object, waits, and reads the rest: `node bench/subjects/s3-stopped.mjs JSON`
 * with `{ uri, endpointUrl, windowMiB, seconds }`. Prints the peak memory before the second half,
 * the number of retries, and the hash of the bytes.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openObject } from 'recordpipe/storage';

const { uri, endpointUrl, windowMiB, seconds } = JSON.parse(process.argv[2]);
const windowBytes = windowMiB * 2 ** 20;
const object = openObject(uri, { region: 'us-east-1', anonymous: true, endpointUrl, windowBytes });
const hash = createHash('sha256');
let bytes = 0;
let mebibytes;
for await (const chunk of object.chunks) {
  hash.update(chunk);
  bytes += chunk.length;
  if (mebibytes === undefined && bytes > object.size() / 2) {
    await sleep(1000 * seconds);
    mebibytes = highWater();
  }
}
const { requests, retries, peakHeldBytes } = object.stats;
const report = { mebibytes, afterwards: highWater(), requests, retries, peakHeldBytes };
console.log(JSON.stringify({ ...report, sha256: hash.digest('hex') }));

function highWater() {
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
}
