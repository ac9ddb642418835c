import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  PipeModeStreamer,
  type StreamChannelInput,
  TrainingProgram,
} from '../../../src/pipemode/streamer/index.ts';
import { processesOf } from '../../../src/pipemode/streamer/program-guard.ts';
import { cli, ended, startCli } from '../../support/cli.ts';
import { isAlive } from '../../support/processes.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { missingProgram } from '../reader/programs.ts';
import { writeObjects } from './stream-place.ts';

const temp = tempDir();
const data = temp.file('data');
writeObjects(data, { a: 'one\n'.repeat(100_000), b: 'two\n' });
const cut = temp.file('cut.manifest', Buffer.from(JSON.stringify([{ prefix: `${data}/` }, 'b', 'none'])));
const CUT: StreamChannelInput = { name: 'train', uri: cut, dataType: 'ManifestFile' };
const MAIN = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
/**
 * Reads a pipe to its end and then writes a file, like a program that would train on truncated
 * data.
 */
const READ = 'cat "$DIR/train_0" > "$DIR/got" && echo > "$DIR/complete"';
let places = 0;

function newPlace(): string {
  const place = temp.file(`place-${places++}`);
  mkdirSync(place);
  return place;
}

/** Serves channels to a shell script. @returns its exit code and the files that it wrote */
async function supervised(
  channels: readonly StreamChannelInput[],
  script: string,
  graceMs = 5000,
): Promise<{ failure: unknown; exitCode: number; files: string[]; killed: boolean }> {
  const pipeDir = newPlace();
  await using streamer = new PipeModeStreamer({ channels, pipeDir, epochs: 2 });
  let failure: unknown;
  const running = streamer.run().catch((error: unknown) => {
    failure = error;
  });
  await streamer.ready;
  const program = new TrainingProgram(['sh', '-c', script], { DIR: pipeDir }, { graceMs });
  streamer.supervise(program);
  const exitCode = await program.ended;
  await program.stop();
  await streamer.stop();
  await running;
  expect(processesOf(program.mark!)).toEqual([]);
  const files = readdirSync(pipeDir).filter((name) => !name.endsWith('.status.json'));
  return { failure, exitCode, files, killed: program.killed };
}

describe('a program whose data cannot be delivered is stopped before it receives an end of file', () => {
  test.each([
    ['a child of the shell', READ],
    ['a grandchild', `sh -c '${READ}' && echo > "$DIR/saved"`],
    ['a process in the background', `(${READ}) & wait; echo > "$DIR/saved"`],
    ['a process in its own session', `setsid sh -c '${READ}' & sleep 60`],
    [
      'a process in its own session, with its own environment',
      `(setsid env -i DIR="$DIR" PATH="$PATH" sh -c '${READ}'); sleep 60`,
    ],
    ['an orphan in its own session', `(setsid sh -c '${READ}' &); sleep 60`],
    ['the end of a shell pipeline', 'cat "$DIR/train_0" | (cat > "$DIR/got"; echo > "$DIR/complete")'],
  ])('%s', async (_, script) => {
    const { failure, files } = await supervised([CUT], script);
    expect(failure).toMatchObject({ code: 'not-found' });
    expect(files.filter((name) => name !== 'got')).toEqual([]);
  });

  test('the reader of another channel that is blocked in open is stopped too', async () => {
    const other = { name: 'test', uri: data };
    const waits = '(exec 3< "$DIR/test_0"; cat "$DIR/test_1" > "$DIR/got"; echo > "$DIR/complete")';
    const { failure, files } = await supervised([other, CUT], `${waits} & sleep 0.1; ${READ}`);
    expect(failure).toMatchObject({ code: 'not-found' });
    expect(files.filter((name) => name !== 'got')).toEqual([]);
  });

  test('a program that ignores SIGTERM is killed after the grace period', async () => {
    const { failure, files, killed } = await supervised([CUT], `trap '' TERM; ${READ}`, 200);
    expect(failure).toMatchObject({ code: 'not-found' });
    expect([files, killed]).toEqual([['got'], true]);
  });
});

test('a process that outlives the program is stopped before it receives an end of file', async () => {
  const channel = { name: 'train', uri: data };
  const slow = 'exec 3< "$DIR/train_0"; head -c 10 <&3 >/dev/null; sleep 60; cat <&3; echo > "$DIR/complete"';
  const { exitCode, files } = await supervised([channel], `(${slow}) & sleep 0.2; exit 7`);
  expect([exitCode, files]).toEqual([7, []]);
});

