import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { CheckpointOwners } from '../../../src/pipemode/train/checkpoint-owners.ts';
import { type CheckpointOptions, Checkpoints } from '../../../src/pipemode/train/checkpoints.ts';
import { closeS3Clients } from '../../../src/storage/s3/s3-clients.ts';
import { s3Place } from '../../support/s3-place.ts';
import { tempDir } from '../../support/temp-dir.ts';

afterAll(closeS3Clients);

const dir = tempDir();
const KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
for (const key of KEYS) process.env[key] = 'test';

/** Two new folders: the address and the local folder. */
function folders(stored: Record<string, string> = {}): { uri: string; local: string } {
  const root = mkdtempSync(join(dir.path, 'job-'));
  const uri = join(root, 'stored');
  write(uri, stored);
  return { uri, local: join(root, 'local') };
}

function write(folder: string, files: Record<string, string | Uint8Array>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** The files below a folder by name. */
function read(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (one) => !one.isDirectory(),
  );
  return Object.fromEntries(
    names
      .map((one) => join(one.parentPath, one.name))
      .sort()
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
  );
}

/** Makes all files of a folder old enough to be uploaded while the program runs. */
function age(folder: string): void {
  for (const name of Object.keys(read(folder))) utimesSync(join(folder, name), 1.6e9, 1.6e9);
}

function checkpoints(uri: string, local: string, options: Partial<CheckpointOptions> = {}) {
  const warnings: string[] = [];
  const onWarning = (code: string, message: string) => warnings.push(`${code}: ${message}`);
  return { warnings, it: new Checkpoints(uri, local, { onWarning, ...options }) };
}

async function code(run: Promise<unknown>): Promise<string | undefined> {
  return run.then(
    () => undefined,
    (error: { code?: string }) => error.code,
  );
}

describe('restore', () => {
  test('copies all checkpoints, and creates the folder', async () => {
    const stored = { 'step-1/model.pt': 'one', latest: 'step-1', empty: '' };
    const { uri, local } = folders(stored);
    expect(await checkpoints(uri, local).it.restore()).toEqual({ files: 3, bytes: 9 });
    expect(read(local)).toEqual(stored);
  });

  test('of an address without checkpoints, or that does not exist, restores none', async () => {
    const { uri, local } = folders();
    rmSync(uri, { recursive: true });
    expect(await checkpoints(uri, local).it.restore()).toEqual({ files: 0, bytes: 0 });
    expect(existsSync(local)).toBe(true);
  });

  test('rejects files of an earlier run, or removes them with clear', async () => {
    const { uri, local } = folders({ a: 'stored' });
    write(local, { b: 'only copy' });
    const { it } = checkpoints(uri, local);
    await expect(it.restore()).rejects.toThrow(/checkpoints of an earlier run.*--force/);
    // The checkpoints contain nothing from the other run.
    expect(await it.finish()).toEqual({ files: 0, bytes: 0 });
    expect([read(uri), read(local)]).toEqual([{ a: 'stored' }, { b: 'only copy' }]);
    await it.restore({ clear: true });
    expect(read(local)).toEqual({ a: 'stored' });
  });

  test.each(['../../escaped', 'a/../../escaped', 'a//b', '/absolute', './a'])(
    'rejects the object name %s',
    async (name) => {
      await using place = await s3Place({ objects: { [`bucket/job/${name}`]: Buffer.from('x') } });
      const { local } = folders();
      const { it } = checkpoints('s3://bucket/job', local, { objects: place.objects });
      expect(await code(it.restore())).toBe('unsupported-source');
      expect(read(join(local, '..'))).toEqual({});
    },
  );

  test('that fails halfway leaves no local files, and no stored checkpoint is deleted', async () => {
    const objects = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`bucket/job/${i}`, Buffer.from('x')]),
    );
    const faults = [{ key: 'job/7', operation: 'GetObject', do: 'status', status: 403 }] as const;
    await using place = await s3Place({ objects, faults });
    const { local } = folders();
    const { it } = checkpoints('s3://bucket/job', local, { objects: place.objects });
    expect(await code(it.restore())).toBe('access-denied');
    expect(read(local)).toEqual({});
    expect(await it.finish()).toEqual({ files: 0, bytes: 0 });
    expect(place.server.requests('DeleteObject')).toEqual([]);
    expect(await it.restore()).toEqual({ files: 9, bytes: 9 });
  });
});

test('an address and a local folder that overlap are rejected', () => {
  for (const [uri, local] of [
    ['a', 'a'],
    ['a', 'a/b'],
    ['a/b', 'a/'],
  ] as const)
    expect(() => new Checkpoints(uri, local)).toThrow(UsageError);
  expect(() => new Checkpoints('a', 'ab')).not.toThrow();
});

