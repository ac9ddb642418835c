/**
 * Reads an object to its end, once per line of stdin, and discards the bytes: `node
 * bench/subjects/ordered-stream.mjs JSON` with `{ uri, options }`. Prints seconds and bytes; for
 * the line `check` also their SHA-256.
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
