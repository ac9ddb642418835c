import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = ['src', 'scripts', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];

/**
 * Bundles dist/ before all tests, unless it is up to date. Worker threads and spawned command lines
 * run it.
 */
export default function buildOnce(): void {
  buildIfStale('bundle', 'dist/cli.js');
}

/** Builds a part of dist/ unless `result` is newer than all sources. */
export function buildIfStale(part: 'bundle' | 'types', result: string): void {
  const built = join(root, result);
  if (existsSync(built) && statSync(built).mtimeMs >= Math.max(...SOURCES.map(newest))) return;
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), part], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the build failed: the tests would run old code');
}

function newest(source: string): number {
  const path = join(root, source);
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((time, { parentPath, name }) => Math.max(time, statSync(join(parentPath, name)).mtimeMs), 0);
}
