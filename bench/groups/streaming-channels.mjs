import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { payloadPool } from '../against/payload.mjs';
import { SEED } from '../data.mjs';
import { sha256Of } from '../s3/lines.mjs';
import { expectBytes, readWith, sha256OfPipe, startStreamer, unsigned } from '../streaming/processes.mjs';
import { measure } from './s3-downloads.mjs';

const CHANNELS = 32;
const SIZE = 2 ** 24;
/** Time for which the stopped reader waits before the other readers start. */
const STOPPED_MS = 1000;

/**
 * Streams 32 channels, one of which has a stopped reader, and the same channels without that one.
 * Figures are the total bytes per second of the other 31.
 */
export async function runStreamedChannels({ group, smoke, data, rounds, place, bucket, serve, add }) {
  const size = smoke ? SIZE / 16 : SIZE;
  const names = Array.from({ length: CHANNELS }, (_, k) => `channel-${k}`);
  const [bytes] = payloadPool(1, size, SEED);
  for (const name of names.slice(1)) writeFileSync(bucket.path(`${name}.bin`), bytes);
  // The stopped channel has more data than any window holds.
  writeFileSync(bucket.path(`${names[0]}.bin`), Buffer.alloc(2 ** 27));
  for (const name of names) bucket.list(`${name}.bin`, [`${name}.bin`]);
  const sha256 = sha256Of([bucket.path(`${names[1]}.bin`)]);
  await serve(place, bucket, async (nginx) => {
    const contestants = [
      ['31 channels', names.slice(1)],
      ['31 channels, and one that is not read', names],
    ].map(([what, channels]) => {
      const open = async () => {
        const streamer = await startStreamer({
          channels: channels.map((name) => ({ name, uri: bucket.uri(`${name}.bin`) })),
          pipeDir: join(place, `channels-${channels.length}`),
          lazy: true,
          objects: unsigned(nginx.fast),
        });
        await streamer.ready;
        const stopped = channels.includes(names[0])
          ? spawn('sh', ['-c', 'exec 3< "$0"; exec sleep 600', streamer.pipe(0, names[0])], {
              stdio: 'ignore',
            })
          : undefined;
        await sleep(STOPPED_MS);
        let epoch = 0;
        const others = names.slice(1);
        for (const found of await Promise.all(others.map((name) => sha256OfPipe(streamer.pipe(0, name)))))
          expectBytes(what, found, sha256);
        const turn = async () => {
          epoch++;
          const start = performance.now();
          await Promise.all(others.map((name) => readWith(streamer.pipe(epoch, name))));
          return (others.length * size) / 1e6 / (performance.now() - start);
        };
        const close = async () => {
          stopped?.kill('SIGKILL');
          await streamer.close();
        };
        return { turn, close };
      };
      return { who: 'recordpipe', what, key: what, open };
    });
    await measure(contestants, { group, unit: 'GB/s', rounds, data, add });
  });
}
