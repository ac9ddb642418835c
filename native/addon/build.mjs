// Compiles the addon to build/recordpipe.node with the C compiler of this machine: `node build.mjs`.
// With `--link`, as `npm run build:addon` calls it, the checkout that contains this directory finds
// the addon as the package recordpipe-native.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const output = join(folder, 'build', 'recordpipe.node');

compile(findCompiler(), findHeaders());
console.log(`built ${output}`);
const { kernels } = createRequire(import.meta.url)(output);
console.log(
  kernels.length > 0
    ? `kernels for this processor: ${kernels.join(', ')}`
    : 'this processor lacks the necessary instructions; recordpipe continues to use WebAssembly',
);
if (process.argv.includes('--link')) link();

function findCompiler() {
  for (const name of process.env.CC ? [process.env.CC] : ['cc', 'gcc', 'clang'])
    if (spawnSync(name, ['--version']).status === 0) return name;
  fail('no C compiler found: install gcc or clang, or set CC to the path of one');
}

/** Returns the directory of node_api.h: that of this Node, or that of the package node-api-headers. */
function findHeaders() {
  const ofNode = resolve(dirname(process.execPath), '../include/node');
  if (existsSync(join(ofNode, 'node_api.h'))) return ofNode;
  try {
    return createRequire(import.meta.url)('node-api-headers').include_dir;
  } catch {
    fail(`no node_api.h in ${ofNode}: install the package node-api-headers here`);
  }
}

function compile(compiler, headers) {
  mkdirSync(dirname(output), { recursive: true });
  const sources = readdirSync(folder).filter((name) => name.endsWith('.c'));
  const shared = process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared'];
  const options = ['-O3', '-std=gnu11', '-fPIC', '-fvisibility=hidden', '-pthread', '-Wall', '-Wextra'];
  // Running processes keep the old file, which must not be written to.
  const unfinished = `${output}.${process.pid}`;
  const args = [...options, ...shared, '-isystem', headers, '-o', unfinished, ...sources];
  const { status, error, stderr } = spawnSync(compiler, args, { cwd: folder, encoding: 'utf8' });
  if (stderr) console.error(stderr);
  if (status !== 0) {
    rmSync(unfinished, { force: true });
    fail(`${compiler} failed${error ? `: ${error.message}` : ''}`);
  }
  renameSync(unfinished, output);
}

function link() {
  const place = join(folder, '../../node_modules/recordpipe-native');
  rmSync(place, { force: true, recursive: true });
  symlinkSync('../native/addon', place, 'dir');
  console.log(`linked ${place}`);
}

function fail(reason) {
  console.error(`recordpipe-native: ${reason}`);
  process.exit(1);
}
