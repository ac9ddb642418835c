import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TrainingProgram } from '../../../src/pipemode/streamer/index.ts';
import {
  containerCommand,
  containerEnvironment,
  containerKillCommand,
} from '../../../src/pipemode/train/container.ts';
import { isAlive } from '../../support/processes.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();
const PATH = process.env['PATH'];
let bin: string;
let count = 0;

/**
 * A stand-in for the docker CLI. `run` starts the program in its own session, as a daemon
 * does, without the environment of the CLI, and forwards SIGTERM. `rm` kills it.
 */
const CLIENT = `#!/bin/sh
PATH='${PATH}'
here=$(dirname "$0")
echo "$*" >> "$here/calls"
case $1 in
  run)
    env > "$here/env"
    trap 'kill -TERM "$(cat "$here/pid")"' TERM
    (setsid env -i PATH="$PATH" sh -c "echo \\$\\$ > '$here/pid'; exec sleep 60" &)
    until [ -s "$here/pid" ]; do sleep 0.02; done
    while kill -0 "$(cat "$here/pid")" 2>/dev/null; do sleep 0.05; done
    exit 143 ;;
  rm) kill -KILL "$(cat "$here/pid")" ;;
esac
`;

beforeEach(() => {
  bin = temp.file(`bin-${count++}`);
  mkdirSync(bin);
  process.env['PATH'] = `${bin}:/nowhere`;
  install('docker');
});
afterEach(() => {
  process.env['PATH'] = PATH;
});

function install(name: string): void {
  writeFileSync(join(bin, name), CLIENT);
  chmodSync(join(bin, name), 0o755);
}

const JOB = {
  image: 'image:1',
  root: '/data/ml',
  environment: { SM_HP_A: 'one\ntwo', PATH: '/opt/conda/bin' },
  command: ['python', 'train.py', '--a', '1'],
  name: 'job-algo-1',
};

describe('the command line of a container', () => {
  test('mounts the folder, hides values, and replaces the entry point', () => {
    const hosts = { 'algo-1': '127.0.0.1', 'algo-2': '127.0.0.2' };
    const given = { ...JOB, hosts, gpus: true, user: '1000:1000', graceMs: 2500, folders: ['/a,b'] };
    const words = containerCommand(given);
    expect(words[0]).toBe(join(bin, 'docker'));
    expect(words.slice(1).join(' ')).toMatchInlineSnapshot(
      `"run --rm --name job-algo-1 --init --network host --ipc host --stop-signal SIGTERM --security-opt label=disable --stop-timeout 3 --mount type=bind,source=/data/ml,target=/opt/ml --mount type=bind,"source=/a,b","target=/a,b",readonly --add-host algo-1:127.0.0.1 --add-host algo-2:127.0.0.2 --gpus all --user 1000:1000 --env SM_HP_A --env PATH=/opt/conda/bin --env RECORDPIPE_PROGRAM --entrypoint python image:1 train.py --a 1"`,
    );
    expect(containerEnvironment(JOB)).toEqual({ SM_HP_A: 'one\ntwo' });
  });

  test('the entry point of the image receives train', () => {
    const words = containerCommand({ ...JOB, command: [] });
    expect(words.slice(-2)).toEqual(['image:1', 'train']);
    expect(words).not.toContain('--entrypoint');
    expect(containerCommand({ ...JOB, command: [], arguments: ['go'] }).slice(-2)).toEqual(['image:1', 'go']);
  });
});

describe('stopping a container', () => {
  test('SIGTERM reaches its program, and the command exits with it', async () => {
    const program = run(JOB);
    await expect.poll(() => pid()).toBeGreaterThan(0);
    const container = pid();
    await program.stop();
    await expect.poll(() => isAlive(container)).toBe(false);
    expect(calls().at(-1)).toBe('rm --force --volumes job-algo-1');
    expect(readFileSync(join(bin, 'env'), 'utf8')).toMatch(/^SM_HP_A=one\ntwo$/m);
  });

  test('a program that cannot be signaled is ended with its container', async () => {
    const program = run(JOB);
    await expect.poll(() => pid()).toBeGreaterThan(0);
    const container = pid();
    program.kill();
    await program.stop();
    await expect.poll(() => isAlive(container)).toBe(false);
  });
});

function run(job: typeof JOB): TrainingProgram {
  const environment = { ...containerEnvironment(job) };
  return new TrainingProgram(containerCommand(job), environment, {
    graceMs: 5000,
    stdio: 'lines',
    killCommand: containerKillCommand(job),
  });
}

function pid(): number {
  const path = join(bin, 'pid');
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
}

function calls(): string[] {
  return readFileSync(join(bin, 'calls'), 'utf8').trim().split('\n');
}
