import { writeFileSync } from 'node:fs';
import { payloadPool } from '../against/payload.mjs';
import { SEED } from '../data.mjs';
import { ALL_OBJECTS } from '../s3/clients.mjs';
import { contestantOf, sha256Of } from '../s3/lines.mjs';
import { startDelay } from '../s3/start-delay.mjs';
import { measure } from './s3-downloads.mjs';

const COUNT = 2000;
const SIZE = 2 ** 16;
const MILLISECONDS = 20;
/** Maximum number of rounds. Programs that read one object at a time take 40 seconds. */
const MAX_ROUNDS = 2;
const PREFIX = 'small/';

/**
 * Measures reading 2,000 objects of 64 KiB with a round-trip time of 20 ms, in objects per second.
 */
export async function runSmallObjects({ group, smoke, data, rounds, place, bucket, serve, add }) {
  const count = smoke ? COUNT / 100 : COUNT;
  const keys = Array.from({ length: count }, (_, k) => `${PREFIX}${String(k).padStart(5, '0')}.tfrecord`);
  const pool = payloadPool(count, SIZE, SEED);
  for (const [k, key] of keys.entries()) writeFileSync(bucket.path(key), pool[k % pool.length]);
  bucket.list(PREFIX, keys);
  const sha256 = sha256Of(keys.map((key) => bucket.path(key)));
  const source = { bytes: count * SIZE, sha256, scratch: place };
  await serve(place, bucket, async (nginx) => {
    const line = await startDelay(new URL(nginx.fast).port, MILLISECONDS);
    try {
      const contestants = ALL_OBJECTS.map((program) =>
        contestantOf(program, (folder) => program.line(line.endpoint, bucket, PREFIX, folder), {
          source,
          perSecond: count,
        }),
      );
      await measure(contestants, {
        group,
        unit: 'objects/s',
        rounds: Math.min(rounds, MAX_ROUNDS),
        data,
        add,
      });
    } finally {
      await line.close();
    }
  });
}
