/**
 * How long 10 TiB take on 1, 10 and 100 workers, what that costs, and where S3's limit of requests is met: arithmetic over what one core of this machine was measured to do.
 * Writes docs/scale-out/cost.md: `npm run bench:cost`. With --smoke a little is measured and nothing is written.
 */

import { spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { DataFolder } from './data.mjs';
import { recordsIn } from './formats.mjs';
import { COMMAND_LINE } from './groups/process.mjs';
import { describeMachine, oneCore, ROOT } from './machine.mjs';
import { Bucket } from './s3/bucket.mjs';
import { missingNginx, withNginx } from './s3/nginx.mjs';
import { median } from './statistics.mjs';

const TOTAL_BYTES = 10 * 2 ** 40;
const WORKERS = [1, 10, 100];
const RECORD_BYTES = 10_000;
const PART_BYTES = 8 * 2 ** 20;
/** AWS's guide: GETs per second and prefix. */
const GETS_PER_SECOND = 5500;
/** Dollars; list prices change, so they are said beside the result. */
const DOLLARS_PER_CORE_HOUR = 0.05;
const DOLLARS_PER_GET = 0.0004 / 1000;
/** The network of a small machine, bytes per second: 5 Gbit/s. */
const NETWORK = 5e9 / 8;

const smoke = process.argv.includes('--smoke');
const rounds = smoke ? 1 : 3;
const fileBytes = smoke ? 2 ** 22 : 2 ** 29;
const core = oneCore();
const data = new DataFolder(join(ROOT, '.cache/bench'));
const place = data.name('cost-bucket');
const bucket = new Bucket(place);

try {
  const measured = await measureAll();
  if (smoke) console.log('ok');
  else writeFileSync(join(ROOT, 'docs/scale-out/cost.md'), page(measured));
} finally {
  bucket.removeAll();
}

/** Bytes of stored objects per second and core, by kind of shard and command. */
async function measureAll() {
  const file = data.records('cost', recordsIn(fileBytes, RECORD_BYTES), RECORD_BYTES);
  const gzip = `${file.path}.gz`;
  try {
    await pipeline(createReadStream(file.path), createGzip({ level: 6 }), createWriteStream(gzip));
    if (missingNginx !== undefined) return speeds({ plain: [file.path], gzip: [gzip] }, 'files');
    const keys = { plain: 'plain.tfrecord', gzip: 'gzip.tfrecord.gz' };
    await pipeline(createReadStream(file.path), createWriteStream(bucket.path(keys.plain)));
    await pipeline(createReadStream(gzip), createWriteStream(bucket.path(keys.gzip)));
    return await withNginx(place, bucket, (nginx) => {
      const reach = (key) => [bucket.uri(key), '--endpoint-url', nginx.fast, '--no-sign-request'];
      return speeds({ plain: reach(keys.plain), gzip: reach(keys.gzip) }, 'objects');
    });
  } finally {
    data.remove(file.path);
    data.remove(gzip);
  }
}

function speeds(inputs, from) {
  const rows = [];
  for (const command of ['validate', 'stats'])
    for (const [kind, input] of Object.entries(inputs)) {
      const values = Array.from({ length: rounds }, () =>
        speed([command, ...input, '--jobs', '1', '--json']),
      );
      rows.push({ command, kind, speed: median(values) });
    }
  return { from, rows };
}

function speed(args) {
  const line = [process.execPath, COMMAND_LINE, ...args];
  const [program, ...rest] = core === undefined ? line : ['taskset', '-c', core, ...line];
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(program, rest, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, AWS_REGION: 'us-east-1' },
  });
  if (status !== 0) throw new Error(`${args.join(' ')}: exit ${status}, ${stderr}`);
  return fileBytes / (Number(process.hrtime.bigint() - start) / 1e9);
}

function page({ from, rows }) {
  const { cpu, cores, node, date } = describeMachine();
  const gets = TOTAL_BYTES / PART_BYTES;
  return `# What 10 TiB cost

Written by \`npm run bench:cost\`: arithmetic over measured speeds, not a run over 10 TiB.

One worker is one core (\`--jobs 1\`). What it does was measured on ${cpu}, ${cores} cores, Node ${node}, ${date.slice(0, 10)}: whole processes over ${fileBytes / 2 ** 20} MiB of records of ${RECORD_BYTES / 1000} KB, ${
    from === 'objects'
      ? 'got from a service on the same machine, which shares its cores'
      : 'in files that lie in memory'
  }. Bytes are those of the records, before compression; the records are random bytes, which compress to nothing, so gzip is the work of inflating alone.

| command, shards | one core, GB/s | ${WORKERS.map((n) => `${n} worker${n > 1 ? 's' : ''}`).join(' | ')} | core hours | dollars |
|---|--:|${WORKERS.map(() => '--:|').join('')}--:|--:|
${rows.map(({ command, kind, speed: one }) => row(`\`${command}\`, ${kind}`, one)).join('\n')}

Dollars: ${DOLLARS_PER_CORE_HOUR} per core and hour, and ${dollars(gets * DOLLARS_PER_GET)} for ${Math.round(gets).toLocaleString('en')} GETs of ${PART_BYTES / 2 ** 20} MiB at 0.0004 per 1,000; put your own prices in. The work is the same whatever the number of workers; what
more of them buy is time. Starting a container, which takes a minute or so where nothing is warm, is not in it: from some hundreds of workers on it is most of the time.
Where a core could do more, the network of a small machine (5 Gbit/s, ${gigabytes(NETWORK)} GB/s) is the limit: times are by the smaller of the two.

## Where 5,500 GETs a second are the limit

S3 answers at least 5,500 GETs per second and prefix, and more once it has noticed the load. Large objects are asked for in parts of ${PART_BYTES / 2 ** 20} MiB, small ones with one GET each, so the size of objects decides:

| objects of | 5,500 GETs a second bring | workers of \`validate\`, plain, that take all of it |
|---|--:|--:|
${[100e3, 1e6, PART_BYTES].map((size) => limitRow(size, Math.min(NETWORK, rows[0].speed))).join('\n')}

Below that number the limit is not met. Beyond it workers wait, are refused (503), and slow down by themselves: more prefixes, or larger shards, and not more workers, help then.
`;
}

function row(name, one) {
  const each = Math.min(one, NETWORK);
  const hours = WORKERS.map((workers) => duration(TOTAL_BYTES / each / workers));
  const coreHours = TOTAL_BYTES / each / 3600;
  const price = coreHours * DOLLARS_PER_CORE_HOUR + (TOTAL_BYTES / PART_BYTES) * DOLLARS_PER_GET;
  return `| ${name} | ${gigabytes(one)} | ${hours.join(' | ')} | ${coreHours.toFixed(1)} | ${dollars(price)} |`;
}

function limitRow(size, each) {
  const most = GETS_PER_SECOND * size;
  const name =
    size >= 2 ** 20 ? `${size / 2 ** 20} MiB and more` : size >= 1e6 ? '1 MB' : `${size / 1000} KB`;
  const workers = most / each;
  return `| ${name} | ${gigabytes(most)} GB/s | ${workers < 10 ? workers.toFixed(1) : Math.round(workers)} |`;
}

function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

function gigabytes(speed) {
  return (speed / 1e9).toPrecision(3);
}

function dollars(value) {
  return `$${value.toFixed(2)}`;
}
