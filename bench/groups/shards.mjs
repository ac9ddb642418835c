import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { COMMAND_LINE } from '../machine.mjs';
import { exampleFrames } from '../shards/example-frames.mjs';
import { writeReports } from '../shards/reports.mjs';

const OBJECTS = 100_000;
const REPORTS = 1000;
const WORKERS = 100;
/** Each round takes more than a second. */
const MAX_ROUNDS = 3;
/** Number of shard files. */
const FILES = 16;
const HIGH_WATER = fileURLToPath(new URL('../subjects/high-water.mjs', import.meta.url));
const PLANNING = fileURLToPath(new URL('../shards/plan-and-assign.mjs', import.meta.url));
const LISTING = fileURLToPath(new URL('../shards/listing.mjs', import.meta.url));

/** Measures planning, merging reports, and the gain from a second worker, in whole processes. */
export async function runShards(cases, context) {
  const folder = join(context.data.name('shards'));
  mkdirSync(folder, { recursive: true });
  const runs = { plan: runPlan, merge: runMerge, workers: runWorkers };
  try {
    for (const { what } of cases) await runs[what]({ ...context, folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const place = { group: 'shards', who: 'recordpipe', cores: 'all' };

async function runPlan({ folder, rounds, smoke, add }) {
  const objects = smoke ? 2000 : OBJECTS;
  const service = spawn(process.execPath, [LISTING, String(objects)], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [port] = await once(service.stdout, 'data');
    const endpoint = `http://127.0.0.1:${String(port).trim()}`;
    const times = [];
    const peaks = [];
    for (let i = 0; i < Math.min(rounds, MAX_ROUNDS); i++) {
      const args = ['--import', HIGH_WATER, PLANNING, endpoint, join(folder, 'plan.jsonl'), String(WORKERS)];
      const { ms, stdout, peak } = await timed(args);
      const { files } = JSON.parse(stdout);
      if (files !== objects) throw new Error(`plan: ${files} files of ${objects}`);
      times.push(ms);
      peaks.push(peak);
    }
    const what = `${smoke ? 'a few' : '100,000'} objects planned and divided`;
    add({ ...place, what, unit: 'ms', rounds: times });
    add({ ...place, what: `${what}, memory`, unit: 'MiB', rounds: peaks });
  } finally {
    service.stdin.end();
  }
}

async function runMerge({ folder, rounds, smoke, add }) {
  const reports = smoke ? 20 : REPORTS;
  await writeReports(folder, reports, join(folder, 'examples.tfrecord'));
  for (const command of ['validate', 'stats']) {
    const total = join(folder, `${command}.json`);
    const times = [];
    for (let i = 0; i < Math.min(rounds, MAX_ROUNDS); i++) {
      rmSync(total, { force: true });
      const { ms } = await timed([COMMAND_LINE, 'merge', `${join(folder, command)}/`, '-o', total, '-q']);
      if (JSON.parse(readFileSync(total, 'utf8')).result.files.length !== reports * 100)
        throw new Error(`merge: files are missing from the total of ${command}`);
      times.push(ms);
    }
    add({
      ...place,
      what: `${smoke ? 'a few' : '1,000'} reports of ${command} merged`,
      unit: 'ms',
      rounds: times,
    });
  }
}

/** Each worker is a process on its own core, as on single-core machines. */
async function runWorkers({ folder, fileBytes, rounds, add }) {
  if (spawnSync('taskset', ['-c', '1', 'true']).status !== 0) {
    for (const workers of [1, 2])
      add({
        ...place,
        what: `stats of gzip, workers: ${workers}`,
        skipped: 'taskset or a second core is not available',
      });
    return;
  }
  const plain = Buffer.concat(exampleFrames(Math.floor(fileBytes / FILES)));
  const compressed = gzipSync(plain, { level: 6 });
  const data = join(folder, 'gzip');
  const plan = join(folder, 'gzip.jsonl');
  mkdirSync(data);
  for (let i = 0; i < FILES; i++) writeFileSync(join(data, `${i}.tfrecord.gz`), compressed);
  check(spawnSync(process.execPath, [COMMAND_LINE, 'plan', data, '-o', plan, '-q']));
  for (const command of ['validate', 'stats']) {
    const speeds = new Map([
      [1, []],
      [2, []],
    ]);
    const turn = async (workers) => {
      const start = process.hrtime.bigint();
      await Promise.all(Array.from({ length: workers }, (_, i) => worker(command, plan, i, workers)));
      return (FILES * plain.length) / Number(process.hrtime.bigint() - start);
    };
    await turn(1);
    for (let i = 0; i < Math.min(rounds, MAX_ROUNDS); i++)
      for (const [workers, values] of speeds) values.push(await turn(workers));
    // The target compares two workers on two cores with one worker on one core.
    for (const [workers, values] of speeds)
      add({ ...place, what: `${command} of gzip, workers: ${workers}`, unit: 'GB/s', rounds: values });
  }
}

async function worker(command, plan, shard, shards) {
  const args = [command, '--plan', plan, '--shard', `${shard}/${shards}`, '--jobs', '1', '-q'];
  const child = spawn('taskset', ['-c', String(shard), process.execPath, COMMAND_LINE, ...args], {
    stdio: 'ignore',
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${command} --shard ${shard}/${shards}: exit ${code}`);
}

async function timed(args) {
  const start = process.hrtime.bigint();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
  const texts = [child.stdout, child.stdio[3]].map(async (stream) =>
    Buffer.concat(await stream.toArray()).toString(),
  );
  const [code] = await once(child, 'close');
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  const [stdout, kilobytes] = await Promise.all(texts);
  if (code !== 0) throw new Error(`${args.join(' ')}: exit ${code}`);
  return { ms, stdout, peak: Number(kilobytes) / 1024 };
}

function check({ status, stderr }) {
  if (status !== 0) throw new Error(String(stderr));
}
