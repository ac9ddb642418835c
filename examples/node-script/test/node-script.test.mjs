import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = mkdtempSync(join(tmpdir(), 'node-script-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = (name) => join(folder, name);

function node(script, ...args) {
  const path = fileURLToPath(new URL(`../${script}`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('lines become shards, and their labels are counted', () => {
  writeFileSync(
    file('reviews.jsonl'),
    '{"text":"good","label":1}\n{"text":"bad","label":0}\n{"text":"fine","label":1}\n',
  );
  const path = file('shards/reviews-00000-of-00001.tfrecord');
  assert.deepEqual(node('write-shards.mjs', file('reviews.jsonl'), file('shards/reviews')), {
    status: 0,
    stdout: `${path}: 3 records\n`,
    stderr: '',
  });
  assert.deepEqual(node('count-labels.mjs', file('shards')), {
    status: 0,
    stdout: '0\t1\n1\t2\n',
    stderr: '',
  });
});

test('existing shards are not overwritten', () => {
  const { status, stderr } = node('write-shards.mjs', file('reviews.jsonl'), file('shards/reviews'));
  assert.equal(status, 3);
  assert.match(stderr, /shards with this prefix exist/);
});

test('an invalid line is named, and no shard remains', () => {
  writeFileSync(file('invalid.jsonl'), '{"text":"good","label":1}\n{"text":"bad"}\n');
  const { status, stderr } = node('write-shards.mjs', file('invalid.jsonl'), file('invalid/reviews'));
  assert.equal(status, 1);
  assert.match(stderr, /invalid\.jsonl:2: expected/);
  assert.deepEqual(readdirSync(file('invalid')), []);
});

test('a damaged record exits with 1 and a missing file with 3', () => {
  const bytes = readFileSync(file('shards/reviews-00000-of-00001.tfrecord'));
  bytes[bytes.length - 10] ^= 1;
  writeFileSync(file('damaged.tfrecord'), bytes);
  const damaged = node('count-labels.mjs', file('damaged.tfrecord'));
  assert.equal(damaged.status, 1);
  assert.match(damaged.stderr, /record 2/);
  assert.equal(node('count-labels.mjs', file('missing.tfrecord')).status, 3);
});
