/**
 * Measures the package: its size, what installing it costs, and how long its subpaths take to import,
 * compared with an earlier package. Writes bench/package-figures.json and RESULTS.md.
 *
 *     npm run build && node bench/package.mjs BEFORE.tgz [ROUNDS]
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describeMachine, ROOT } from './machine.mjs';
import { resultsAsMarkdown } from './report/markdown.mjs';
import { PACKAGE_FIGURES } from './report/package-section.mjs';
import { median } from './statistics.mjs';

const [before, rounds = '11'] = process.argv.slice(2);
if (before === undefined) throw new Error('usage: node bench/package.mjs BEFORE.tgz [ROUNDS]');
const place = mkdtempSync(join(tmpdir(), 'recordpipe-package-'));

try {
  const [after] = run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', place], ROOT)
    .trim()
    .split('\n')
    .slice(-1);
  const tarballs = { before: resolve(before), after: join(place, after) };
  const packages = Object.entries(tarballs).map(([name, tarball]) => installed(name, tarball));
  const figures = {
    machine: describeMachine(),
    rounds: Number(rounds),
    packages,
    imports: importTimes(packages),
  };
  writeFileSync(PACKAGE_FIGURES, `${JSON.stringify(figures, undefined, 2)}\n`);
  const results = JSON.parse(readFileSync(join(ROOT, 'bench/results.json'), 'utf8'));
  writeFileSync(join(ROOT, 'bench/RESULTS.md'), resultsAsMarkdown(results));
} finally {
  rmSync(place, { recursive: true });
}

/** Installs a package without and with its optional dependencies. Returns their sizes. */
function installed(name, tarball) {
  const measured = ['--omit=optional', '--include=optional'].map((choice) => {
    const folder = join(place, name + choice);
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    run(
      'npm',
      ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', choice, tarball],
      folder,
    );
    const lock = JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8'));
    return { folder, packages: Object.keys(lock.packages).length, ...sizeOf(join(folder, 'node_modules')) };
  });
  const own = sizeOf(join(measured[0].folder, 'node_modules/recordpipe'));
  const [alone, optional] = measured.map(({ packages, bytes }) => ({ packages, bytes }));
  return { name, packed: statSync(tarball).size, unpacked: own.bytes, files: own.files, alone, optional };
}

function sizeOf(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const sizes = files.map(({ parentPath, name }) => statSync(join(parentPath, name)).size);
  return { files: files.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Measures processor milliseconds per import in new processes, of the packages in turn. */
function importTimes(packages) {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const subpaths = Object.keys(exports).filter((subpath) => !subpath.endsWith('.json'));
  const names = packages.map(({ name }) => name);
  return [...subpaths, 'recordpipe --version'].map((subpath) => {
    const times = Object.fromEntries(names.map((name) => [name, []]));
    for (let round = 0; round < Number(rounds); round++)
      for (const name of round % 2 === 0 ? names : names.toReversed())
        times[name].push(importTime(name, subpath));
    return { subpath, ...Object.fromEntries(names.map((name) => [name, median(times[name])])) };
  });
}

function importTime(name, subpath) {
  const folder = join(place, `${name}--include=optional`);
  const report = 'const { user, system } = process.cpuUsage(); console.log((user + system) / 1000);';
  if (subpath.startsWith('recordpipe ')) {
    const preload = `process.on('exit', () => { ${report} });`;
    const args = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
    const output = run(
      process.execPath,
      [...args, 'node_modules/recordpipe/dist/cli.js', '--version'],
      folder,
    );
    return Number(output.trim().split('\n').at(-1));
  }
  const program = `const start = process.cpuUsage();
    await import('recordpipe${subpath.slice(1)}');
    const { user, system } = process.cpuUsage(start);
    console.log((user + system) / 1000);`;
  return Number(run(process.execPath, ['--input-type=module', '-e', program], folder));
}

function run(program, args, cwd) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}
