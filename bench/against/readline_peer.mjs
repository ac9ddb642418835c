/**
 * Node's `readline` over a file stream, over the line protocol of bench/against: once with `for
 * await`, as in its documentation, and once with events, which is faster. Lines are strings;
 * because they are ASCII, their length is their number of bytes.
 */

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { secondsSince, serve } from './peer_protocol.mjs';

function open(path) {
  const input = createReadStream(path);
  return { input, lines: createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }) };
}

async function forAwait({ path, limit = Number.POSITIVE_INFINITY }) {
  let records = 0;
  let bytes = 0;
  const start = process.hrtime.bigint();
  const { input, lines } = open(path);
  for await (const line of lines) {
    records += 1;
    bytes += line.length;
    if (records === limit) break;
  }
  input.destroy();
  return { seconds: secondsSince(start), records, bytes };
}

async function events({ path, limit = Number.POSITIVE_INFINITY }) {
  let records = 0;
  let bytes = 0;
  const start = process.hrtime.bigint();
  const { input, lines } = open(path);
  await new Promise((resolve, reject) => {
    input.once('error', reject);
    lines.once('close', resolve);
    lines.on('line', (line) => {
      // Closing does not stop the remaining lines of the current chunk.
      if (records === limit) return;
      records += 1;
      bytes += line.length;
      if (records === limit) lines.close();
    });
  });
  input.destroy();
  return { seconds: secondsSince(start), records, bytes };
}

await serve({
  name: 'readline',
  version: `Node ${process.versions.node}`,
  operations: { read: { readline: forAwait, 'readline events': events }, write: {} },
});
