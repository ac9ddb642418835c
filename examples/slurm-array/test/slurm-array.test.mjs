import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { encodeTFRecord } from 'recordpipe';

const project = fileURLToPath(new URL('..', import.meta.url));
// In the project, because all nodes must be able to access it.
const folder = mkdtempSync(join(project, 'test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const hasCluster = spawnSync('sinfo', ['--noheader']).status === 0;
if (!hasCluster)
  console.log('skipped: a real Slurm cluster (sinfo fails; the test sets the variables itself)');
const path = hasCluster ? process.env.PATH : join(project, 'test') + delimiter + process.env.PATH;

function validateAll(data, output, env = {}) {
  return spawnSync('bash', ['validate-all.sh', data, output, '4'], {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, PATH: path, ...env },
  });
}

function writeData(name, { damaged }) {
  const data = join(folder, name);
  mkdirSync(data);
  for (let i = 0; i < 8; i++) {
    const bytes = Buffer.concat([10, 20, 30].map((length) => encodeTFRecord(new Uint8Array(length).fill(i))));
    if (i === damaged) bytes[40] ^= 1;
    writeFileSync(join(data, `train-0000${i}-of-00008.tfrecord`), bytes);
  }
  return data;
}

test('an array validates every file, and the merged report has the totals', () => {
  const output = join(folder, 'valid-output');
  const { status, stderr } = validateAll(writeData('valid', {}), output);
  assert.equal(status, 0, stderr);
  const { result } = JSON.parse(readFileSync(join(output, 'report.json'), 'utf8'));
  assert.deepEqual([result.totals.files, result.totals.records, result.totals.bad], [8, 24, 0]);
});

test('a damaged file exits with 1', () => {
  const { status, stdout } = validateAll(
    writeData('damaged', { damaged: 5 }),
    join(folder, 'damaged-output'),
  );
  assert.equal(status, 1);
  assert.match(stdout, /invalid 1 of 8 files/);
});

test('a task that failed runs again', { skip: hasCluster && 'the cluster does not fail' }, () => {
  const once = join(folder, 'fail-once');
  writeFileSync(once, '');
  const output = join(folder, 'again-output');
  const { status, stderr } = validateAll(join(folder, 'valid'), output, { FAIL_ONCE: once });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /attempt 1: some tasks failed/);
  assert.ok(existsSync(join(output, 'report.json')));
});

test('an existing output directory is not used again', () => {
  assert.equal(validateAll(join(folder, 'valid'), join(folder, 'valid-output')).status, 3);
});
