import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { payloadPool } from '../against/payload.mjs';
import { SEED } from '../data.mjs';
import { sha256Of } from '../s3/lines.mjs';
import { measure } from './s3-downloads.mjs';

const AT_ONCE = 64;
const SIZE = 2 ** 20;
const OUTAGE_MS = 3000;

const PROGRAMS = [
  { who: 'recordpipe', what: 'of 64 parts', program: '../subjects/s3-parts.mjs' },
  { who: 'sdk', what: 'of 64 parts', program: '../against/sdk_parts.mjs' },
];

/**
 * Requests 64 parts at once while every response is 500 for three seconds. Figures are the number
 * of parts that arrived.
 */
export async function runOutage({ group, data, place, bucket, serve, add }) {
  const keys = Array.from({ length: AT_ONCE }, (_, k) => `part-${String(k).padStart(2, '0')}.bin`);
  const pool = payloadPool(AT_ONCE, SIZE, SEED);
  for (const [k, key] of keys.entries()) writeFileSync(bucket.path(key), pool[k % pool.length]);
  const sha256 = sha256Of(keys.map((key) => bucket.path(key)));
  await serve(place, bucket, async (nginx) => {
    const contestants = PROGRAMS.map(({ who, what, program }) => {
      const path = fileURLToPath(new URL(program, import.meta.url));
      const job = { endpoint: nginx.fast, bucket: bucket.name, keys, size: SIZE };
      return { who, what, key: who, open: async () => ({ turn: () => turn(path, job, nginx, sha256) }) };
    });
    await measure(contestants, { group, unit: 'parts', rounds: 1, data, add });
  });
}

/** Starts the outage when the program is ready to send requests. */
async function turn(program, job, nginx, sha256) {
  const child = spawn(process.execPath, [program, JSON.stringify(job)], { stdio: ['pipe', 'pipe', 'pipe'] });
  let [output, stderr] = ['', ''];
  child.stdout.on('data', (text) => {
    output += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const gone = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), gone]);
  nginx.outage(true);
  child.stdin.on('error', () => {}).end('go\n');
  await sleep(OUTAGE_MS);
  nginx.outage(false);
  const [code, signal] = await gone;
  if (code !== 0) throw new Error(`exited (${signal ?? code})\n${stderr.trim()}`);
  const report = JSON.parse(output.slice(output.indexOf('\n')));
  if (report.arrived === job.keys.length && report.sha256 !== sha256)
    throw new Error('the bytes differ from the source');
  return report.arrived;
}
