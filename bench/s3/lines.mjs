/** Runs command lines as contestants: whole processes that write to a pipe. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ENVIRONMENT, versionOf } from './clients.mjs';

/** Maximum characters of stderr to include in an error message. */
const MAX_STDERR_CHARACTERS = 500;

/** Runs `LINE | into`. Returns wall and processor seconds of LINE and the output of `into`. */
export async function run(line, into = 'cat > /dev/null', environment = ENVIRONMENT) {
  const timed = `TIMEFORMAT='%U %S'; set -o pipefail; { time "$0" "$@" 2>&4; } 4>&2 2>&3 | ${into}`;
  const start = process.hrtime.bigint();
  const child = spawn('bash', ['-c', timed, ...line], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: environment,
  });
  let [output, stderr, times] = ['', '', ''];
  child.stdout.on('data', (text) => {
    output += text;
  });
  child.stderr.on('data', (text) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARACTERS);
  });
  child.stdio[3].on('data', (text) => {
    times += text;
  });
  const [code, signal] = await once(child, 'close');
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (code !== 0) throw new Error(`${line[0]}: exited (${signal ?? code})\n${stderr.trim()}`);
  const [user, system] = times.trim().split(/\s+/).map(Number);
  return { seconds, processorSeconds: user + system, output };
}

/**
 * Returns a contestant that downloads `source.bytes` bytes per turn. The bytes of the first download
 * are checked. The notes have the processor seconds of each turn per gigabyte.
 *
 * @param {{ bytes: number, sha256: string, scratch: string }} source scratch: directory for
 *   programs that write files
 */
export function contestantOf(
  program,
  line,
  { source, perSecond = source.bytes / 1e9, check = sameBytes, environment },
) {
  const folder = program.folder ? join(source.scratch, 'copies') : undefined;
  const processor = [];
  let checked = false;
  const turn = async () => {
    try {
      if (folder) mkdirSync(folder, { recursive: true });
      const { seconds, processorSeconds } = await run(line(folder), undefined, environment);
      // Copies need no pass of their own to be checked.
      if (folder && !checked) assertSame(program.what, sha256OfFolder(folder), source.sha256);
      checked = true;
      processor.push(processorSeconds / (source.bytes / 1e9));
      return perSecond / seconds;
    } finally {
      if (folder) rmSync(folder, { recursive: true, force: true });
    }
  };
  const open = async () => {
    if (!folder) await check({ line: line(), sha256: source.sha256, environment });
    const version = versionOf(program.who);
    return { turn, notes: { ...(version && { version }), processor } };
  };
  return { ...program, key: `${program.who} ${program.what}`, open };
}

async function sameBytes({ line, sha256, environment }) {
  const { output } = await run(line, 'sha256sum', environment);
  assertSame(line[0], output.split(' ')[0], sha256);
}

function assertSame(who, found, expected) {
  if (found !== expected) throw new Error(`${who}: the bytes differ from the source`);
}

/** Returns the SHA-256 of all files in a directory, concatenated in order of their names. */
function sha256OfFolder(folder) {
  return sha256Of(
    readdirSync(folder)
      .sort()
      .map((name) => join(folder, name)),
  );
}

export function sha256Of(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(readFileSync(path));
  return hash.digest('hex');
}
