import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const temp = tempDir();

// Spawn each command, because Node's process.stdin cannot be replaced inside a process.
test.each(['validate', 'count', 'stats', 'cat'])(
  '%s - reports a directory on standard input as an error, not as an empty file',
  (command) => {
    const directory = openSync(temp.path, 'r');
    const { status, stderr, stdout } = spawnSync(process.execPath, [MAIN, command, '-'], {
      stdio: [directory, 'pipe', 'pipe'],
      encoding: 'utf8',
    });
    closeSync(directory);
    expect(status).toBe(3);
    expect(stdout + stderr).toContain('unsupported-source: is a directory');
  },
);
