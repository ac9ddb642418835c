/**
 * How long 10 TiB take on 1, 10 and 100 workers, what that costs, and where S3's limit of requests is met: arithmetic over what one core of this machine was measured to do.
 * Writes docs/scale-out/cost.md: `npm run bench:cost`. With --smoke a little is measured and nothing is written.
 */

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataFolder } from './data.mjs';
import { COMMAND_LINE } from './groups/process.mjs';
import { describeMachine, oneCore, ROOT } from './machine.mjs';
import { Bucket } from './s3/bucket.mjs';
import { missingNginx, withNginx } from './s3/nginx.mjs';
import { exampleFrames } from './shards/example-frames.mjs';
import { median } from './statistics.mjs';

const TOTAL_BYTES = 10 * 2 ** 40;
const WORKERS = [1, 10, 100];
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
const place = new DataFolder(join(ROOT, '.cache/bench')).name('cost-bucket');
const bucket = new Bucket(place);

try {
  const measured = await measureAll();
  if (smoke) console.log('ok');
  else writeFileSync(join(ROOT, 'docs/scale-out/cost.md'), page(measured));
} finally {
  bucket.removeAll();
}

/** Bytes of records, before compression, per second and core: by command and kind of shard. */
async function measureAll() {
  const plain = Buffer.concat(exampleFrames(fileBytes));
  const files = { plain, gzip: gzipSync(plain, { level: 6 }) };
  const keys = { plain: 'plain.tfrecord', gzip: 'gzip.tfrecord.gz' };
  for (const [kind, bytes] of Object.entries(files)) writeFileSync(bucket.path(keys[kind]), bytes);
  const measured = (inputOf) => ({
    from: missingNginx === undefined ? 'objects' : 'files',
    bytes: plain.length,
    rows: ['validate', 'stats'].flatMap((command) =>
      Object.entries(files).map(([kind, stored]) => {
        const args = [command, ...inputOf(keys[kind]), '--jobs', '1', '--json'];
        const values = Array.from({ length: rounds }, () => speed(args, plain.length));
        return { command, kind, share: stored.length / plain.length, speed: median(values) };
      }),
    ),
  });
  if (missingNginx !== undefined) return measured((key) => [bucket.path(key)]);
  return withNginx(place, bucket, async (nginx) =>
    measured((key) => [bucket.uri(key), '--endpoint-url', nginx.fast, '--no-sign-request']),
  );
}

function speed(args, bytes) {
  const line = [process.execPath, COMMAND_LINE, ...args];
  const [program, ...rest] = core === undefined ? line : ['taskset', '-c', core, ...line];
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(program, rest, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, AWS_REGION: 'us-east-1' },
  });
  if (status !== 0) throw new Error(`${args.join(' ')}: exit ${status}, ${stderr}`);
  return bytes / (Number(process.hrtime.bigint() - start) / 1e9);
}

function page({ from, bytes, rows }) {
  const { cpu, cores, node, date } = describeMachine();
  const gzip = rows.find(({ kind }) => kind === 'gzip').share;
  return `# What 10 TiB cost

Written by \`npm run bench:cost\`: arithmetic over measured speeds, not a run over 10 TiB.

One worker is one core (\`--jobs 1\`). What it does was measured on ${cpu}, ${cores} cores, Node ${node}, ${date.slice(0, 10)}: whole processes over ${Math.round(bytes / 2 ** 20)} MiB of Examples with text, ids and numbers, ${
    from === 'objects'
      ? 'got from a service on the same machine, which shares its cores'
      : 'in files that lie in memory'
  }. Bytes are those of the records, before compression; gzip makes ${gzip.toFixed(2)} of them here.

| command, shards | one core, GB/s | ${WORKERS.map((n) => `${n} worker${n > 1 ? 's' : ''}`).join(' | ')} | core hours | dollars |
|---|--:|${WORKERS.map(() => '--:|').join('')}--:|--:|
${rows.map(row).join('\n')}

Dollars: ${DOLLARS_PER_CORE_HOUR} per core and hour, and GETs of ${PART_BYTES / 2 ** 20} MiB, ${Math.round(TOTAL_BYTES / PART_BYTES).toLocaleString('en')} of them where nothing is compressed, at 0.0004 per 1,000; put your own prices in. The work is the same whatever the number of workers; what
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

function row({ command, kind, share, speed: one }) {
  const each = Math.min(one, NETWORK / share);
  const times = WORKERS.map((workers) => duration(TOTAL_BYTES / each / workers));
  const coreHours = TOTAL_BYTES / each / 3600;
  const gets = (TOTAL_BYTES * share) / PART_BYTES;
  const price = coreHours * DOLLARS_PER_CORE_HOUR + gets * DOLLARS_PER_GET;
  return `| \`${command}\`, ${kind} | ${gigabytes(one)} | ${times.join(' | ')} | ${coreHours.toFixed(1)} | ${dollars(price)} |`;
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
