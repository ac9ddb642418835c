import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Returns the reason why a program cannot run here, or undefined if it can. */
export function missingProgram(name: string): string | undefined {
  const { error, status } = spawnSync(name, ['--version'], { stdio: 'ignore' });
  return error === undefined && status === 0 ? undefined : `skipped: no ${name}`;
}

export function program(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** Compiles a C program of this folder. @returns its path */
export function compile(name: string, folder: string): string {
  const target = join(folder, name.replace(/\.c$/, ''));
  const { status, stderr } = spawnSync('cc', ['-O1', '-o', target, program(name)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cc: ${stderr}`);
  return target;
}
