import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { encodeTFRecord } from '../../src/index.ts';
import { buildIndex } from '../../src/records/indexes/index.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { Random } from '../support/random.ts';
import { tempDir } from '../support/temp-dir.ts';

const job = fileURLToPath(new URL('../support/trainer/shares.mjs', import.meta.url));
const EPOCHS = 20;
/** `RECORDPIPE_KILLS=1000 npm run test:slow` kills the job 1,000 times. */
const kills = Number(process.env['RECORDPIPE_KILLS'] ?? 40);
/** Records per shard, so that the job does not end before the last kill. */
const COUNTS = [3 + 4 * kills, 0, 1, 2 * kills, 7 + 3 * kills];
const whole = tempDir();
const killed = tempDir();

async function fill(place: typeof whole): Promise<string[]> {
  const names: string[] = [];
  for (const [shard, count] of COUNTS.entries()) {
    const records = Array.from({ length: count }, (_, i) => `${shard}.${i}`);
    names.push(...records);
    const frames = records.map((record) => encodeTFRecord(new TextEncoder().encode(record)));
    await buildIndex(place.file(`${shard}.tfrecord`, concat(frames)));
  }
  return names.sort();
}

/** Runs the job to its end, or kills it after some time. */
async function run(folder: string, workers: number, stepMs: number, killAfterMs?: number): Promise<void> {
  const child = spawn(process.execPath, [job, folder, String(workers), String(stepMs)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const timer = killAfterMs && setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  await once(child, 'exit');
  clearTimeout(timer);
  expect(errors).toBe('');
}

test(`a job that was killed ${kills} times, with other numbers of workers, reads each record once per epoch, in the order of one worker`, async () => {
  const seed = Number(process.env['RECORDPIPE_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
  const random = new Random(seed);
  await fill(whole);
  const records = await fill(killed);
  await run(whole.path, 1, 0);
  for (let i = 0; i < kills && !existsSync(killed.file('done')); i++)
    await run(killed.path, 1 + random.below(8), 5, 100 + random.below(500));
  await run(killed.path, 3, 0);
  const log = readFileSync(killed.file('log'), 'utf8');
  expect(log === readFileSync(whole.file('log'), 'utf8'), `seed ${seed}`).toBe(true);
  const read = log.trim().split('\n');
  expect(read).toHaveLength(EPOCHS * records.length);
  for (let epoch = 0; epoch < EPOCHS; epoch++)
    expect(read.slice(epoch * records.length, (epoch + 1) * records.length).sort()).toEqual(records);
});