describe('recordpipe stream with a program', () => {
  /** Reads some bytes, reports that, waits, and would then read the rest. */
  const SLOW = `exec 3< "$SM_INPUT_DIR/data/train_0"; head -c 10 <&3 >/dev/null; echo $$ > "$SM_MODEL_DIR/up"
    while :; do sleep 0.05; done & wait $!; cat <&3; echo > "$SM_MODEL_DIR/complete"`;

  async function signalled(script: string, signal: NodeJS.Signals, more: readonly string[] = [], env = {}) {
    const root = newPlace();
    const args = ['stream', '-c', `train=${data}`, '--root', root, '-q', ...more, '--', 'sh', '-c', script];
    const child = startCli(args, { env });
    const run = ended(child);
    await expect.poll(() => existsSync(join(root, 'model/up'))).toBe(true);
    await expect.poll(() => readFileSync(join(root, 'model/up'), 'utf8')).toMatch(/\n/);
    child.kill(signal);
    const { code } = await run;
    const pid = Number(readFileSync(join(root, 'model/up'), 'utf8'));
    return { code, pid, files: () => readdirSync(join(root, 'model')) };
  }

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGQUIT', 131],
  ] as const)('%s stops all its processes', async (signal, expected) => {
    const { code, files } = await signalled(`sh -c '${SLOW}' && echo saved`, signal, ['--grace', '200ms']);
    expect([code, files()]).toEqual([expected, ['up']]);
  });

  test('a program that ignores SIGTERM is killed after the grace period, without a second signal', async () => {
    const { code, files } = await signalled(`trap '' TERM; ${SLOW}`, 'SIGTERM', ['--grace', '200ms']);
    expect([code, files()]).toEqual([143, ['up']]);
  });

  test('when recordpipe itself is killed, all processes of the program are stopped before they receive an end of file', async () => {
    const script = `trap 'echo > "$SM_MODEL_DIR/told"' TERM; ${SLOW}`;
    // The grace period leaves time for the trap on a busy machine.
    const { files, pid } = await signalled(script, 'SIGKILL', ['--grace', '3s']);
    await expect.poll(() => isAlive(pid)).toBe(false);
    expect(files()).toEqual(['told', 'up']);
  });

  test('when recordpipe itself is killed as it opens a pipe, the program is stopped before it receives an end of file', async () => {
    const reads = `echo $$ > "$SM_MODEL_DIR/up"; ${READ.replaceAll('$DIR/train', '$SM_INPUT_DIR/data/train')}`;
    const script = `DIR="$SM_MODEL_DIR" setsid sh -c '${reads}' & sleep 20`;
    const hook = `--import=${join(import.meta.dirname, 'kill-at-open.mjs')}`;
    const { files, pid } = await signalled(script, 'SIGKILL', [], { NODE_OPTIONS: hook });
    await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
    expect(files().filter((name) => name !== 'got')).toEqual(['up']);
  });

  test.each([
    ['while the program reads no pipe', 'echo $$ > "$SM_MODEL_DIR/up"'],
    ['as the first action of the program', 'echo $$ > "$SM_MODEL_DIR/up"; kill -s KILL $PPID'],
  ])('when recordpipe itself is killed %s, the program is stopped', async (_, start) => {
    const { files, pid } = await signalled(`${start}; sleep 60; echo > "$SM_MODEL_DIR/survived"`, 'SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
    expect(files()).toEqual(['up']);
  });

  test.each([
    ['a', 'head -c 10 "$P" >/dev/null'],
    ['b', 'exec 3< "$P"'],
    ['b', 'head -c 2 "$P"'],
  ])('--strict-eof: a program that leaves early (%s: %s) causes exit code 3', async (name, script) => {
    const source = `train=${join(data, name)}`;
    const args = ['stream', '-c', source, '--root', newPlace(), '--strict-eof', '--', 'sh', '-c'];
    const { code, stderr } = await cli([...args, `P="$SM_INPUT_DIR/data/train_0"; ${script}`]);
    expect([code, stderr]).toEqual([3, expect.stringContaining('the reader closed the pipe after')]);
  });

  test.skipIf(missingProgram('python3'))(
    'Ctrl-C in a terminal reaches it once, and it reads typed input',
    () => {
      const root = newPlace();
      const script = temp.file('told.py');
      writeFileSync(
        script,
        `import signal, sys
count = 0
def told(*_):
    global count
    count += 1
    print('told', flush=True)
signal.signal(signal.SIGINT, told)
print('up', flush=True)
print('read', sys.stdin.readline().strip(), 'after', count, 'signal', flush=True)
sys.exit(6)
`,
      );
      const python = join(import.meta.dirname, 'in-terminal.py');
      const words = [process.execPath, MAIN, 'stream', '-c', `train=${data}`, '--root', root, '-q', '--'];
      const typed = ['up', '\\x03', 'told', 'hello\\n'];
      const run = spawnSync('python3', [python, ...typed, '--', ...words, 'python3', script]);
      expect(String(run.stdout)).toContain('read hello after 1 signal');
      expect(run.status).toBe(6);
    },
  );
});
