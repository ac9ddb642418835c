// Checks what each program does. A check throws an AssertionError that says what is wrong.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readRecords } from 'recordpipe';
import { decodeExample } from 'recordpipe/messages';

/** @import { Place } from './programs.d.mts' */

/** @param {string} text */
const lines = (text) =>
  text
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '');

/** Runs the program, which must succeed, and returns its output. @param {Place} place */
async function output({ run }, env = {}) {
  const { status, stdout, stderr } = await run(env);
  assert.equal(status, 0, `exit code ${status}: ${stderr}`);
  return stdout;
}

/** Returns the integers of a feature. @param {string} source */
async function integers(source, name) {
  const values = [];
  for await (const record of readRecords(source))
    values.push(Number(decodeExample(record).get(name)?.value[0]));
  return values;
}

const files = (folder) =>
  Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'hex')]),
  );

/** @type {Record<string, (place: Place, expected: any) => Promise<void>>} */
export const CHECKS = {
  async gzippedShards(place, expected) {
    assert.equal((await output(place)).trim(), expected);
  },

  async meanOfAFeature(place, expected) {
    assert.deepEqual(JSON.parse(await output(place)), expected);
  },

  async shardsFromASource(place) {
    const out = join(place.folder, 'out');
    const failed = await place.run({ FAIL_AT: '1500' });
    assert.match(failed.stderr, /the database is gone/, 'the error of the source is not shown');
    assert.notEqual(failed.status, 0, 'the exit code is 0 although the source failed');
    assert.deepEqual(readdirSync(out), [], 'files remain after a failure');
    await output(place);
    const shards = files(out);
    assert.ok(
      Object.keys(shards).length > 1 &&
        Object.keys(shards).every((name) => /^rows-\d{5}-of-\d{5}\.tfrecord$/.test(name)),
    );
    assert.ok(
      Object.values(shards).every((hex) => hex.length <= 2 * 65536),
      'a shard is too large',
    );
    assert.deepEqual(
      await integers(out, 'id'),
      Array.from({ length: 2000 }, (_, i) => i),
    );
    await place.run({ FAIL_AT: '1500' });
    assert.deepEqual(files(out), shards, 'a failure changed the earlier shards');
    const stopped = await place.run({ WAIT_AT: '1500' }, (child) =>
      child.stderr?.once('data', () => child.kill('SIGTERM')),
    );
    assert.notEqual(stopped.status, 0, 'the exit code is 0 after SIGTERM');
    assert.deepEqual(files(out), shards, 'SIGTERM changed the folder');
  },

  async annotations(place, expected) {
    const { status, stdout } = await place.run();
    assert.deepEqual([status, ...lines(stdout)], [1, ...expected]);
    const data = join(place.folder, 'data');
    for (const name of ['b.tfrecord', 'c.tfrecord', 'd.tfrecord'])
      writeFileSync(join(data, name), readFileSync(join(data, 'a.tfrecord')));
    assert.equal(await output(place), '');
  },

  async ownS3(place, { env, close, lines: expected }) {
    try {
      const stdout = await output(place, { ...env, HOME: place.folder, AWS_EC2_METADATA_DISABLED: 'true' });
      assert.deepEqual(lines(stdout), expected);
    } finally {
      await close();
    }
  },

  async survivesAKill(place) {
    const progress = join(place.folder, 'progress.json');
    for (let kills = 0; kills < 2; kills++) {
      const before = existsSync(progress) ? readFileSync(progress, 'utf8') : '';
      const { signal } = await place.run({}, async (child) => {
        while (
          child.exitCode === null &&
          (existsSync(progress) ? readFileSync(progress, 'utf8') : '') === before
        )
          await sleep(5);
        child.kill('SIGKILL');
      });
      assert.equal(signal, 'SIGKILL', 'the program ended before it was killed');
    }
    assert.equal((await output(place)).trim(), '3 3 1200');
  },

  async damagedFile(place, { valid, losses, records }) {
    const printed = lines(await output(place));
    assert.deepEqual(
      printed.slice(0, -1).map((line) => JSON.parse(line)),
      losses,
    );
    assert.equal(printed.at(-1), String(records));
    assert.ok(
      valid.equals(readFileSync(join(place.folder, 'valid.tfrecord'))),
      'valid.tfrecord has other records',
    );
  },

  async recordsByNumber(place) {
    const { status } = await place.run({}, async (child) => {
      const [first] = await once(child.stdout, 'data');
      const get = (number) => fetch(`http://127.0.0.1:${String(first).trim()}/records/${number}`);
      try {
        const numbers = Array.from({ length: 100 }, (_, i) => (i * 97) % 500);
        const responses = await Promise.all(numbers.map(get));
        const bodies = await Promise.all(responses.map((response) => response.text()));
        assert.deepEqual(
          bodies,
          numbers.map((n) => `payload ${n} ${'x'.repeat(n)}`),
        );
        assert.equal((await get(500)).status, 404);
      } finally {
        child.kill('SIGTERM');
      }
    });
    assert.equal(status, 0);
  },

  async droppedFile(place, expected) {
    const names = ['a.tfrecord', 'b.tfrecord.gz', 'c.rec', 'd.txt', 'e.tfrecord'];
    writeFileSync(
      join(place.folder, 'drop.mjs'),
      `import { readFileSync } from 'node:fs';
import { check } from './solution.mjs';
for (const name of ${JSON.stringify(names)}) console.log(JSON.stringify(await check(new File([readFileSync(name)], name))));`,
    );
    const { stdout, stderr } = await place.run({}, undefined, [
      process.execPath,
      '--conditions=browser',
      'drop.mjs',
    ]);
    assert.deepEqual(
      lines(stdout).map((line) => JSON.parse(line)),
      expected,
      stderr,
    );
  },

  async augmentedManifest(place, expected) {
    assert.deepEqual(lines(await output(place)), expected);
  },

  async portAReader(place, expected) {
    assert.deepEqual(lines(await output(place)), expected);
  },

  async filterSplitQuery(place, expected) {
    const printed = lines(await output(place)).at(-1);
    const parts = join(place.folder, 'parts');
    const [train, test] = await Promise.all(
      ['train', 'test'].map((name) => integers(join(parts, `${name}-*`), 'user')),
    );
    assert.equal(train.length + test.length, expected, 'the parts have other records');
    assert.ok(train.length > test.length && test.length > 0);
    assert.ok(
      train.every((user) => !test.includes(user)),
      'a user is in both parts',
    );
    assert.deepEqual(JSON.parse(printed ?? ''), { rows: train.length, users: new Set(train).size });
  },
};
