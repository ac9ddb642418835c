/**
 * undici alone: `node undici_cat.mjs URL` writes an object to standard output, in order, from
 * ranges of 8 MiB, up to eight of them at once. It neither verifies nor retries.
 */

import { once } from 'node:events';
import { Pool } from 'undici';

const PART = 2 ** 23;
const AT_ONCE = 8;

const { origin, pathname } = new URL(process.argv[2]);
const pool = new Pool(origin, { connections: AT_ONCE });
const size = Number((await pool.request({ method: 'HEAD', path: pathname })).headers['content-length']);
const count = Math.ceil(size / PART);
const parts = [];
let begun = 0;
for (let k = 0; k < count; k++) {
  while (begun < count && begun < k + AT_ONCE) parts.push(get(begun++));
  for (const chunk of await parts[k]) {
    if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
  }
  parts[k] = undefined;
}
await pool.close();

function get(k) {
  const range = `bytes=${k * PART}-${Math.min(size, (k + 1) * PART) - 1}`;
  const chunks = [];
  return new Promise((resolve, reject) => {
    pool.dispatch(
      { method: 'GET', path: pathname, headers: { range } },
      {
        onRequestStart() {},
        onResponseStart(_controller, status) {
          if (status !== 206) reject(new Error(`status ${status}`));
        },
        onResponseData(_controller, chunk) {
          chunks.push(chunk);
        },
        onResponseEnd() {
          resolve(chunks);
        },
        onResponseError(_controller, error) {
          reject(error);
        },
      },
    );
  });
}
