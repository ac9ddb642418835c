import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { PipeModeStreamer, TrainingProgram } from '../../../src/pipemode/streamer/index.ts';
import { privateRootCommand } from '../../../src/pipemode/train/private-root.ts';
import { isAlive } from '../../support/processes.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { missingProgram } from '../reader/programs.ts';

const temp = tempDir();
const isAvailable = privateRootCommand(temp.path, ['true']) !== undefined;
const NOBODY = 65_534;
const MAIN = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
let count = 0;

interface Run {
  readonly exitCode: number;
  readonly lines: readonly string[];
  readonly root: string;
}

/** Runs a command with a private `/opt/ml`. */
async function run(words: readonly string[], environment: Record<string, string> = {}): Promise<Run> {
  const root = temp.file(`root-${count++}`);
  mkdirSync(join(root, 'input/data'), { recursive: true });
  const hosts = { 'algo-1': '127.0.0.1', 'algo-2': '127.0.0.2' };
  const lines: string[] = [];
  const program = new TrainingProgram(privateRootCommand(root, words, { hosts }) as string[], environment, {
    stdio: 'lines',
    onLine: (line) => void lines.push(line),
  });
  const exitCode = await program.ended;
  await program.stop();
  return { exitCode, lines, root };
}

describe.skipIf(!isAvailable)('a private /opt/ml', () => {
  test('is the root folder, and no other process sees it', async () => {
    const before = [existsSync('/opt/ml'), readdirSync('/opt')];
    const { exitCode, root } = await run(['sh', '-c', 'echo one > /opt/ml/file; exit 7']);
    expect([exitCode, readFileSync(join(root, 'file'), 'utf8')]).toEqual([7, 'one\n']);
    expect([existsSync('/opt/ml'), readdirSync('/opt')]).toEqual(before);
  });

  test('the rest of /opt, the user, the working directory and the variables do not change', async () => {
    const script = 'ls -A /opt; echo; id -u; id -g; pwd';
    const { lines } = await run(['sh', '-c', script]);
    const names = [...new Set([...readdirSync('/opt'), 'ml'])].toSorted();
    const [user, group] = [process.getuid?.(), process.getgid?.()].map(String);
    expect(lines.slice(0, -4).toSorted()).toEqual(names);
    expect(lines.slice(-3)).toEqual([user, group, process.cwd()]);
    const given = { 'SM_CHANNEL_MY-DATA': 'a b', uid: 'c', entry: 'd\ne', PATH: '/usr/bin:/bin' };
    const variables = await run(['env', '-0'], given);
    const found = new Set(variables.lines.join('\n').split('\0'));
    for (const [name, value] of Object.entries(given)) expect(found).toContain(`${name}=${value}`);
    expect([...found].filter((text) => text.startsWith('recordpipe_'))).toEqual([]);
  });

  test.skipIf(missingProgram('getent'))(
    'host names of the job resolve to addresses of this machine',
    async () => {
      const { lines } = await run(['getent', 'ahostsv4', 'algo-2']);
      expect(lines[0]).toMatch(/^127\.0\.0\.2 /);
    },
  );

  test('all processes of the program are found and stopped', async () => {
    const root = temp.file(`root-${count++}`);
    mkdirSync(root);
    const script = `trap '' TERM; setsid sh -c "trap '' TERM; echo \\$\\$; sleep 60" & sleep 60; sleep 60`;
    const lines: string[] = [];
    const program = new TrainingProgram(
      privateRootCommand(root, ['sh', '-c', script]) as string[],
      {},
      {
        graceMs: 100,
        stdio: 'lines',
        onLine: (line) => void lines.push(line),
      },
    );
    await expect.poll(() => lines).toEqual([expect.stringMatching(/^\d+$/)]);
    expect(isAlive(Number(lines[0]))).toBe(true);
    await program.stop();
    expect([await program.ended, program.killed]).toEqual([137, true]);
    expect(isAlive(Number(lines[0]))).toBe(false);
  });

  test('a hard-coded path reads a channel', async () => {
    const root = temp.file(`root-${count++}`);
    const pipeDir = join(root, 'input/data');
    const uri = temp.file('data.txt', Buffer.from('one\ntwo\n'));
    await using streamer = new PipeModeStreamer({ channels: [{ name: 'train', uri }], pipeDir, epochs: 1 });
    const running = streamer.run();
    await streamer.ready;
    const lines: string[] = [];
    const words = privateRootCommand(root, ['cat', '/opt/ml/input/data/train_0']) as string[];
    const program = new TrainingProgram(
      words,
      {},
      { stdio: 'lines', onLine: (line) => void lines.push(line) },
    );
    streamer.supervise(program);
    expect([await program.ended, lines]).toEqual([0, ['one', 'two']]);
    await program.stop();
    await running;
  });
});

test.runIf(process.getuid?.() === 0 && isAvailable && !missingProgram('setpriv'))(
  'recordpipe train as an ordinary user',
  async () => {
    const place = temp.file('ordinary');
    mkdirSync(place);
    chownSync(place, NOBODY, NOBODY);
    chmodSync(temp.path, 0o755);
    const user = ['--reuid', NOBODY, '--regid', NOBODY, '--clear-groups', '--'].map(String);
    // The checkout or the folder for temporary files may be private to root.
    const check = 'process.argv.slice(1).forEach((path) => fs.accessSync(path))';
    const reached = spawnSync('setpriv', [...user, process.execPath, '-e', check, MAIN, place]);
    if (reached.status !== 0) return;
    const script = 'id -u; cat /opt/ml/input/data/train_0 > /opt/ml/model/got';
    const data = temp.file('lines.txt', Buffer.from('one\n'));
    const words = ['train', '-c', `train=${data}`, '--input-mode', 'Pipe', '--', 'sh', '-c', script];
    const { status, stdout, stderr } = spawnSync('setpriv', [...user, process.execPath, MAIN, ...words], {
      cwd: place,
      encoding: 'utf8',
    });
    // A host may forbid user namespaces to ordinary users.
    if (stderr.includes('to the program as /opt/ml')) return;
    expect([status, stdout]).toEqual([0, expect.stringContaining('65534')]);
    expect(readFileSync(join(place, 'ml/model/got'), 'utf8')).toBe('one\n');
  },
);
