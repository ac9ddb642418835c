import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { payloadPool } from '../against/payload.mjs';
import { SEED } from '../data.mjs';
import { sha256Of } from '../s3/lines.mjs';
import { startDelay } from '../s3/start-delay.mjs';
import { expectBytes, readWith, sha256OfPipe, startStreamer, unsigned } from '../streaming/processes.mjs';
import { measure } from './s3-downloads.mjs';

const COUNT = 5000;
const SIZE = 20_000;
const MILLISECONDS = 20;
/**
 * Number of objects requested one at a time. Requesting all of them would take nearly two minutes.
 */
const SAMPLE = 50;

/**
 * Measures an augmented manifest of 5,000 images of 20 KB with a round-trip time of 20 ms, in
 * images per second.
 */
export async function runStreamedManifest({ group, smoke, data, rounds, place, bucket, serve, add }) {
  const count = smoke ? COUNT / 50 : COUNT;
  const keys = Array.from({ length: count }, (_, k) => `images/${String(k).padStart(5, '0')}.png`);
  const pool = payloadPool(count, SIZE, SEED);
  for (const [k, key] of keys.entries()) writeFileSync(bucket.path(key), pool[k % pool.length]);
  const lines = keys.map((key) => `${JSON.stringify({ 'source-ref': bucket.uri(key) })}\n`);
  writeFileSync(bucket.path('train.manifest'), lines.join(''));
  await serve(place, bucket, async (nginx) => {
    const line = await startDelay(new URL(nginx.fast).port, MILLISECONDS);
    try {
      const job = {
        channels: [
          {
            name: 'train',
            uri: bucket.uri('train.manifest'),
            dataType: 'AugmentedManifestFile',
            attributeNames: ['source-ref'],
          },
        ],
        lazy: true,
        objects: unsigned(line.endpoint),
      };
      const sha256 = sha256Of(keys.map((key) => bucket.path(key)));
      const streamed = async () => {
        const streamer = await startStreamer({ ...job, pipeDir: join(place, 'streamed') });
        await streamer.ready;
        expectBytes('streamer', await sha256OfPipe(streamer.pipe(0)), sha256);
        let epoch = 1;
        const turn = async () => count / (await readWith(streamer.pipe(epoch++))).seconds;
        return { turn, close: () => streamer.close() };
      };
      const urls = keys.slice(0, SAMPLE).map((key) => `${line.endpoint}/${bucket.name}/${key}`);
      const single = async () => ({ turn: () => oneAtATime(urls), notes: { objects: urls.length } });
      const contestants = [
        { who: 'recordpipe', what: 'streamer', key: 'ours', open: streamed },
        { who: 'fetch', what: 'one at a time', key: 'single', open: single },
      ];
      const options = { group, unit: 'objects/s', rounds, data, add };
      await measure(contestants, options);
    } finally {
      await line.close();
    }
  });
}

/** Sends one request after another on one connection. */
async function oneAtATime(urls) {
  const start = performance.now();
  for (const url of urls) {
    const { byteLength } = await (await fetch(url)).arrayBuffer();
    if (byteLength !== SIZE) throw new Error(`${url}: ${byteLength} bytes`);
  }
  return (1000 * urls.length) / (performance.now() - start);
}
