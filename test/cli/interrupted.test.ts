import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { ended, jsonLines, startCli } from '../support/cli.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { FILE, OFFSETS, withBadPayloads } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const cwd = temp.path;
temp.file('a.tfrecord', withBadPayloads(FILE, OFFSETS, [1]));
temp.file('b.tfrecord', FILE);
// A pipe that stays open without further data, so that the check waits for it.
spawnSync('mkfifo', [join(cwd, 'slow')]);
const pipe = join(cwd, 'slow');

/** Interrupts a command as soon as it has printed `text`. */
async function interrupted(
  args: string[],
  text: string,
  from: 'stdout' | 'stderr',
): ReturnType<typeof ended> {
  const child = startCli(args, { cwd, stdio: [openSync(pipe, 'r+'), 'pipe', 'pipe'] });
  let seen = '';
  child[from]?.on('data', (chunk) => {
    seen += chunk;
    if (seen.includes(text)) child.kill('SIGINT');
  });
  return ended(child);
}

test('an interrupted validate prints its findings and a summary that says it is partial', async () => {
  const { status, stdout } = await interrupted(
    ['validate', '-', 'a.tfrecord', 'b.tfrecord', '--jobs', '2'],
    'data-checksum',
    'stdout',
  );
  expect(stdout).toMatch(/^invalid a\.tfrecord: 1 finding, .*\n {2}record 1 at byte \d+: data-checksum: /);
  expect(stdout).toMatch(/\ninterrupted \d of 3 files checked, 1 invalid; .* \(partial result\)\n$/);
  expect(status).toBe(130);
});

test('an interrupted validate --json prints the partial report, marked as such', async () => {
  const { stdout, stderr } = await interrupted(
    ['validate', '-', 'a.tfrecord', 'b.tfrecord', '--jobs', '2', '--json'],
    'data-checksum',
    'stderr',
  );
  expect(stderr).toMatch(/^invalid a\.tfrecord: 1 finding/);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ ok: false, totals: { bad: 1 }, interrupted: { unfinished: [] } });
  expect(report.totals.notChecked).toBeGreaterThan(0);
});

test('findings of a file that was not finished are reported too', async () => {
  const child = startCli(['validate', '-', '--jsonl'], { cwd });
  child.stdin?.on('error', () => {});
  child.stdin?.write(withBadPayloads(FILE, OFFSETS, [0, 1]));
  // The pipe and the command hold less than this, so the findings exist when all of it is written.
  const more = concat(Array(32).fill(encodeTFRecord(new Uint8Array(1024 * 1024))));
  child.stdin?.write(more, () => void child.kill('SIGINT'));
  const { stdout } = await ended(child);
  const [summary] = jsonLines<{ event: string; interrupted: { unfinished: object[] } }>(stdout);
  expect(summary.event).toBe('summary');
  expect(summary.interrupted.unfinished).toMatchObject([
    { uri: '<stdin>', code: 'data-checksum', record: 0 },
    { uri: '<stdin>', code: 'data-checksum', record: 1 },
  ]);
});

test('an interrupted count says that its result is partial', async () => {
  const { stderr } = await interrupted(
    ['count', '-', 'b.tfrecord', 'missing', '--jobs', '2'],
    'not-found',
    'stderr',
  );
  expect(stderr).toMatch(
    /recordpipe: interrupted: \d of 3 files counted, \d+ records? \(partial result\)\n$/,
  );
});
