import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeImageShards } from '../images/shards.mjs';
import { ImagePrograms, WAYS } from '../images/ways.mjs';
import { Bucket } from '../s3/bucket.mjs';
import { ENVIRONMENT, missingClients, S5CMD } from '../s3/clients.mjs';
import { missingNginx, withNginx } from '../s3/nginx.mjs';
import { startDelay } from '../s3/start-delay.mjs';
import { measure } from './s3-downloads.mjs';

const SHARDS = 4;
const MAX_SHARD_BYTES = 64e6;
/** Size of the shards of programs that need a second for 10 MB, and for 2 MB. */
const FEW_BYTES = 2e6;
const FEWEST_BYTES = 1e6;
const MILLISECONDS = 20;
const MEMORY = '/dev/shm';

/**
 * Measures how many images per second a training program gets from shards like those of ImageNet,
 * on local disk and on a server with a round-trip time of 20 ms, in one process and in two. Before
 * the first round, each program proves that it read every image and label.
 */
export async function runImages(cases, context) {
  const { smoke, fileBytes, data, peers, rounds, add } = context;
  const bucket = new Bucket(data.name('images'));
  const shardBytes = Math.min(MAX_SHARD_BYTES, fileBytes / SHARDS);
  const sets = {
    all: shardsIn(bucket, 'images/', SHARDS, shardBytes),
    few: shardsIn(bucket, 'few/', 2, Math.min(FEW_BYTES, shardBytes)),
    fewest: shardsIn(bucket, 'fewest/', 2, Math.min(FEWEST_BYTES, shardBytes)),
  };
  const programs = new ImagePrograms(peers);
  try {
    for (const { what } of cases) {
      const group = `images ${what}`;
      const options = { group, unit: 'images/s', rounds, data, add };
      const run = (server) => measure(contestants(what, { sets, programs, server, bucket, smoke }), options);
      if (what === 'disk') await run();
      else if (missingNginx !== undefined)
        add({ group, who: 'nginx', what: 'all loaders', cores: 'all', skipped: missingNginx });
      else await withServer(bucket, run);
    }
  } finally {
    await programs.close();
    data.remove(bucket.root);
  }
}

function shardsIn(bucket, prefix, count, bytes) {
  const shards = writeImageShards((name) => bucket.path(prefix + name), count, bytes);
  bucket.list(
    `${prefix}tfrecord/`,
    shards.map(({ files }) => bucket.key(files.tfrecord)),
  );
  return shards;
}

/** Calls `use` with the endpoint of a server that answers after a round trip. */
function withServer(bucket, use) {
  return withNginx(bucket.root, bucket, async (nginx) => {
    const line = await startDelay(new URL(nginx.fast).port, MILLISECONDS);
    try {
      await use(line.endpoint);
    } finally {
      await line.close();
    }
  });
}

function contestants(where, place) {
  return WAYS.filter(({ places }) => places.includes(where)).flatMap((way) =>
    // Starting a second process of each program takes most of the time of a short pass.
    (place.smoke && way.who !== 'recordpipe' ? [1] : [1, 2]).map((jobs) => {
      const copies = way.copy === true && place.server !== undefined;
      const what = `${copies ? 's5cmd cp, then ' : ''}${way.what}${jobs > 1 ? ', jobs 2' : ''}`;
      const missing = place.programs.missing(way) ?? (copies ? missingClients : undefined);
      return {
        who: way.who,
        what,
        key: `${way.who} ${what}`,
        missing,
        open: () => open(way, jobs, copies, place),
      };
    }),
  );
}

/** With two jobs, two processes read every other shard each. */
async function open(way, jobs, copies, { sets, programs, server, bucket }) {
  const shards = sets[way.only?.[server === undefined ? 'disk' : 's3'] ?? 'all'];
  const parts = Array.from({ length: jobs }, (_, job) => shards.filter((_, i) => i % jobs === job));
  const running = await Promise.all(parts.map((_, job) => programs.get(way, job, server)));
  const folder = join(existsSync(MEMORY) ? MEMORY : bucket.root, `${process.pid}-copied-images`);
  const pass = async (check) => {
    const start = process.hrtime.bigint();
    try {
      if (copies) copyAll(bucket, bucket.key(dirname(shards[0].files.tfrecord)), server, folder);
      const answers = await Promise.all(
        running.map(({ call }, job) => {
          const request = way.request({ shards: parts[job], job, jobs, bucket, server, copies: folder });
          return call({ op: 'images', mode: way.what, check, ...request });
        }),
      );
      const seconds = Number(process.hrtime.bigint() - start) / 1e9;
      return compared(way, shards, answers, check) / seconds;
    } finally {
      if (copies) rmSync(folder, { recursive: true, force: true });
    }
  };
  const close = () => Promise.all(running.map((program) => program.close()));
  try {
    await way.prepare?.(running[0], { shards, bucket });
    await pass(true);
    return { turn: () => pass(false), notes: { version: running[0].version }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Compares the sums that the programs found with those of the shards. Returns the images. */
function compared({ who, what }, shards, answers, check) {
  const sum = (all, name) => all.reduce((total, { facts }) => total + facts[name], 0);
  for (const name of ['records', 'labels', 'lengths', ...(check ? ['crcs'] : [])]) {
    const [found, expected] = [sum(answers, name), sum(shards, name)];
    if (found !== expected)
      throw new Error(`${who} ${what}: ${name} add up to ${found}, expected ${expected}`);
  }
  return sum(shards, 'records');
}

function copyAll(bucket, prefix, server, folder) {
  mkdirSync(folder, { recursive: true });
  const line = ['--no-sign-request', '--endpoint-url', server, 'cp', `${bucket.uri(prefix)}/*`, `${folder}/`];
  const { status, stderr } = spawnSync(S5CMD, line, { env: ENVIRONMENT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`s5cmd cp: exit ${status}, ${stderr.trim()}`);
}
