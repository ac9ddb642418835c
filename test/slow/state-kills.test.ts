import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { encodeTFRecord } from '../../src/index.ts';
import { Random } from '../support/random.ts';
import { tempDir } from '../support/temp-dir.ts';

const trainer = fileURLToPath(new URL('../support/trainer/train.mjs', import.meta.url));
const EPOCHS = 20;
/** `RECORDPIPE_KILLS=1000 npm run test:slow` kills the job 1,000 times. */
const kills = Number(process.env['RECORDPIPE_KILLS'] ?? 40);
/** Milliseconds per step of the killed job. Each life takes about 25 steps. */
const STEP_MS = 5;
/** Records per file, so that the job does not end before the last kill. */
const FILES: Readonly<Record<string, number>> = {
  'large-0': 3 + 2 * kills,
  'large-1': 1 + 4 * kills,
  'large-2': 2 + kills,
  'small-0': 7 + 2 * kills,
  'small-1': kills,
};
const whole = tempDir();
const killed = tempDir();

/** Runs a job to its end, or kills it after some time. */
async function run(
  folder: string,
  workers: number,
  place: string,
  stepMs: number,
  kill?: { readonly after: 'start' | 'first batch'; readonly ms: number },
): Promise<void> {
  const job = spawn(process.execPath, [trainer, folder, String(workers), place, String(stepMs)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  job.stderr.on('data', (text) => {
    errors += text;
  });
  let timer: NodeJS.Timeout | undefined;
  const killLater = (): void => {
    timer = kill && setTimeout(() => job.kill('SIGKILL'), kill.ms);
  };
  if (kill?.after === 'start') killLater();
  else job.stdout.once('data', killLater);
  const [code, signal] = await once(job, 'exit');
  clearTimeout(timer);
  expect(errors).toBe('');
  if (signal !== 'SIGKILL') expect(code).toBe(0);
}

function fill(folder: string): string[] {
  return Object.entries(FILES).flatMap(([name, count]) => {
    const records = Array.from({ length: count }, (_, i) => `${name}:${i}`);
    const bytes = records.map((record) => encodeTFRecord(new TextEncoder().encode(record)));
    writeFileSync(`${folder}/${name}`, Buffer.concat(bytes));
    return records;
  });
}

test(`a job that was killed ${kills} times, with other numbers of threads, reads what an uninterrupted one reads`, async () => {
  const seed = Number(process.env['RECORDPIPE_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
  const random = new Random(seed);
  fill(whole.path);
  await run(whole.path, 0, 'process', 0);
  const records = fill(killed.path).sort();
  let progressed = 0;
  let lives = 0;
  for (let i = 0; i < kills && !existsSync(killed.file('done')); i++) {
    const before = existsSync(killed.file('log')) ? statSync(killed.file('log')).size : 0;
    const place = random.pick(['thread', 'process']);
    const kill =
      random.below(4) === 0
        ? ({ after: 'start', ms: random.below(600) } as const)
        : ({ after: 'first batch', ms: random.below(250) } as const);
    await run(killed.path, 1 + random.below(8), place, STEP_MS, kill);
    lives++;
    if (existsSync(killed.file('log')) && statSync(killed.file('log')).size > before) progressed++;
  }
  console.log(`seed ${seed}: ${progressed} of ${lives} killed jobs made progress`);
  await run(killed.path, 2, 'process', 0);
  const log = readFileSync(killed.file('log'), 'utf8');
  expect(log === readFileSync(whole.file('log'), 'utf8'), `seed ${seed}`).toBe(true);
  const read = log.trim().split(/\s/);
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const part = read.slice(epoch * records.length, (epoch + 1) * records.length);
    expect(part.sort()).toEqual(records);
  }
  expect(read).toHaveLength(EPOCHS * records.length);
  expect(statSync(killed.file('checkpoint.json')).size).toBeLessThan(1024);
});
