import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeEach, expect, test } from 'vitest';
import { cli, jsonLines } from '../support/cli.ts';
import { oracleFileRecordIO } from '../support/oracle-recordio.ts';
import { FILE, flipped, OFFSETS, PAYLOADS } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const temp = tempDir();
const folder = join(temp.path, 'data');
const a = join(folder, 'a.tfrecord');
const rec = join(folder, 'b.rec');
const REC = oracleFileRecordIO(PAYLOADS);

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(a, FILE);
  writeFileSync(rec, REC);
});

test('index -o - writes only the index to standard output', async () => {
  for (const kind of ['dali', 'rpidx'] as const) {
    await cli(['index', a, '--kind', kind, '-o', join(folder, kind)]);
    const run = spawnSync(process.execPath, [MAIN, 'index', a, '--kind', kind, '-o', '-']);
    expect(run.stdout).toEqual(readFileSync(join(folder, kind)));
    expect(run.stderr.toString()).toMatch(/^written -: 6 records/);
  }
  expect(await cli(['index', a, '-o', '-', '--json'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('--json: standard output receives the index'),
  });
});

test('index writes an index next to each file, keeps a matching one, and checks it', async () => {
  const first = await cli(['index', folder]);
  expect(first.code).toBe(0);
  expect(first.stderr).toMatch(/^ok 2 files; 12 records, .* in .*\n$/);
  expect(first.stdout).toBe(
    `written ${a}.rpidx: 6 records of ${a}, 698 B\nwritten ${rec}.rpidx: 6 records of ${rec}, ${REC.length} B\n`,
  );
  const { mtimeMs } = statSync(`${a}.rpidx`);
  const again = await cli(['index', folder]);
  expect(again.stdout).toMatch(/^up to date .*\nup to date .*\n$/);
  expect(statSync(`${a}.rpidx`).mtimeMs).toBe(mtimeMs);
  const check = await cli(['index', '--check', folder]);
  expect(check.code).toBe(0);
  expect(check.stderr).toMatch(/^recordpipe: .*: skipped 2 files, indexes and manifests: .*\n/);
  expect(check.stdout).toMatch(/^matches .*\nmatches .*\n$/);
  expect(await cli(['index', '-q', '--force', folder])).toMatchObject({ code: 0, stdout: '', stderr: '' });
});

test('index --json prints one document, and --jsonl one line per file', async () => {
  const { code, stdout, stderr } = await cli(['index', a, '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const file = {
    uri: a,
    index: `${a}.rpidx`,
    kind: 'rpidx',
    format: 'tfrecord',
    records: 6,
    bytes: FILE.length,
  };
  expect(JSON.parse(stdout)).toEqual({ ok: true, files: [{ ...file, status: 'written' }] });
  expect(jsonLines((await cli(['index', a, '--jsonl'])).stdout)).toEqual([
    { event: 'file', ...file, status: 'up-to-date' },
    { event: 'summary', ok: true, files: 1, bad: 0 },
  ]);
});

test('index --kind writes the formats of other tools', async () => {
  for (const kind of ['vahidk', 'dali']) {
    expect(await cli(['index', a, '--kind', kind, '-q'])).toMatchObject({ code: 0, stderr: '' });
    const lines = PAYLOADS.map(({ length }, i) => `${OFFSETS[i]} ${length + 16}\n`);
    expect(readFileSync(join(folder, 'a.idx'), 'utf8')).toBe(lines.join(''));
  }
  const output = join(folder, 'b.idx');
  expect(await cli(['index', rec, '--kind', 'mx', '-q'])).toMatchObject({ code: 0, stderr: '' });
  expect(readFileSync(output, 'utf8')).toMatch(/^0\t0\n1\t20\n/);
  expect((await cli(['index', rec, '--kind', 'mx'])).stdout).toContain('up to date');
  expect((await cli(['index', rec, '--kind', 'mx', '--check'])).stdout).toContain(`matches ${output}`);
  expect((await cli(['index', rec, '--check'])).stdout).toContain(`matches ${output}`);
  expect(await cli(['index', a, '--kind', 'mx'])).toMatchObject({ code: 3 });
});

test('index --kind takes only the files of its format from a directory', async () => {
  expect((await cli(['index', folder, '--kind', 'dali'])).code).toBe(0);
  expect((await cli(['index', folder, '--kind', 'mx'])).code).toBe(0);
  expect(readdirSync(folder).sort()).toEqual(['a.idx', 'a.tfrecord', 'b.idx', 'b.rec']);
});

test('index --check reports a stale index, and index rebuilds it', async () => {
  await cli(['index', a]);
  writeFileSync(a, Buffer.concat([FILE, FILE]));
  const check = await cli(['index', '--check', a, '--json']);
  expect(check.code).toBe(1);
  expect(JSON.parse(check.stdout)).toMatchObject({
    ok: false,
    files: [{ uri: a, status: 'failed', error: { code: 'index-mismatch' } }],
  });
  expect(check.stderr).toContain('recordpipe index --force');
  expect((await cli(['index', a])).stdout).toContain('written');
  expect(await cli(['index', '--check', a])).toMatchObject({ code: 0 });
  utimesSync(a, 1, 1);
  expect(await cli(['index', '--check', a])).toMatchObject({ code: 0 });
  expect((await cli(['index', a])).stdout).toContain('written');
});

test('index replaces MXNet keys and other files only with --force', async () => {
  const index = join(folder, 'b.idx');
  writeFileSync(index, 'cat\t20\ndog\t0\n');
  const unfit = await cli(['index', rec, '--kind', 'mx']);
  expect(unfit.code).toBe(1);
  expect(unfit.stderr).toContain('has no key');
  writeFileSync(index, 'my notes');
  const foreign = await cli(['index', rec, '--kind', 'mx']);
  expect(foreign).toMatchObject({ code: 3, stdout: '' });
  expect(foreign.stderr).toContain('already-exists');
  expect(readFileSync(index, 'utf8')).toBe('my notes');
  expect(await cli(['index', rec, '--kind', 'mx', '--force'])).toMatchObject({ code: 0 });
});

test('index continues after damaged, compressed and missing files', async () => {
  const bad = join(folder, 'bad.tfrecord');
  writeFileSync(bad, flipped(FILE, OFFSETS[4]));
  const packed = join(folder, 'packed.tfrecord.gz');
  writeFileSync(packed, gzipSync(FILE));
  const { code, stdout, stderr } = await cli(['index', bad, a, packed, join(folder, 'none')]);
  expect(code).toBe(1);
  expect(stdout).toContain(`written ${a}.rpidx`);
  expect(stderr).toContain('length-checksum');
  expect(stderr).toContain('decompress the file');
  expect(stderr).toContain('not-found');
  expect([bad, packed].map((path) => existsSync(`${path}.rpidx`))).toEqual([false, false]);
  expect((await cli(['index', packed, a])).code).toBe(3);
  expect(await cli(['index', '--check', packed])).toMatchObject({ code: 3 });
});

test('index --full verifies payloads', async () => {
  writeFileSync(a, flipped(FILE, OFFSETS[4] - 1));
  expect(await cli(['index', a])).toMatchObject({ code: 0 });
  const { code, stderr } = await cli(['index', a, '--full', '--force']);
  expect(code).toBe(1);
  expect(stderr).toContain('data-checksum');
});

test('index supports lines of text', async () => {
  const text = join(folder, 'lines.csv');
  writeFileSync(text, 'a;b;c');
  const { stdout } = await cli(['index', text, '--format', 'textline', '--delimiter', ';', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ files: [{ format: 'textline', records: 3 }] });
});

test('index rejects wrong usage with exit code 2', async () => {
  for (const args of [
    ['index'],
    ['index', '-'],
    ['index', a, rec, '--output', 'x'],
    ['index', a, '--check', '--force'],
    ['index', a, '--kind', 'no'],
  ])
    expect((await cli(args)).code, args.join(' ')).toBe(2);
});
