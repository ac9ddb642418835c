import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { makeFifos } from '../../../src/pipemode/streamer/fifo.ts';
import { PipeModeStreamer, type StreamerInput } from '../../../src/pipemode/streamer/index.ts';
import { jobHosts, jobPaths, trainingRequest, writeJobFiles } from '../../../src/pipemode/train/index.ts';
import { cli } from '../../support/cli.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { readPipe, writeObjects } from './stream-place.ts';

const temp = tempDir();
const data = temp.file('data');
writeObjects(data, { a: 'one\n' });
const CHANNELS = [{ name: 'train', uri: data }];
const LOCK = '.recordpipe-train.lock';
const STATUS = 'train.status.json';
const { PATH, LC_ALL } = process.env;
let places = 0;

afterEach(() => {
  process.env['PATH'] = PATH;
  if (LC_ALL === undefined) delete process.env['LC_ALL'];
  else process.env['LC_ALL'] = LC_ALL;
});

function newPlace(): string {
  const place = temp.file(`place-${places++}`);
  mkdirSync(place);
  return place;
}

/** Puts a program before the installed one in PATH. */
function shadow(name: string, script: string): void {
  const folder = newPlace();
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  process.env['PATH'] = `${folder}:${PATH}`;
}

/** Leaves only these programs in PATH. */
function onlyPrograms(...names: readonly string[]): void {
  const bin = newPlace();
  for (const name of names) {
    const words = name === 'python3' ? ['-c', 'import sys; print(sys.executable)'] : undefined;
    const found =
      words === undefined
        ? execFileSync('sh', ['-c', `command -v ${name}`], { env: { PATH } })
        : execFileSync(name, words);
    symlinkSync(found.toString().trim(), join(bin, name));
  }
  process.env['PATH'] = bin;
}

/** Reads one epoch. */
async function served(pipeDir: string, options: Partial<StreamerInput> = {}): Promise<string> {
  await using streamer = new PipeModeStreamer({ channels: CHANNELS, pipeDir, epochs: 1, ...options });
  const running = streamer.run();
  await streamer.ready;
  const bytes = await readPipe(join(pipeDir, 'train_0'));
  await running;
  return bytes.toString();
}

describe('in a folder that other users can write to', () => {
  const precious = temp.file('precious', Buffer.from('precious\n'));
  const ways: [string, (path: string) => void][] = [
    ['a link to a file', (path) => symlinkSync(precious, path)],
    ['a link to nothing', (path) => symlinkSync(temp.file('nothing'), path)],
    ['a named pipe', (path) => void execFileSync('mkfifo', [path])],
    ['a folder', (path) => mkdirSync(path)],
  ];

  test.each(ways)('%s as the lock file is an error at once, and is not removed', async (_, plant) => {
    const pipeDir = newPlace();
    plant(join(pipeDir, LOCK));
    await expect(served(pipeDir)).rejects.toMatchObject({
      code: 'unsupported-source',
      uri: join(pipeDir, LOCK),
      message: expect.stringContaining('remove it'),
    });
    expect(readdirSync(pipeDir)).toEqual([LOCK]);
    expect([readFileSync(precious, 'utf8'), existsSync(temp.file('nothing'))]).toEqual(['precious\n', false]);
  });

  test('a file that is not a lock file is not overwritten', async () => {
    const pipeDir = newPlace();
    writeFileSync(join(pipeDir, LOCK), 'mine\n');
    await expect(served(pipeDir)).rejects.toMatchObject({ code: 'already-exists' });
    expect(readFileSync(join(pipeDir, LOCK), 'utf8')).toBe('mine\n');
  });

  test.each(ways)('%s as the status file is an error at once, and is not removed', async (_, plant) => {
    const pipeDir = newPlace();
    plant(join(pipeDir, STATUS));
    await expect(served(pipeDir)).rejects.toMatchObject({
      code: 'already-exists',
      uri: join(pipeDir, STATUS),
    });
    expect(readdirSync(pipeDir)).toEqual([STATUS]);
    expect(readFileSync(precious, 'utf8')).toBe('precious\n');
  });

  test('links with the names of temporary files of earlier versions are not followed', async () => {
    const places = jobPaths(newPlace());
    mkdirSync(places.configDir, { recursive: true });
    mkdirSync(places.pipeDir, { recursive: true });
    const names = ['inputdataconfig.json', 'resourceconfig.json', 'hyperparameters.json'];
    for (const name of names) symlinkSync(precious, join(places.configDir, `${name}.tmp`));
    symlinkSync(precious, join(places.pipeDir, `${STATUS}.tmp`));
    symlinkSync(precious, join(places.configDir, 'inputdataconfig.json'));
    const request = trainingRequest({ channels: CHANNELS });
    writeJobFiles(request, jobHosts(request)[0], places);
    expect(await served(places.pipeDir)).toBe('one\n');
    expect(readFileSync(precious, 'utf8')).toBe('precious\n');
    expect(lstatSync(join(places.configDir, 'inputdataconfig.json')).isFile()).toBe(true);
  });

  test('a note in the lock file removes only pipes of its channel in its folder', async () => {
    const pipeDir = newPlace();
    const other = newPlace();
    const foreign = [
      join(other, 'other'),
      join(other, 'train_1'),
      join(pipeDir, 'x'),
      join(pipeDir, 'test_0'),
    ];
    const own = [join(pipeDir, 'train_7'), join(pipeDir, 'train_8')];
    execFileSync('mkfifo', [...foreign, ...own]);
    const inode = (path: string): object => {
      const { dev, ino } = statSync(path);
      return { path, dev: String(dev), ino: String(ino) };
    };
    const fifos = [...foreign.slice(1), own[0]].map(inode);
    const making = [foreign[0], `${pipeDir}/train_0/../x`, own[1]];
    writeFileSync(join(pipeDir, LOCK), `${JSON.stringify({ pid: 1, fifos, making })}\n`);
    expect(await served(pipeDir)).toBe('one\n');
    expect(foreign.map((path) => existsSync(path))).toEqual([true, true, true, true]);
    expect(own.map((path) => existsSync(path))).toEqual([false, false]);
  });

  test('a full disk leaves no lock file, pipe or temporary file', () => {
    const dir = newPlace();
    const source = `
      import { PipeModeStreamer } from 'recordpipe/pipemode/streamer';
      const channels = [{ name: 'train', uri: ${JSON.stringify(data)} }];
      const streamer = new PipeModeStreamer({ channels, pipeDir: ${JSON.stringify(dir)} });
      await streamer.run().catch((error) => console.log(error.code));`;
    // No file may grow; Node ignores the signal that comes with the error.
    const words = ['-c', 'ulimit -f 0; exec "$0" --input-type=module -e "$1"', process.execPath, source];
    const run = spawnSync('sh', words, { stdio: ['ignore', 'pipe', 'inherit'] });
    expect([String(run.stdout), readdirSync(dir)]).toEqual(['io-failure\n', []]);
  });
});

