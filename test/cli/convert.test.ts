import { once } from 'node:events';
import { linkSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodeTFRecord } from '../../src/index.ts';
import { cli, ended, startCli } from '../support/cli.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { FILE, flipped, PAYLOADS } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';
import { fileOf } from '../transform/kinds.ts';

const temp = tempDir();
const source = temp.file('in.tfrecord', FILE);
const big = temp.file('big.tfrecord', concat(Array(3000).fill(encodeTFRecord(new Uint8Array(10_000)))));

let places = 0;

/** Creates a new folder with sample files. */
function place(name = `place-${places++}`): { path: string; file(name: string): string; names(): string[] } {
  const path = temp.file(name);
  mkdirSync(path);
  return { path, file: (inner) => join(path, inner), names: () => readdirSync(path).sort() };
}

test('convert from TFRecord to RecordIO to base64 to TFRecord restores the file', async () => {
  const { file } = place('around');
  for (const [from, to] of [
    [source, file('a.rec')],
    [file('a.rec'), file('b.b64')],
    [file('b.b64'), file('c.tfrecord')],
  ])
    expect(await cli(['convert', from, to])).toMatchObject({ code: 0, stdout: '' });
  expect(readFileSync(file('a.rec'))).toEqual(Buffer.from(fileOf('recordio', PAYLOADS)));
  expect(readFileSync(file('b.b64'))).toEqual(Buffer.from(fileOf('base64', PAYLOADS)));
  expect(readFileSync(file('c.tfrecord'))).toEqual(Buffer.from(FILE));
});

test('convert reads from and writes to pipes', async () => {
  const first = await cli(['convert', '-', '-', '--to', 'base64'], { input: FILE });
  expect(first).toMatchObject({ code: 0, stdout: Buffer.from(fileOf('base64', PAYLOADS)).toString() });
  expect(first.stderr).toBe('<stdout>: 6 records, 814 B (tfrecord to base64)\n');
  const back = await cli(['convert', '-', '-', '--from', 'base64', '--to', 'tfrecord', '-q'], {
    input: first.bytes,
  });
  expect(back).toMatchObject({ code: 0, stderr: '' });
  expect(back.bytes).toEqual(Buffer.from(FILE));
});

test('convert compresses by extension and by option', async () => {
  const { file } = place('packed');
  await cli(['convert', source, file('a.rec.gz')]);
  expect([...readFileSync(file('a.rec.gz')).subarray(0, 2)]).toEqual([0x1f, 0x8b]);
  const options = ['--to', 'tfrecord', '--output-compression', 'zlib', '--level', '1', '--json'];
  const { stdout } = await cli(['convert', file('a.rec.gz'), file('b'), ...options]);
  expect(JSON.parse(stdout)).toMatchObject({
    from: 'recordio',
    to: 'tfrecord',
    compression: 'zlib',
    output: { records: 6 },
  });
});

test('convert --output-dir converts many files', async () => {
  const { file, path, names } = place('many');
  writeFileSync(file('train-00000-of-00002.tfrecord.gz'), readFileSync(source));
  writeFileSync(file('other.tfrecord-00001-of-00002'), readFileSync(source));
  const out = join(path, 'new');
  const run = await cli(['convert', path, '--output-dir', out, '--to', 'recordio']);
  expect(run.code).toBe(0);
  expect(readdirSync(out).sort()).toEqual(['other-00001-of-00002.rec', 'train-00000-of-00002.rec']);
  expect(names()).toContain('train-00000-of-00002.tfrecord.gz');
});