describe('synchronization', () => {
  test('uploads new and changed files only', async () => {
    const { uri, local } = folders({ old: 'old' });
    const { it } = checkpoints(uri, local);
    await it.restore();
    expect(await it.finish()).toEqual({ files: 0, bytes: 0 });
    write(local, { 'deep/new': 'new', old: 'changed' });
    expect(await it.finish()).toEqual({ files: 2, bytes: 10 });
    expect(read(uri)).toEqual({ 'deep/new': 'new', old: 'changed' });
    expect(await it.finish()).toEqual({ files: 0, bytes: 0 });
  });

  test('does not upload a file that was only touched', async () => {
    const { uri, local } = folders({ a: 'same' });
    const { it } = checkpoints(uri, local);
    await it.restore();
    age(local);
    expect(await it.finish()).toEqual({ files: 0, bytes: 0 });
    writeFileSync(join(local, 'a'), 'else');
    expect(await it.finish()).toEqual({ files: 1, bytes: 4 });
  });

  test('leaves young files to the next synchronization, and keeps deleted checkpoints until then', async () => {
    const { uri, local } = folders({ 'step-1': 'one' });
    const { it } = checkpoints(uri, local);
    await it.restore();
    write(local, { 'step-2': 'two' });
    rmSync(join(local, 'step-1'));
    expect(await it.sync()).toEqual({ files: 0, bytes: 0 });
    expect(read(uri)).toEqual({ 'step-1': 'one' });
    age(local);
    expect(await it.sync()).toEqual({ files: 1, bytes: 3 });
    expect(read(uri)).toEqual({ 'step-2': 'two' });
  });

  test('uploads a file that is modified continuously', async () => {
    const { uri, local } = folders();
    const { it } = checkpoints(uri, local, { settleMs: 20 });
    await it.restore();
    const until = Date.now() + 60_000;
    while (read(uri)['log'] === undefined && Date.now() < until) {
      appendFileSync(join(local, 'log'), 'line\n');
      await it.sync();
    }
    expect(read(uri)['log']).toMatch(/^(line\n)+$/);
  });

  test('deletes the objects of deleted files, and nothing else', async () => {
    const { uri, local } = folders({ a: 'a', 'b/c': 'c' });
    const { it } = checkpoints(uri, local);
    await it.restore();
    write(uri, { foreign: 'added later' });
    rmSync(join(local, 'b'), { recursive: true });
    await it.finish();
    expect(read(uri)).toEqual({ a: 'a', foreign: 'added later' });
  });

  test('deletes nothing if the whole folder disappears', async () => {
    const { uri, local } = folders({ a: 'a' });
    const { it, warnings } = checkpoints(uri, local);
    await it.restore();
    rmSync(local, { recursive: true });
    expect(await it.finish()).toEqual({ files: 0, bytes: 0 });
    expect(read(uri)).toEqual({ a: 'a' });
    expect(warnings).toEqual([expect.stringMatching(/^checkpoint-folder-missing: /)]);
  });

  test('follows links to files, and reports a name that is not UTF-8', async () => {
    const { uri, local } = folders();
    const { it } = checkpoints(uri, local);
    await it.restore();
    write(local, { 'step-1': 'one' });
    symlinkSync('step-1', join(local, 'latest'));
    await it.finish();
    expect(read(uri)).toEqual({ latest: 'one', 'step-1': 'one' });
    writeFileSync(Buffer.concat([Buffer.from(`${local}/`), Buffer.from([0xff])]), 'x');
    await expect(it.finish()).rejects.toThrow(/1 checkpoint could not be saved.*not UTF-8/);
  });

  test('never stores a torn file', async () => {
    const { uri, local } = folders();
    const { it } = checkpoints(uri, local, { settleMs: 0 });
    await it.restore();
    // Each version consists of one letter, and is written in place in small steps.
    const path = join(local, 'model');
    let stop = false;
    const writer = (async () => {
      for (let version = 0; !stop; version++) {
        writeFileSync(path, '');
        const letter = String.fromCharCode(97 + (version % 26));
        for (let i = 0; i < 8 && !stop; i++) {
          appendFileSync(path, letter.repeat(200_000));
          if (i % 3 === 0) await sleep(1);
        }
        await sleep(3);
      }
    })();
    for (let i = 0; i < 15; i++) {
      await it.sync();
      expect(read(uri)['model'] ?? '').toMatch(/^(.?)\1*$/s);
    }
    stop = true;
    await writer;
    await it.finish();
    expect(read(uri)).toEqual(read(local));
  });

  test('uploads at intervals while the program runs, until finish', async () => {
    const { uri, local } = folders();
    const { it } = checkpoints(uri, local, { settleMs: 0 });
    await it.restore();
    it.start(10);
    write(local, { a: 'a' });
    await expect.poll(() => read(uri)).toEqual({ a: 'a' });
    await it.finish();
    write(local, { b: 'b' });
    await sleep(50);
    expect(read(uri)).toEqual({ a: 'a' });
  });
});

