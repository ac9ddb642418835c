/**
 * Runs one case repeatedly in its own process under Node's sampling profiler.
 *
 *   node bench/profile.mjs CASE [SECONDS]
 *
 * CASE is a name such as tfrecord/validate/1KB, tfrecord/write/100B, kernel/64, or cli/help.
 * Prints the functions with the most self time. Open the .cpuprofile in Chromium's developer tools
 * or in an editor.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { corpus } from './corpus.mjs';
import { DataFolder } from './data.mjs';
import { recordsIn } from './formats.mjs';
import { ROOT } from './machine.mjs';

const MAX_FUNCTIONS = 15;
const FILE_BYTES = 2 ** 28;

const [name, seconds = '3'] = process.argv.slice(2);
const profiled = corpus({ full: false }).find((one) => one.name === name);
if (profiled === undefined) {
  const names = corpus({ full: false }).map((one) => `  ${one.name}`);
  throw new RangeError(`unknown case: ${name}; use one of\n${names.join('\n')}`);
}

const profiles = join(ROOT, '.cache/profiles');
mkdirSync(profiles, { recursive: true });
const folder = mkdtempSync(join(profiles, `${name.replaceAll('/', '-')}-`));
const data = new DataFolder(join(ROOT, '.cache/bench'));
try {
  const flags = ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=200'];
  const program = fileURLToPath(new URL('subjects/repeat.mjs', import.meta.url));
  const repeat = [program, name, seconds, data.path, ...filesOf(profiled)];
  // The command line runs once; all other cases repeat.
  const args = profiled.what === 'help' ? [join(ROOT, 'dist/cli.js'), '--help'] : repeat;
  const { status } = spawnSync(process.execPath, [...flags, ...args], { stdio: 'inherit' });
  for (const file of readdirSync(folder).sort()) summarize(join(folder, file));
  process.exitCode = status ?? 1;
} finally {
  data.removeAll();
}

/** Creates the input files of the case outside the profiled process. */
function filesOf({ group, what, size, format }) {
  const make = (key, bytes, recordBytes) =>
    data.records(`profile-${key}`, recordsIn(bytes, recordBytes, format), recordBytes, format).path;
  if (group === 'kernel' || group === 'write' || what === 'help') return [];
  if (what === '64 channels')
    throw new RangeError(`${name} runs several processes; profile bench/subjects/channels.mjs instead`);
  if (what === 'numbers') return [];
  if (what === 'epoch') return [make('one', 100, 100)];
  if (group === 'read' || group === 'pipe' || group === 'dataset') return [make('read', FILE_BYTES, size)];
  if (group === 'index') return [make('indexed', FILE_BYTES, size), data.name('profile.index')];
  if (group === 'several') return [make('first', FILE_BYTES, size), make('second', FILE_BYTES, size)];
  if (group === 'process') return [make('small', 1e6, 1000)];
  return [
    what === 'small records' || what === 'shuffle'
      ? make('small', FILE_BYTES, 100)
      : data.hugeRecords('profile', 1, FILE_BYTES).path,
  ];
}

function summarize(path) {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path, 'utf8'));
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const own = new Map();
  samples.forEach((id, i) => {
    own.set(places.get(id), (own.get(places.get(id)) ?? 0) + timeDeltas[i]);
  });
  const total = timeDeltas.reduce((sum, delta) => sum + delta, 0);
  console.log(`\n${path}`);
  for (const [place, time] of [...own].sort((a, b) => b[1] - a[1]).slice(0, MAX_FUNCTIONS)) {
    console.log(`${((100 * time) / total).toFixed(1).padStart(6)} %  ${place}`);
  }
}

function placeOf({ functionName, url, lineNumber }) {
  const file = url.startsWith('file:') ? relative(ROOT, fileURLToPath(url)) : url.replace(/^wasm:.*/, 'wasm');
  return `${functionName || '(anonymous)'}${file ? `  ${file}:${lineNumber + 1}` : ''}`;
}
