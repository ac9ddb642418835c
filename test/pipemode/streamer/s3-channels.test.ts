import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { encodeTFRecord } from '../../../src/index.ts';
import { PipeModeDataset } from '../../../src/pipemode/index.ts';
import { PipeModeStreamer } from '../../../src/pipemode/streamer/index.ts';
import { SMALL, withServer } from '../../storage/faults/transfer.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { channelPlace, ended, start } from '../reader/channel-place.ts';
import { compile, missingProgram } from '../reader/programs.ts';
import { appearance, expectedEpoch, readEpochs, readPipe } from './stream-place.ts';

const temp = tempDir();
const HOSTS = ['algo-1', 'algo-2', 'algo-3'];

/** The objects of one channel, in key order. */
function someObjects(channel: string, count: number, length: (i: number) => number): Record<string, Buffer> {
  const seed = channel.charCodeAt(channel.length - 1);
  const entries = Array.from({ length: count }, (_, i) => {
    const bytes = Buffer.from(Uint8Array.from({ length: length(i) }, (_, at) => at * 31 + i * 7 + seed));
    return [`bucket/${channel}/${String(i).padStart(4, '0')}`, bytes] as const;
  });
  return Object.fromEntries(entries);
}

describe('channels of S3', () => {
  test('channels share the requests of the process, and a stalled reader blocks no other channel', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `channel-${String.fromCharCode(97 + i)}`);
    const sets = names.map((name) => someObjects(name, 12, (i) => 40_000 + i));
    await withServer({ objects: Object.assign({}, ...sets), latencyMs: 5 }, async (server) => {
      const pipeDir = temp.file('many');
      await using streamer = new PipeModeStreamer({
        channels: names.map((name) => ({ name, uri: `s3://bucket/${name}/` })),
        pipeDir,
        objects: { ...SMALL, endpointUrl: server.url },
      });
      streamer.run().catch(() => {});
      await streamer.ready;
      const stopped = spawn('sh', [
        '-c',
        'exec 3<"$0"; echo open; exec sleep 60',
        join(pipeDir, `${names[0]}_0`),
      ]);
      await once(stopped.stdout, 'data');
      for (const epoch of [0, 1]) {
        const read = await Promise.all(
          names.slice(1).map(async (name) => {
            await appearance(join(pipeDir, `${name}_${epoch}`));
            return readPipe(join(pipeDir, `${name}_${epoch}`));
          }),
        );
        for (const [i, bytes] of read.entries())
          expect(bytes.equals(Buffer.concat(Object.values(sets[i + 1])))).toBe(true);
      }
      expect(server.maxConcurrent).toBeLessThanOrEqual(32);
      expect(streamer.metrics[0]).toMatchObject({ state: 'streaming', epoch: 0, retries: 0 });
      stopped.kill('SIGKILL');
      await streamer.stop();
    });
  });

  test('the shares of all hosts are complete, in one common order', async () => {
    const objects = someObjects('train', 20, (i) => 1000 * i);
    const units = Object.values(objects).map((bytes) => [bytes]);
    await withServer({ objects, pageSize: 7 }, async (server) => {
      const seen: Buffer[][] = [[], []];
      for (const [rank, current_host] of HOSTS.entries()) {
        const epochs = await readEpochs({
          channels: [
            { name: 'train', uri: 's3://bucket/train/', distribution: 'ShardedByS3Key', shuffleSeed: 3 },
          ],
          pipeDir: temp.file(`host-${rank}`),
          epochs: 2,
          hosts: { current_host, hosts: HOSTS },
          objects: { ...SMALL, endpointUrl: server.url },
        });
        for (const [epoch, bytes] of epochs.entries()) {
          const share = { rank, hosts: HOSTS.length };
          expect(bytes.equals(expectedEpoch(units, epoch, { seed: 3, share }))).toBe(true);
          seen[epoch].push(bytes);
        }
      }
      const whole = units.reduce((sum, [{ length }]) => sum + length, 0);
      for (const shares of seen) expect(Buffer.concat(shares).length).toBe(whole);
    });
  });

  test('PipeModeDataset reads the same records in every epoch', async () => {
    const records = Array.from({ length: 500 }, (_, i) => Buffer.from(`record ${i} `.repeat(1 + (i % 50))));
    const half = (from: number): Buffer =>
      Buffer.concat(records.slice(from, from + 250).map((record) => encodeTFRecord(record)));
    const objects = { 'bucket/t/0': half(0), 'bucket/t/1': half(250) };
    await withServer({ objects }, async (server) => {
      const place = channelPlace();
      await using streamer = new PipeModeStreamer({
        channels: [{ name: 'train', uri: 's3://bucket/t/' }],
        pipeDir: place.pipeDir,
        objects: { ...SMALL, endpointUrl: server.url },
      });
      streamer.run().catch(() => {});
      await streamer.ready;
      const dataset = new PipeModeDataset('train', { recordFormat: 'TFRecord', ...place.dirs });
      const read = await dataset
        .map((record) => Buffer.from(record).toString())
        .repeat(2)
        .toArray();
      expect(read).toEqual([...records, ...records].map(String));
      await streamer.stop();
    });
  });

  test.skipIf(missingProgram('cc'))('a reader in C takes two epochs of RecordIO', async () => {
    const objects = someObjects('train', 200, (i) => (37 * i) % 1000);
    await withServer({ objects }, async (server) => {
      const place = channelPlace();
      const reader = compile('channel-peer.c');
      await using streamer = new PipeModeStreamer({
        channels: [{ name: 'train', uri: 's3://bucket/train/', recordWrapper: 'RecordIO' }],
        pipeDir: place.pipeDir,
        epochs: 2,
        objects: { ...SMALL, endpointUrl: server.url },
      });
      const running = streamer.run();
      await streamer.ready;
      mkdirSync(place.stateDir);
      const child = start(reader, 'read', place.root, '2');
      const [said, code] = await Promise.all([text(child.stdout!), ended(child)]);
      expect(code).toBe(0);
      const lines = Object.values(objects).map((bytes) => `record ${bytes.toString('hex')}`);
      expect(said.split('\n').slice(0, -1)).toEqual(['epoch 0', ...lines, 'epoch 1', ...lines]);
      await running;
    });
  });
});
