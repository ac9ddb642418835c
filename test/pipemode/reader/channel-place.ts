import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PipeModeDatasetOptions } from '../../../src/pipemode/index.ts';
import { afterFile } from '../../support/after-file.ts';
import { FIXTURES } from '../../support/golden.ts';

/** The folders of a training job, with channels in Pipe mode. */
export interface ChannelPlace {
  readonly root: string;
  readonly pipeDir: string;
  readonly stateDir: string;
  readonly configDir: string;
  /** The folders as options. */
  readonly dirs: Pick<PipeModeDatasetOptions<undefined>, 'pipeDir' | 'stateDir' | 'configDir'>;
  /** The contents of a channel's state file; undefined if it does not exist. */
  state(channel?: string): string | undefined;
  statePath(channel?: string): string;
  lockPath(channel?: string): string;
  pipe(epoch: number, channel?: string): string;
  configure(config: unknown): void;
}

const roots: string[] = [];
const children = new Set<ChildProcess>();

afterFile(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true, maxRetries: 9 });
});

export function channelPlace(...channels: string[]): ChannelPlace {
  const root = mkdtempSync(join(tmpdir(), 'recordpipe-pipe-'));
  roots.push(root);
  const [pipeDir, stateDir, configDir] = ['data', 'state', 'config'].map((name) => join(root, name));
  mkdirSync(pipeDir);
  mkdirSync(configDir);
  const place: ChannelPlace = {
    root,
    pipeDir,
    stateDir,
    configDir,
    dirs: { pipeDir, stateDir, configDir },
    statePath: (channel = 'train') => join(stateDir, `.${channel}-pipe_mode-state`),
    lockPath: (channel = 'train') => join(stateDir, `.${channel}-pipe_mode-lock`),
    state(channel) {
      const path = place.statePath(channel);
      return existsSync(path) ? readFileSync(path, 'latin1') : undefined;
    },
    pipe: (epoch, channel = 'train') => join(pipeDir, `${channel}_${epoch}`),
    configure: (config) => writeFileSync(join(configDir, 'inputdataconfig.json'), JSON.stringify(config)),
  };
  const names = channels.length === 0 ? ['train'] : channels;
  place.configure(Object.fromEntries(names.map((name) => [name, { TrainingInputMode: 'Pipe' }])));
  return place;
}

export function makePipes(...paths: string[]): void {
  execFileSync('mkfifo', ['--', ...paths]);
}

/** A process that is killed after the tests if it still runs. */
export function start(command: string, ...args: string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.add(child);
  child.on('exit', () => children.delete(child));
  return child;
}

/** A process that writes a file to a pipe once a process reads it. */
export function writeInto(pipe: string, file: string): ChildProcess {
  return start('sh', '-c', 'exec cat "$1" > "$0"', pipe, file);
}

/** The exit code of a process, or the name of the signal that ended it. */
export function ended(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null)
      resolve(child.exitCode ?? child.signalCode ?? -1);
    else child.on('exit', (code, signal) => resolve(code ?? signal ?? -1));
  });
}

/** The path of a golden file, or of a file for the tests of Pipe mode. */
export function fixturePath(name: string): string {
  const path = fileURLToPath(new URL(name, FIXTURES));
  return existsSync(path) ? path : fileURLToPath(new URL(`pipemode/${name}`, FIXTURES));
}
