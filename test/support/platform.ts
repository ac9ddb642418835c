/** What tests need that not every operating system has: the one place that decides which tests run. */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Need {
  readonly name: string;
  /** Matches the path or the text of tests that need it. */
  readonly path?: RegExp;
  readonly text?: RegExp;
  /** Tries it, in an empty folder. */
  works(folder: string): boolean;
}

const isUnix = process.platform !== 'win32';
const runs = (program: string, ...args: string[]): boolean => spawnSync(program, args).status === 0;

const NEEDS: readonly Need[] = [
  {
    name: 'named pipes and flock',
    path: /^test\/(pipemode\/(streamer|reader|train|job)|cli\/(stream|train|pipe)|docs)\b/,
    text: /mkfifo|[fF]ifo|flock|PipeModeStreamer/,
    works: (folder) => isUnix && runs('mkfifo', join(folder, 'fifo')) && runs('flock', folder, 'true'),
  },
  {
    name: 'a shell and the programs of Unix',
    text: /'(\/bin\/)?(ba)?sh'|\bbash\b|\b(spawn|spawnSync|execFile|execFileSync)\('|'(python3|tar|gzip|ln|cp|setsid)'/,
    works: () => isUnix && runs('bash', '-c', 'true'),
  },
  { name: 'signals', text: /\.kill\(|'SIG[A-Z]+'/, works: () => isUnix },
  { name: '/proc', text: /\/proc\/|openDescriptors/, works: () => existsSync('/proc/self/fd') },
  {
    name: 'devices',
    text: /\/dev\/(null|fd|stdin|stdout|full|zero|shm)\b/,
    works: () => existsSync('/dev/full'),
  },
  { name: 'symbolic links', text: /symlink/, works: hasLinks },
  { name: 'modes of files', text: /chmod|\b0o[0-7]{3}\b/, works: hasModes },
  { name: 'names that differ only in case', text: /case-sensitive names/, works: hasCase },
];

function hasLinks(folder: string): boolean {
  try {
    symlinkSync('target', join(folder, 'link'));
    return true;
  } catch {
    return false;
  }
}

function hasModes(folder: string): boolean {
  const path = join(folder, 'mode');
  writeFileSync(path, '');
  chmodSync(path, 0o700);
  return (statSync(path).mode & 0o777) === 0o700;
}

function hasCase(folder: string): boolean {
  writeFileSync(join(folder, 'case'), '');
  return !existsSync(join(folder, 'CASE'));
}

/** Returns the tests that this platform can run. Prints what it lacks, and how many tests need it. */
export function portable(files: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'recordpipe-platform-'));
  const missing = NEEDS.filter(({ works }) => !works(folder));
  rmSync(folder, { recursive: true });
  const uses = (file: string, { path, text }: Need): boolean =>
    path?.test(file) === true || text?.test(readFileSync(file, 'utf8')) === true;
  for (const need of missing)
    console.log(`skipped: ${files.filter((file) => uses(file, need)).length} test files need ${need.name}`);
  return files.filter((file) => !missing.some((need) => uses(file, need)));
}
