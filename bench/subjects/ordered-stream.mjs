/**
 * Objects read to their end and nothing done with them: `node bench/subjects/ordered-stream.mjs JSON` of `{ uri, options }`. Once for each line of its stdin; prints
 * the seconds and the bytes; for the line `check` their SHA-256.
 */

import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { openObject } from 'recordpipe/storage';

const { uri, options } = JSON.parse(process.argv[2]);
for await (const line of createInterface({ input: process.stdin })) {
  const hash = line === 'check' ? createHash('sha256') : undefined;
  const start = process.hrtime.bigint();
  let bytes = 0;
  for await (const chunk of openObject(uri, options).chunks) {
    bytes += chunk.length;
    hash?.update(chunk);
  }
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  console.log(JSON.stringify({ seconds, bytes, sha256: hash?.digest('hex') }));
}
