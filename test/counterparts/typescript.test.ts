import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { ROOT, writeConsumer } from '../support/type-consumer.ts';

const tsc = join(ROOT, 'bench/against/node_modules/typescript-5.0/bin/tsc');
const temp = tempDir();

describe.skipIf(!existsSync(tsc))('TypeScript 5.0, the oldest supported version', () => {
  test('compiles a library that re-exports every value', async () => {
    await writeConsumer(temp.path);
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', temp.path], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  }, 120_000);
});
