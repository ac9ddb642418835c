import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { expandInputs } from 'recordpipe/check';
import { openTFRecordShards } from 'recordpipe/records/write';
import { encodeSample, readSamples, type Sample } from '../samples.js';

const folder = mkdtempSync(join(tmpdir(), 'typescript-app-'));
const main = fileURLToPath(new URL('../main.js', import.meta.url));
const samples: readonly Sample[] = Array.from({ length: 10 }, (_, id) => ({
  id,
  point: [id / 2, -id],
  tags: id % 2 === 0 ? ['even'] : [],
}));

before(async () => {
  const writer = openTFRecordShards(join(folder, 'train'), { suffix: '.tfrecord', maxShardBytes: 300 });
  for (const sample of samples) await writer.write(encodeSample(sample));
  await writer.close();
});
after(() => rmSync(folder, { recursive: true, force: true }));

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('samples are read as they were written', async () => {
  assert.deepEqual(await readSamples([folder]).toArray(), samples);
});

test('an interrupted epoch continues with the next batch', () => {
  const args = ['--batch', '3', '--seed', '7', folder];
  const whole = run(...args);
  assert.equal(whole.status, 0);
  const state = join(folder, 'state.json');
  const first = run('--state', state, '--max-batches', '2', ...args);
  const second = run('--state', state, ...args);
  assert.equal(first.stdout + second.stdout, whole.stdout);
  assert.equal(existsSync(state), false);
  const ids = whole.stdout.trim().split(/\s+/).map(Number);
  assert.deepEqual(
    ids.sort((a, b) => a - b),
    samples.map(({ id }) => id),
  );
});

test('invalid usage exits with 2, a missing file with 3, and truncated data with 1', async () => {
  assert.equal(run().status, 2);
  assert.equal(run('--batch', '0', folder).status, 2);
  assert.equal(run('--unknown', folder).status, 2);
  assert.equal(run(join(folder, 'missing.tfrecord')).status, 3);
  const [shard] = await expandInputs([folder]);
  assert.ok(shard !== undefined);
  truncateSync(shard, 20);
  const { status, stderr } = run(folder);
  assert.equal(status, 1);
  assert.match(stderr, /record 0/);
});