describe('locks', () => {
  test('a flock program that starts slowly is not contention', async () => {
    shadow('flock', `sleep 0.5; PATH='${PATH}' exec flock "$@"`);
    expect(await served(newPlace())).toBe('one\n');
  });

  test('a lock that is released during the wait is taken', async () => {
    const pipeDir = newPlace();
    const first = new PipeModeStreamer({ channels: CHANNELS, pipeDir });
    first.run().catch(() => {});
    await first.ready;
    const second = served(pipeDir);
    await first.stop();
    expect(await second).toBe('one\n');
  });

  test.each([['perl'], ['python3']])('without a flock program, %s takes the same lock', async (name) => {
    const pipeDir = newPlace();
    process.env['LC_ALL'] = 'not-installed';
    onlyPrograms('mkfifo', 'cat', name);
    await using first = new PipeModeStreamer({ channels: CHANNELS, pipeDir });
    first.run().catch(() => {});
    await first.ready;
    await expect(served(pipeDir)).rejects.toMatchObject({ code: 'already-exists' });
    process.env['PATH'] = PATH;
    expect(spawnSync('flock', ['-n', join(pipeDir, LOCK), 'true']).status).toBe(1);
    await expect(served(pipeDir)).rejects.toMatchObject({ code: 'already-exists' });
    await first.stop();
    expect(await served(pipeDir)).toBe('one\n');
  });

  test('without any of these programs, a warning describes the lock that replaces them', async () => {
    const pipeDir = newPlace();
    onlyPrograms('mkfifo', 'cat');
    await using first = new PipeModeStreamer({ channels: CHANNELS, pipeDir });
    first.run().catch(() => {});
    await first.ready;
    await expect(served(pipeDir)).rejects.toMatchObject({ code: 'already-exists' });
    const args = ['stream', '-c', `train=${data}`, '--dir', pipeDir, '--epochs', '1'];
    const { code, stderr } = await cli(args, { env: { PATH: process.env['PATH'] } });
    expect([code, stderr]).toEqual([3, expect.stringContaining('another streamer')]);
    // A process warns once.
    expect(stderr).toContain('locks channels with sockets');
    await first.stop();
    expect(await served(pipeDir)).toBe('one\n');
    expect(readdirSync(pipeDir)).toEqual([STATUS]);
  });
});

test('errors of mkfifo are recognized in every locale', async () => {
  const german = `[ "$LC_ALL" = C ] || { echo "mkfifo: $4: Die Datei existiert bereits" >&2; exit 1; }`;
  shadow('mkfifo', `${german}\nPATH='${PATH}' exec mkfifo "$@"`);
  process.env['LC_ALL'] = 'de_DE.UTF-8';
  const path = join(newPlace(), 'train_0');
  mkdirSync(path);
  await expect(makeFifos([path], undefined)).rejects.toMatchObject({ code: 'already-exists', uri: path });
});

test('pipes have the permissions that the umask allows', async () => {
  const before = process.umask(0o077);
  try {
    const pipeDir = newPlace();
    await using streamer = new PipeModeStreamer({ channels: CHANNELS, pipeDir });
    streamer.run().catch(() => {});
    await streamer.ready;
    expect(statSync(join(pipeDir, 'train_0')).mode & 0o777).toBe(0o600);
  } finally {
    process.umask(before);
  }
});
