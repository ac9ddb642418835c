// Writes the same 512 samples twice: as rows of float32 (rows/) and as tf.Examples (examples/).
//
//   node make-data.mjs data
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { encodeExample } from 'recordpipe/messages';
import { openTFRecordShards } from 'recordpipe/records/write';

const [folder = 'data'] = process.argv.slice(2);

await write('rows', ({ x, y }) => new Uint8Array(Float32Array.of(...x, y).buffer));
await write('examples', ({ x, y }) =>
  encodeExample({ x: { kind: 'float', value: x }, y: { kind: 'float', value: [y] } }),
);

async function write(name, encode) {
  mkdirSync(join(folder, name), { recursive: true });
  const writer = openTFRecordShards(join(folder, name, 'train'), {
    suffix: '.tfrecord',
    maxShardBytes: 8192,
    overwrite: true,
  });
  try {
    for (let i = 0; i < 512; i++) await writer.write(encode(sample(i)));
    await writer.close();
  } finally {
    await writer.abort();
  }
}

/** y is a linear function of x, so that a linear model can learn it. */
function sample(i) {
  const x = [0, 1, 2, 3].map((k) => Math.sin(i * (k + 1)));
  return { x, y: x[0] - 2 * x[1] + 3 * x[2] - 4 * x[3] };
}
