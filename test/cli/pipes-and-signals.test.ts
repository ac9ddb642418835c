import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { cli, ended, startCli } from '../support/cli.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { FILE } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const big = temp.file('big.tfrecord', concat(Array(3000).fill(encodeTFRecord(new Uint8Array(10_000)))));
const good = temp.file('good.tfrecord', FILE);
temp.file('+first', FILE); // Sorts before `-`.

const LONG_OUTPUT = [
  ['cat', [big]],
  ['inspect', [big, '-n', '0', '--hash', '--jsonl']],
] as const;

test.each([
  ...LONG_OUTPUT,
  ['validate', [...Array(40).fill(big), '--jsonl']],
  ['query', ['select random() as x from range(300000)', '--to', 'parquet']],
] as const)('%s ends quietly when the reader closes the pipe', async (command, args) => {
  const child = startCli([command, ...args]);
  const run = ended(child);
  child.stdout?.once('data', () => child.stdout?.destroy());
  expect(await run).toMatchObject({ code: 0, signal: null, stderr: '' });
});

// Node connects the process by a socket pair, whose writer receives ECONNRESET instead of EPIPE.
test.each(LONG_OUTPUT)('%s ends quietly when the reader leaves output unread', async (command, args) => {
  const child = startCli([command, ...args]);
  const run = ended(child);
  child.stdout?.pause();
  while (child.stdout?.readableLength === 0 && child.exitCode === null) await setTimeout(20);
  await setTimeout(200); // The command fills the socket.
  child.stdout?.destroy();
  expect(await run).toMatchObject({ code: 0, signal: null, stderr: '' });
});

test('a closed pipe does not hide invalid data', async () => {
  const bad = temp.file('bad.tfrecord', FILE.subarray(0, 100));
  const child = startCli(['validate', bad, '--jsonl']);
  child.stdout?.destroy();
  expect(await ended(child)).toMatchObject({ code: 1, stderr: '' });
});

test('a closed standard error does not fail the command', async () => {
  const child = startCli(['count', temp.file('missing')]);
  child.stderr?.destroy();
  expect((await ended(child)).code).toBe(3);
});

test.skipIf(!existsSync('/dev/full'))('a full disk is: exit code 3', async () => {
  const { code, stderr } = await cli(['cat', big], { stdio: ['pipe', openSync('/dev/full', 'w'), 'pipe'] });
  expect(code).toBe(3);
  expect(stderr).toContain('no space left');
});

test.each([
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGQUIT', 131],
  ['SIGTERM', 143],
] as const)('%s: exit code %i, and no report', async (signal, code) => {
  const report = temp.file(`report-${signal}.json`);
  // Standard input keeps the run waiting, so that it is certainly in progress when the signal
  // arrives.
  const args = ['validate', '+first', '-', '--report', report, '--jsonl'];
  const child = startCli(args, { cwd: temp.path });
  const run = ended(child);
  await once(child.stdout!, 'data');
  child.kill(signal);
  expect(await run).toMatchObject({ status: code, stderr: '' });
  expect(existsSync(report)).toBe(false);
  expect(readdirSync(temp.path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test.each([
  ['SIGHUP', 1, 300],
  ['SIGTERM', 2, 1000],
] as const)('%s, sent %i times, leaves none of %i unfinished shards', async (signal, times, count) => {
  const place = temp.file(`shards-${signal}`);
  mkdirSync(place);
  const child = startCli(['split', '-', `${place}/out`, '-n', '1', '-q']);
  const run = ended(child);
  child.stdin!.on('error', () => {});
  // Standard input stays open, so that the run waits for more records.
  child.stdin!.write(concat(Array(count + 1).fill(encodeTFRecord(new Uint8Array(10)))));
  while (readdirSync(place).length < count) await setTimeout(20);
  for (let i = 0; i < times; i++) child.kill(signal);
  expect((await run).status).toBe({ SIGHUP: 129, SIGTERM: 143 }[signal]);
  expect(readdirSync(place)).toEqual([]);
});

test('a signal stops writing to a reader that does not read', async () => {
  const child = startCli(['cat', big]);
  const run = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  await once(child.stdout!, 'readable');
  child.kill('SIGTERM');
  expect([143, 'SIGTERM']).toContain(await run);
});

test('a signal stops waiting for the writer of a named pipe', async () => {
  const pipe = temp.file('pipe');
  execFileSync('mkfifo', [pipe]);
  const child = startCli(['validate', pipe]);
  const run = ended(child);
  await setTimeout(500);
  child.kill('SIGINT');
  expect((await run).status).toBe(130);
});

test('validate reads a named pipe to its end', async () => {
  const pipe = temp.file('pipe2');
  execFileSync('mkfifo', [pipe]);
  const writer = spawn('sh', ['-c', 'exec cat "$1" > "$2"', 'sh', good, pipe]);
  const { stdout } = await cli(['validate', pipe, '--json']);
  writer.kill(); // Without a reader, it would wait forever.
  expect(JSON.parse(stdout).files).toMatchObject([{ ok: true, records: 6, bytes: statSync(good).size }]);
});

test.each([
  [['--help'], 0],
  [['help', 'convert'], 0],
  [['--version'], 0],
  [['no-such-command'], 2],
] as const)('%j ends quietly when nobody reads', async (args, code) => {
  const child = startCli(args);
  child.stdout?.destroy();
  child.stderr?.destroy();
  expect(await ended(child)).toMatchObject({ code, signal: null });
});

test.skipIf(!existsSync('/dev/full'))('help on a full disk is: exit code 3', async () => {
  const { code, stderr } = await cli(['--help'], { stdio: ['pipe', openSync('/dev/full', 'w'), 'pipe'] });
  expect(code).toBe(3);
  expect(stderr).toMatch(/^recordpipe: io-failure: .*no space left.*\n.*\n$/);
});

test.each(['rec', 'tfrecord.gz'])(
  'a signal in the middle of a large record leaves nothing: %s',
  async (extension) => {
    const place = temp.file(`large-${extension}`);
    mkdirSync(place);
    const large = temp.file('large.tfrecord', encodeTFRecord(Buffer.alloc(80_000_000, randomBytes(1 << 20))));
    const child = startCli(['convert', large, `${place}/out.${extension}`, '-q']);
    const run = ended(child);
    const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    const written = (): number =>
      Math.max(0, ...readdirSync(place).map((name) => sizeOf(`${place}/${name}`)));
    while (written() === 0 && child.exitCode === null) await setTimeout(5);
    child.kill('SIGTERM');
    const { status } = await run;
    expect([0, 143]).toContain(status);
    // The signal may arrive after the file is complete.
    const names = readdirSync(place);
    expect(names).toEqual(status === 0 || names.length > 0 ? [`out.${extension}`] : []);
    for (const name of names) expect((await cli(['validate', `${place}/${name}`])).code).toBe(0);
  },
);
