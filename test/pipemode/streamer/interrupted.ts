import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { startCli } from '../../support/cli.ts';
import { readPipe } from './stream-place.ts';

/** The end of a process. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

export function exited(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
}

/**
 * Sends a signal to a streamer some time after its start, while a reader waits or reads. After a
 * signal that can be caught, no pipe, lock or blocked reader remains.
 */
export async function interrupted(
  data: string,
  dir: string,
  name: 'SIGTERM' | 'SIGINT' | 'SIGKILL',
  afterMs: number,
): Promise<void> {
  const child = startCli(['stream', '-c', `train=${data}`, '--dir', dir, '-q']);
  const exit = exited(child);
  const reader = spawn('sh', ['-c', READ_EPOCHS, join(dir, 'train')], { stdio: 'ignore', detached: true });
  const readerExit = exited(reader);
  await sleep(afterMs);
  child.kill(name);
  const { code, signal } = await exit;
  if (name === 'SIGKILL') expect(signal).toBe(name);
  // Before its handlers are installed, a signal ends the process in the default way.
  else if (signal === null) expect(code).toBe(name === 'SIGTERM' ? 143 : 130);
  if (name !== 'SIGKILL') expect(pipesAndLocks(dir)).toEqual([]);
  // A reader that is blocked in opening a removed pipe would never receive the request to stop.
  if (name === 'SIGKILL' || signal !== null) process.kill(-(reader.pid as number), 'SIGKILL');
  else reader.kill('SIGUSR1');
  await readerExit;
}

/** Reads epoch after epoch. On SIGUSR1, it ends after the current one. */
const READ_EPOCHS =
  'trap stop=1 USR1; i=0; while [ -z "$stop" ]; do if [ -p "$0_$i" ]; then cat "$0_$i"; i=$((i+1)); else sleep 0.01; fi; done';

/** Serves an epoch with the next streamer in the folder, which leaves only the status. */
export async function takenOver(data: string, dir: string, whole: Buffer): Promise<void> {
  const child = startCli(['stream', '-c', `train=${data}`, '--dir', dir, '--epochs', '1', '-q']);
  const exit = exited(child);
  const bytes = await readPipe(join(dir, 'train_0'));
  expect((await exit).code).toBe(0);
  expect(bytes.equals(whole)).toBe(true);
  expect(readdirSync(dir)).toEqual(['train.status.json']);
}

function pipesAndLocks(dir: string): string[] {
  return readdirSync(dir).filter((one) => one !== 'train.status.json');
}