describe('several hosts', () => {
  test('share the address; the last version is kept, with one warning', async () => {
    const { uri, local } = folders({ first: 'x' });
    const owners = new CheckpointOwners();
    const one = checkpoints(uri, `${local}-1`, { host: 'algo-1', owners });
    const two = checkpoints(uri, `${local}-2`, { host: 'algo-2', owners });
    for (const { it } of [one, two]) await it.restore();
    write(`${local}-1`, { 'algo-1': '1', same: 'of 1' });
    write(`${local}-2`, { 'algo-2': '2', same: 'of 2' });
    await one.it.finish();
    await two.it.finish();
    expect(read(uri)).toEqual({ 'algo-1': '1', 'algo-2': '2', first: 'x', same: 'of 2' });
    expect([one.warnings, two.warnings]).toEqual([
      [],
      [expect.stringMatching(/^checkpoint-clash: algo-1 and algo-2 both write the checkpoint same/)],
    ]);
  });

  test("do not delete another host's checkpoints", async () => {
    const { uri, local } = folders({ shared: 'restored', rotated: 'restored' });
    const owners = new CheckpointOwners();
    const one = checkpoints(uri, `${local}-1`, { host: 'algo-1', owners }).it;
    const two = checkpoints(uri, `${local}-2`, { host: 'algo-2', owners }).it;
    for (const it of [one, two]) await it.restore();
    write(`${local}-1`, { shared: 'new' });
    rmSync(join(`${local}-1`, 'rotated'));
    await one.finish();
    rmSync(join(`${local}-2`, 'shared'));
    await two.finish();
    expect(read(uri)).toEqual({ shared: 'new' });
  });
});

describe('in S3', () => {
  const objects = { 'bucket/job/step-1': Buffer.from('one') };

  test('an interrupted job continues from its last checkpoints', async () => {
    await using place = await s3Place({ objects });
    const { local } = folders();
    const options = { objects: place.objects };
    const first = checkpoints('s3://bucket/job', local, options).it;
    expect(await first.restore()).toEqual({ files: 1, bytes: 3 });
    write(local, { 'größe/step-2': 'two' });
    rmSync(join(local, 'step-1'));
    await first.finish();
    const second = checkpoints('s3://bucket/job/', local, options).it;
    expect(await second.restore({ clear: true })).toEqual({ files: 1, bytes: 3 });
    expect(read(local)).toEqual({ 'größe/step-2': 'two' });
    expect(await second.finish()).toEqual({ files: 0, bytes: 0 });
    expect(place.server.requests('PutObject').length).toBe(1);
  });

  test('a denied upload causes one warning while the program runs, and an error at the end', async () => {
    const denied = { operation: 'PutObject', do: 'status', status: 403, times: 1000 } as const;
    await using place = await s3Place({ objects, faults: [denied] });
    const { local } = folders();
    const { it, warnings } = checkpoints('s3://bucket/job', local, { objects: place.objects, settleMs: 0 });
    await it.restore();
    write(local, { a: 'a' });
    rmSync(join(local, 'step-1'));
    it.start(5);
    await expect.poll(() => place.server.requests('PutObject').length).toBeGreaterThanOrEqual(3);
    await expect(it.finish()).rejects.toThrow(/1 checkpoint could not be saved to s3:.*Local files remain/);
    expect(warnings).toEqual([
      expect.stringMatching(/^checkpoints-not-saved: .*next synchronization retries/),
    ]);
    // The old checkpoint remains until the new one is stored.
    expect(place.server.store.find('bucket/job/step-1')).toBeDefined();
    place.server.script.clear();
    expect(await it.finish()).toEqual({ files: 1, bytes: 1 });
    expect(place.server.store.find('bucket/job/step-1')).toBeUndefined();
  });

  test('requests that fail temporarily are retried', async () => {
    const faults = [
      { operation: 'PutObject', do: 'status', status: 503, times: 2 },
      { operation: 'PutObject', do: 'reset', at: 'before', after: 2, times: 1 },
    ] as const;
    await using place = await s3Place({ buckets: ['bucket'], faults });
    const { local } = folders();
    const { it } = checkpoints('s3://bucket/job', local, { objects: place.objects });
    await it.restore();
    write(local, { a: 'a' });
    expect(await it.finish()).toEqual({ files: 1, bytes: 1 });
  });

  test('a stopped job still saves its checkpoints', async () => {
    await using place = await s3Place({ buckets: ['bucket'] });
    const { local } = folders();
    const stop = new AbortController();
    const options = { objects: place.objects, signal: stop.signal };
    const { it } = checkpoints('s3://bucket/job', local, { ...options, settleMs: 0 });
    await it.restore();
    write(local, { partial: 'p' });
    renameSync(join(local, 'partial'), join(local, 'step-1'));
    stop.abort();
    expect(await code(it.sync())).toBe('aborted');
    expect(await it.finish()).toEqual({ files: 1, bytes: 1 });
    expect(await code(it.restore({ clear: true }))).toBe('aborted');
    expect(read(local)).toEqual({ 'step-1': 'p' });
  });

  test('a bucket that does not exist is an error before the program starts', async () => {
    await using place = await s3Place({});
    const { it } = checkpoints('s3://missing-bucket/job', folders().local, { objects: place.objects });
    expect(await code(it.restore())).toBe('object-missing');
  });
});
