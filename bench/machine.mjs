/** Describes the machine and the build that produced the figures of a run. */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The built command line. */
export const COMMAND_LINE = join(ROOT, 'dist/cli.js');

/** Instruction sets that determine the speed of CRC32C. */
const CRC_FLAGS = ['sse4_2', 'pclmulqdq', 'avx2', 'avx512f', 'vpclmulqdq', 'crc32', 'pmull'];

/**
 * @returns {{ cpu: string, cores: number, memoryGiB: number, instructions: string[], os: string,
 *   node: string, load: number, date: string, commit: string }}
 */
export function describeMachine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    instructions: instructionSets(),
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    load: Number(os.loadavg()[0].toFixed(2)),
    date: new Date().toISOString(),
    commit: commit(),
  };
}

/**
 * Returns the processor for everything that runs on one core, in taskset's notation; undefined if
 * taskset is not available.
 */
export function oneCore() {
  if (process.platform !== 'linux' || spawnSync('taskset', ['--version']).status !== 0) return undefined;
  const allowed = /:\s*(.*)$/.exec(String(spawnSync('taskset', ['-cp', String(process.pid)]).stdout).trim());
  return allowed?.[1].split(/[,-]/).at(-1);
}

/** Returns a hash of the built package, to detect a rebuild during a run. */
export function buildHash() {
  const dist = join(ROOT, 'dist');
  const hash = createHash('sha256');
  for (const name of readdirSync(dist, { recursive: true }).sort()) {
    if (name.endsWith('.js')) hash.update(name).update(readFileSync(join(dist, name)));
  }
  return hash.digest('hex').slice(0, 12);
}

function instructionSets() {
  try {
    const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
    const flags = new Set(line?.[1].trim().split(/\s+/));
    return CRC_FLAGS.filter((flag) => flags.has(flag));
  } catch {
    return [];
  }
}

function commit() {
  const git = (...args) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  const head = git('rev-parse', '--short=12', 'HEAD');
  if (head.status !== 0) return 'unknown';
  const changed = git(
    'status',
    '--porcelain',
    '--untracked-files=no',
    '--',
    'src',
    'native',
    'package-lock.json',
  );
  return head.stdout.trim() + (changed.stdout.trim() === '' ? '' : ' with local changes');
}
