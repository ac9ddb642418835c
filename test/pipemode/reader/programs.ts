import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterFile } from '../../support/after-file.ts';

/** Returns the reason why a program cannot run here, or undefined if it can. */
export function missingProgram(name: string): string | undefined {
  const { error, status } = spawnSync(name, ['--version'], { stdio: 'ignore' });
  return error === undefined && status === 0 ? undefined : `skipped: no ${name}`;
}

export function program(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

const compiled = new Map<string, string>();
let folder: string | undefined;

afterFile(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = undefined;
  compiled.clear();
});

/** Compiles a C program of this folder, once per test file. @returns its path */
export function compile(name: string): string {
  const existing = compiled.get(name);
  if (existing !== undefined) return existing;
  folder ??= mkdtempSync(join(tmpdir(), 'recordpipe-programs-'));
  const target = join(folder, name.replace(/\.c$/, ''));
  const { status, stderr } = spawnSync('cc', ['-O1', '-o', target, program(name)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cc: ${stderr}`);
  compiled.set(name, target);
  return target;
}