describe('convert rejects', () => {
  test.each([
    [['convert', source], 'expected an input and an output'],
    [['convert', source, 'a', 'b'], '--output-dir'],
    [['convert', source, 'out'], '--to'],
    [['convert', source, '-'], '--to'],
    [['convert', source, '-', '--to', 'base64', '--json'], '--json'],
    [['convert', source, 'a.rec', '--from', 'xlsx'], 'base64'],
    [['convert', source, 'a.rec', '--from', 'base64', '--format', 'tfrecord'], 'cannot be used'],
  ])('%j: exit code 2', async (args, text) => {
    const { code, stderr, stdout } = await cli(args, {
      cwd: place().path,
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(text);
  });

  test('an existing output with exit code 3, unless --force is given', async () => {
    const { file, names } = place('there');
    writeFileSync(file('old.rec'), 'old');
    const run = await cli(['convert', source, file('old.rec')]);
    expect(run.code).toBe(3);
    expect(run.stderr).toContain('already-exists');
    expect(run.stderr).toContain('--force');
    expect(readFileSync(file('old.rec'), 'utf8')).toBe('old');
    expect((await cli(['convert', source, file('old.rec'), '--force'])).code).toBe(0);
    expect(names()).toEqual(['old.rec']);
    expect(readFileSync(file('old.rec'))).toEqual(Buffer.from(fileOf('recordio', PAYLOADS)));
  });

  test('its input as the output, under any name, with exit code 3', async () => {
    const { file } = place('same');
    writeFileSync(file('data'), FILE);
    linkSync(file('data'), file('link.rec'));
    for (const output of [file('data'), file('link.rec')]) {
      const { code, stderr } = await cli(['convert', file('data'), output, '--to', 'recordio', '--force']);
      expect(code).toBe(3);
      expect(stderr).toContain('same file');
    }
    const appending = openSync(file('data'), 'a');
    const args = ['convert', file('data'), '-', '--to', 'recordio'];
    expect((await cli(args, { stdio: ['pipe', appending, 'pipe'] })).stderr).toContain('same file');
    const reading = openSync(file('data'), 'r');
    const fromStdin = ['convert', '-', file('link.rec'), '--force'];
    expect((await cli(fromStdin, { stdio: [reading, 'pipe', 'pipe'] })).stderr).toContain('same file');
    expect(readFileSync(file('data'))).toEqual(Buffer.from(FILE));
  });

  test('damage with exit code 1, without an output', async () => {
    const { file, names } = place('damage');
    const damaged = temp.file('damaged.tfrecord', flipped(FILE, FILE.length - 1));
    const { code, stderr } = await cli(['convert', damaged, file('out.rec')]);
    expect(code).toBe(1);
    expect(stderr).toContain('data-checksum');
    expect(names()).toEqual([]);
  });

  test('a record with a newline for textline with exit code 1, and names the record', async () => {
    const { file, names } = place('lines');
    const input = concat([encodeTFRecord(Buffer.from('a')), encodeTFRecord(Buffer.from('b\nc'))]);
    const { code, stderr } = await cli(['convert', '-', file('out.txt')], { input });
    expect(code).toBe(1);
    expect(stderr).toContain('unrepresentable');
    expect(stderr).toContain('record 1 at byte 17 of <stdin>');
    expect(names()).toEqual([]);
  });

  test('an invalid line of JSONL with exit code 1, and names the line', async () => {
    const { file, names } = place('bad-base64');
    writeFileSync(file('in.b64'), 'AAAA\nAA\n');
    const { code, stderr } = await cli(['convert', file('in.b64'), file('out.rec')]);
    expect(code).toBe(1);
    expect(stderr).toContain('malformed-base64: line 2');
    expect(names()).toEqual(['in.b64']);
  });

  test('a full disk on standard output with exit code 3', async () => {
    const full = openSync('/dev/full', 'w');
    const { code, stderr } = await cli(['convert', big, '-', '--to', 'recordio'], {
      stdio: ['pipe', full, 'pipe'],
    });
    expect(code).toBe(3);
    expect(stderr).toContain('no space left');
  });
});

test('convert ends quietly when the reader closes standard output', async () => {
  const child = startCli(['convert', big, '-', '--to', 'recordio']);
  const run = ended(child);
  child.stdout?.once('data', () => child.stdout?.destroy());
  expect(await run).toMatchObject({ code: 0, signal: null, stderr: '' });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s: exit code %i, and nothing is left', async (signal, code) => {
  const { file, names } = place(signal);
  const child = startCli(['convert', '-', file('out.rec')]);
  const run = ended(child);
  child.stdin?.on('error', () => {});
  child.stdin?.write(readFileSync(big));
  while (names().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill(signal);
  expect(await run).toMatchObject({ status: code, stderr: '' });
  expect(names()).toEqual([]);
});

test('a signal stops convert while nobody reads standard output', async () => {
  const child = startCli(['convert', big, '-', '--to', 'recordio']);
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  await once(child.stdout!, 'readable');
  child.kill('SIGTERM');
  expect([143, 'SIGTERM']).toContain(await exited);
});

test('convert --keep-going converts the other files and exits with 1 for an invalid one', async () => {
  const { path, file } = place('going');
  mkdirSync(file('in'));
  writeFileSync(join(file('in'), 'a.tfrecord'), 'PAR1\x15\x04\x15\x10\x00');
  writeFileSync(join(file('in'), 'b.tfrecord'), FILE);
  const args = ['convert', file('in'), '--output-dir', file('out'), '--to', 'recordio'];
  const first = await cli(args);
  expect({ code: first.code, made: readdirSync(file('out')) }).toEqual({ code: 1, made: [] });
  const { code, stderr } = await cli([...args, '--keep-going']);
  expect({ code, made: readdirSync(file('out')) }).toEqual({ code: 1, made: ['b.rec'] });
  expect(stderr).toContain('1 of 2 files not converted');
  expect((await cli(['convert', source, join(path, 'x.rec'), '--keep-going'])).code).toBe(2);
});
