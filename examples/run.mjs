// Tests the examples as a user would run them: packs recordpipe, copies each example to a temporary
// folder, installs it there, and runs its `npm test`.
//
//   node examples/run.mjs [NAME]...      (default: all)
//
// Prints one line per example. `skipped:` lines of tests, such as for a missing browser, follow it.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Installations mostly wait for the network, tests for processes. */
const PARALLEL = 2;
const TIMEOUT_MS = 15 * 60_000;
const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '..');
const counterparts = join(root, '.cache/counterparts');

const all = readdirSync(here).filter((name) => existsSync(join(here, name, 'package.json')));
const names = process.argv.length > 2 ? process.argv.slice(2) : all;
const unknown = names.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; the examples are ${all.join(', ')}`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'recordpipe-examples-'));
const children = new Set();
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    for (const { pid } of children) process.kill(-pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    process.exit(1);
  });

try {
  const tarball = pack();
  const waiting = [...names];
  let failed = 0;
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
      if (!(await runExample(name, tarball))) failed++;
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  console.log(`${names.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Returns the path of a package with the present dist/. */
function pack() {
  if (!existsSync(join(root, 'dist/cli.js'))) throw new Error('dist/ is missing; run npm run build');
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm pack failed: ${stderr}`);
  return join(folder, JSON.parse(stdout)[0].filename);
}

/** Installs and tests one example. Returns whether it passed. */
async function runExample(name, tarball) {
  const started = Date.now();
  const project = join(folder, name);
  cpSync(join(here, name), project, { recursive: true, filter: (path) => !path.includes('node_modules') });
  const path = join(project, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  manifest.dependencies.recordpipe = `file:${tarball}`;
  writeFileSync(path, JSON.stringify(manifest, null, 2));
  let output = '';
  // Again if an installation fails, because registries are sometimes unavailable.
  for (const [args, attempts] of [
    [['install', '--no-audit', '--no-fund', '--prefer-offline'], 2],
    [['test'], 1],
  ]) {
    let ok = false;
    for (let left = attempts; left > 0 && !ok; left--) {
      const result = await npm(args, project);
      ok = result.ok;
      output += result.output;
    }
    if (ok) continue;
    const lines = output.trimEnd().split('\n').slice(-100);
    console.log(`FAILED  ${name}: npm ${args[0]} (${seconds(started)} s)`);
    console.log(lines.map((line) => `        ${line}`).join('\n'));
    return false;
  }
  console.log(`ok      ${name} (${seconds(started)} s)`);
  for (const line of new Set(output.match(/skipped: .*/g))) console.log(line);
  rmSync(project, { recursive: true, force: true, maxRetries: 5 });
  return true;
}

function seconds(started) {
  return Math.round((Date.now() - started) / 1000);
}

/** Runs npm in its own process group, so that a test that hangs ends with its children. */
function npm(args, cwd) {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, NEXT_TELEMETRY_DISABLED: '1' };
  for (const name of ['torch', 'tensorflow']) {
    const python = join(counterparts, name, 'bin/python');
    if (existsSync(python)) env[`${name.toUpperCase()}_PYTHON`] = python;
  }
  return new Promise((resolve) => {
    const child = spawn('npm', args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    let output = '';
    const timer = setTimeout(() => {
      output += `\nstopped after ${TIMEOUT_MS / 60_000} minutes`;
      process.kill(-child.pid, 'SIGKILL');
    }, TIMEOUT_MS);
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        output += text;
      });
    child.on('error', (error) => {
      output += error;
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      children.delete(child);
      resolve({ ok: code === 0, output });
    });
  });
}
