import { setTimeout as sleep } from 'node:timers/promises';
import { readObjects } from 'recordpipe/storage';
import { expect, it } from 'vitest';
import { cacheFiles, cacheRoot } from '../../src/storage/cache/cache-files.ts';
import { ended, startCli } from '../support/cli.ts';
import { generated } from '../support/faulty-s3/index.ts';
import { Random } from '../support/random.ts';
import { randomRuns } from '../support/random-runs.ts';
import { s3Place, sentOf } from '../support/s3-place.ts';
import { tempDir } from '../support/temp-dir.ts';

const MIB = 1024 * 1024;
const KILLS = randomRuns(200);
const temp = tempDir();

it(
  `${KILLS} killed processes leave a valid cache`,
  async () => {
    const random = new Random(18);
    await using place = await s3Place({ latencyMs: 3, bytesPerSecond: 100 * MIB });
    const options = { env: { ...process.env, ...place.env }, stdio: 'ignore' as const };
    const dir = temp.file('cache');
    let version = 0;
    const put = (): void => {
      for (const key of ['a', 'b', 'c'])
        place.server.store.put(`bucket/${key}.txt`, { size: 20 * MIB, seed: ++version });
    };
    put();
    let started = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      if (random.below(4) === 0) put();
      const args = [
        'validate',
        's3://bucket/',
        '--format',
        'textline',
        '--cache-dir',
        dir,
        '--cache-size',
        '128MiB',
      ];
      const before = place.server.log.length;
      const children = [0, 1].map(() => startCli(args, options));
      const all = Promise.all(children.map(ended));
      while (place.server.log.length === before && children.some(({ exitCode }) => exitCode === null))
        await sleep(2);
      await sleep(random.below(400));
      for (const child of children) if (child.kill('SIGKILL')) started++;
      await all;
      if (kill % 10 > 0 && kill < KILLS - 1) continue;
      for (const key of ['a', 'b', 'c']) {
        const expected = generated(20 * MIB, version - 2 + 'abc'.indexOf(key));
        const objects = { ...place.objects, cache: { dir, maxBytes: 128 * MIB } };
        for await (const { offset, chunk } of readObjects([{ uri: `s3://bucket/${key}.txt` }], objects))
          for (let at = 0; at < chunk.length; ) {
            const piece = expected.read(offset + at, chunk.length - at);
            expect(Buffer.compare(chunk.subarray(at, at + piece.length), piece)).toBe(0);
            at += piece.length;
          }
      }
    }
    expect(started).toBeGreaterThan(0);
    const files = await cacheFiles(cacheRoot(dir));
    expect(files.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(128 * MIB);
    // Everything is cached now, so nothing is fetched.
    const sent = ['a', 'b', 'c'].map((key) => sentOf(place.server, `${key}.txt`));
    const { code } = await ended(
      startCli(
        ['count', 's3://bucket/', '--format', 'textline', '--cache-dir', dir, '--cache-size', '128MiB'],
        { env: options.env },
      ),
    );
    expect(code).toBe(0);
    expect(['a', 'b', 'c'].map((key) => sentOf(place.server, `${key}.txt`))).toEqual(sent);
  },
  20 * 60_000,
);
