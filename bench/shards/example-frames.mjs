import { encodeTFRecord } from 'recordpipe';
import { encodeExample } from 'recordpipe/messages';
import { payloadPool } from '../against/payload.mjs';
import { SEED } from '../data.mjs';

/**
 * Builds framed TFRecords of about `size` bytes in total: compressible Examples with text, IDs, and
 * numbers.
 */
export function exampleFrames(size) {
  const pool = payloadPool(8, 500, SEED);
  const made = Array.from({ length: 64 }, (_, i) =>
    encodeTFRecord(
      encodeExample({
        blob: { kind: 'bytes', value: [pool[i % pool.length]] },
        text: {
          kind: 'bytes',
          value: [Buffer.from(`the quick brown fox ${i} jumps over the lazy dog `.repeat(8))],
        },
        ids: { kind: 'int64', value: Array.from({ length: 32 }, (_, j) => i * j) },
        weights: { kind: 'float', value: Array.from({ length: 32 }, (_, j) => j / (i + 1)) },
      }),
    ),
  );
  const found = [];
  for (let bytes = 0, i = 0; bytes < size; i++) {
    found.push(made[i % made.length]);
    bytes += made[i % made.length].length;
  }
  return found;
}
