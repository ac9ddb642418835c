import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { encodeTFRecord } from '../../../src/formats/index.ts';
import { FIXTURES } from '../../support/golden.ts';
import { concat } from '../../support/oracle-tfrecord.ts';
import { missingCounterpart } from '../counterpart.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const bundlers = join(root, 'bench/against/bundlers');
const GZIPPED = fileURLToPath(new URL('tfrecord-sizes-gzip.bin', FIXTURES));
const NO_WORKERS = 'worker threads cannot start';
const FOUND = { ok: true, records: 6, squares: [0, 1, 4, 9] };

const missing = missingCounterpart('bundlers');

describe.skipIf(missing !== undefined)('bundled recordpipe validates files', () => {
  let project: string;
  let argument: string;

  beforeAll(() => {
    // Place the project next to the bundlers, so that their packages resolve.
    project = mkdtempSync(join(bundlers, 'project-'));
    cpSync(fileURLToPath(new URL('.', import.meta.url)), project, { recursive: true });
    rmSync(join(project, 'bundlers.test.ts'));
    mkdirSync(join(project, 'node_modules'));
    symlinkSync(root, join(project, 'node_modules/recordpipe'));
    writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
    // Without it, Next uses the tsconfig.json of this repository, whose paths refer to the sources.
    writeFileSync(join(project, 'jsconfig.json'), '{ "compilerOptions": {} }');
    const records = concat([encodeTFRecord(new Uint8Array(3)), encodeTFRecord(new Uint8Array(5))]);
    const files = ['a', 'b', 'c'].map((name) => join(project, `${name}.tfrecord`));
    for (const file of files) writeFileSync(file, records);
    const square = join(project, 'square.mjs');
    writeFileSync(square, 'export default (n) => n * n;');
    argument = JSON.stringify([files, pathToFileURL(square).href]);
  });

  afterAll(() => rmSync(project, { recursive: true, force: true }));

  test.each([
    ['rollup', false],
    ['esbuild', false],
    ['vite', true],
    ['webpack', true],
  ])('%s, ESM and CommonJS, with worker threads: %s', (bundler, hasWorkers) => {
    const built = spawnSync(process.execPath, [`${bundler}.mjs`], { cwd: project, encoding: 'utf8' });
    expect([built.status, built.stderr]).toEqual([0, '']);
    for (const main of [`${bundler}-esm/main.mjs`, `${bundler}-cjs/main.cjs`]) {
      const run = spawnSync(process.execPath, [main, argument], { cwd: project, encoding: 'utf8' });
      expect([main, run.status, JSON.parse(run.stdout)]).toEqual([main, 0, FOUND]);
      expect(run.stderr.includes(NO_WORKERS)).toBe(!hasWorkers);
    }
  });

  test.each(['esbuild', 'rollup', 'vite', 'webpack'])('%s for browsers', (bundler) => {
    const options = { cwd: project, encoding: 'utf8' } as const;
    const built = spawnSync(process.execPath, ['browser.mjs', bundler], options);
    expect([built.status, built.stderr]).toEqual([0, '']);
    const page = join(project, `${bundler}-page`);
    for (const name of readdirSync(page).filter((name) => name.endsWith('.js')))
      expect(readFileSync(join(page, name), 'utf8')).not.toMatch(/(from|import\(?|require\()\s*["']node:/);
    const run = spawnSync(process.execPath, ['no-node.mjs', join(page, 'page.js'), GZIPPED], options);
    const found = { records: 44, bytes: 735_028, check: 0xe3069283 };
    expect([run.stderr, run.stdout]).toEqual(['', `${JSON.stringify(found)}\n`]);
  });

  test('Next: a route handler in a production server, with worker threads', async () => {
    const next = join(bundlers, 'node_modules/next/dist/bin/next');
    const env = {
      ...process.env,
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      RECORDPIPE_ROOT: root,
    } as const;
    const built = spawnSync(process.execPath, [next, 'build'], { cwd: project, env, encoding: 'utf8' });
    expect([built.status, built.stderr.includes('rror')]).toEqual([0, false]);
    const port = await freePort();
    const server = spawn(process.execPath, [next, 'start', '-p', `${port}`, '-H', '127.0.0.1'], {
      cwd: project,
      env,
    });
    let said = '';
    server.stdout.on('data', (text) => (said += text));
    server.stderr.on('data', (text) => (said += text));
    try {
      const url = `http://127.0.0.1:${port}/api/validate`;
      const answer = await vi.waitFor(() => fetch(url, { method: 'POST', body: argument }), {
        timeout: 60_000,
      });
      expect([answer.status, await answer.text(), said.includes(NO_WORKERS)]).toEqual([
        200,
        JSON.stringify(FOUND),
        false,
      ]);
    } finally {
      server.kill();
    }
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
