import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FaultyS3, faultyS3 } from '../../support/faulty-s3/index.ts';
import { FIXTURES } from '../../support/golden.ts';
import { FILE } from '../../support/samples.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { missingCounterpart } from '../counterpart.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MODULES = join(ROOT, 'bench/against/runtimes/node_modules');
const RUNTIMES: readonly (readonly [name: string, command: readonly string[]])[] = [
  ['Node', [process.execPath]],
  ['Bun', [join(MODULES, '@oven/bun-linux-x64/bin/bun')]],
  [
    'Deno',
    [join(MODULES, '@deno/linux-x64-glibc/deno'), 'run', '--no-config', '--node-modules-dir=manual', '-A'],
  ],
];

const missing = missingCounterpart('runtimes');
const temp = tempDir();

/** Runs a program without blocking this thread, which serves objects. */
function run(
  command: readonly string[],
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const [program, ...rest] = [...command, ...args];
  return new Promise((resolve) => {
    const options = { cwd: temp.path, env: { ...process.env, NO_COLOR: '1', ...env } };
    execFile(program, rest, options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

describe.skipIf(missing !== undefined).each(RUNTIMES)('recordpipe in %s', (name, command) => {
  const folder = join(temp.path, name);
  let server: FaultyS3;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    mkdirSync(join(temp.path, 'node_modules'), { recursive: true });
    rmSync(join(temp.path, 'node_modules/recordpipe'), { force: true });
    symlinkSync(ROOT, join(temp.path, 'node_modules/recordpipe'));
    writeFileSync(join(temp.path, 'package.json'), '{ "private": true, "type": "module" }');
    cpSync(fileURLToPath(new URL('program.mjs', import.meta.url)), join(temp.path, 'program.mjs'));
    mkdirSync(folder);
    server = await faultyS3({ objects: { 'bucket/a.tfrecord': FILE } });
    env = {
      AWS_ENDPOINT_URL: server.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('reads, writes, validates and maps on worker threads', async () => {
    const { code, stdout, stderr } = await run(
      command,
      ['program.mjs', folder, 's3://bucket/a.tfrecord'],
      env,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      read: 2000,
      gzip: 2000,
      stream: 2000,
      object: 6,
      objectBytes: 12,
      indexed: [2000, 7000],
      validated: { ok: true, files: 2, records: 4000 },
      damaged: ['data-checksum 1999'],
      mapped: [0, 1, 4, 9],
      warnings: [],
    });
  });

  test('runs the command line', async () => {
    const cli = [...command, join(ROOT, 'dist/cli.js')];
    const good = fileURLToPath(new URL('tfrecord-sizes.bin', FIXTURES));
    const bad = fileURLToPath(new URL('damaged-data.bin', FIXTURES));
    expect(await run(cli, ['count', '-q', good])).toEqual({ code: 0, stdout: '44\n', stderr: '' });
    expect(await run(cli, ['count', '-q', 's3://bucket/'], env)).toMatchObject({ code: 0, stdout: '6\n' });
    expect(await run(cli, ['validate', bad])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('data-checksum'),
    });
    expect(await run(cli, ['validate', 'none'])).toMatchObject({ code: 3 });
    expect(await run(cli, ['validate', '--jbs', '2'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean --jobs?'),
    });
  });
});
