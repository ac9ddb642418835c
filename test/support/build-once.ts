import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const built = join(root, 'dist/cli/main.js');

/** Before all tests: builds dist/, which the tests of the command line and of workers run, if it is missing or older than src/. */
export default function buildOnce(): void {
  if (existsSync(built) && statSync(built).mtimeMs >= newest(join(root, 'src'))) return;
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the build failed: the tests would run old code');
}

function newest(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((time, { parentPath, name }) => Math.max(time, statSync(join(parentPath, name)).mtimeMs), 0);
}
