// Builds dist/ from src/: `node scripts/build.mjs [bundle|types]` for the JavaScript, the declarations, or both.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { portDeclarations } from './declarations.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const types = join(dist, 'types');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const COMMAND_LINE = 'src/cli/main.ts';
/** Packages that become part of the bundle: users install none, and loading them takes longer than the rest. */
const BUNDLED_PACKAGES = ['commander', 'crc-32'];
/** Entries built on the others: these decide how modules are divided into chunks. */
const UPPER = /^(upload|scale|pipemode)/;
/** The modules that the command line loads first. */
const START = [
  'src/cli/program.ts',
  'src/cli/fail.ts',
  ...readdirSync(join(root, 'src/cli/commands')).map((file) => `src/cli/commands/${file}`),
];
const WORKERS = ['src/check/recordpipe-file-worker.ts', 'src/dataset/operators/recordpipe-map-worker.ts'];

/** Bundles src/ into dist/ for Node, and the subpaths that run in browsers into dist/browser/. */
export async function bundle() {
  const programs = {
    [basename(manifest.bin.recordpipe, '.js')]: COMMAND_LINE,
    ...Object.fromEntries(WORKERS.map((source) => [basename(source, '.ts'), source])),
  };
  const outputs = new Set([
    ...(await bundled(dist, publicModules('default'), programs, {
      platform: 'node',
      plugins: [packageFiles, lazyPackages],
    })),
    ...(await bundled(
      join(dist, 'browser'),
      publicModules('browser'),
      {},
      {
        platform: 'browser',
        plugins: [lazyPackages, standIns],
      },
    )),
  ]);
  outputs.add(licenses());
  prune(dist, (path) => outputs.has(path) || path.startsWith(types));
  chmodSync(join(root, manifest.bin.recordpipe), 0o755);
}

/** The modules that package.json exports under a condition: their names in the bundle and their sources. */
function publicModules(condition) {
  return Object.fromEntries(
    Object.entries(manifest.exports)
      .filter(([, target]) => target[condition] !== undefined)
      .map(([subpath, target]) => [basename(target[condition], '.js'), sourceOf(subpath)]),
  );
}

function sourceOf(subpath) {
  return subpath === './errors' ? 'src/errors.ts' : join('src', subpath, 'index.ts');
}

/**
 * All modules of a bundle are in one folder: a worker is next to the module that starts it, and package.json is one
 * folder up.
 */
async function bundled(folder, library, programs, options) {
  const build = await rolldown({
    ...options,
    cwd: root,
    input: { ...library, ...programs },
    external: (name) => /^(node:|worker_threads$)/.test(name) || dependencies.has(packageOf(name)),
    // Entries are facades, and no chunk imports another in a circle: see `chunkOf`.
    preserveEntrySignatures: 'allow-extension',
    tsconfig: 'tsconfig.json',
    logLevel: 'silent',
  });
  const { output } = await build.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    sourcemap: true,
    // The positions are enough to find code in the repository; the sources would double the package.
    sourcemapExcludeSources: true,
    comments: { legal: true, annotation: true, jsdoc: false },
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [{ name: chunksOf(library) }],
    },
  });
  return output.map(({ fileName }) => join(folder, fileName));
}

/** The packages that users install. Others are part of the bundle. */
const dependencies = new Set(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }));

function packageOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** The entries that the command line imports at its start. */
const LIGHT = new Set(['errors', 'formats-names']);

/**
 * Returns a function that names the chunk of a module. There are few chunks, because importing many small modules takes
 * several times as long as one large module. Each light entry is one chunk; the other modules of the root entry are one chunk. Others share a chunk with
 * those that the same entries import. The declarations of the commands are one chunk. Modules that are imported at the moment of use stay apart.
 */
function chunksOf(library) {
  const closures = new Map();
  return (id, context) => {
    const uses = (entry) => {
      const from = join(root, entry);
      if (!closures.has(from))
        closures.set(
          from,
          closure(from, (module) => context.getModuleInfo(module)?.importedIds ?? []),
        );
      return closures.get(from).has(id);
    };
    const users = Object.keys(library).filter((name) => uses(library[name]));
    const light = users.find((name) => LIGHT.has(name));
    if (light !== undefined) return light;
    if (users.includes('index')) return 'core';
    const lower = users.filter((name) => !UPPER.test(name));
    if (users.length > 0) return (lower.length > 0 ? lower : users).join('+');
    return START.some(uses) ? 'command-line' : null;
  };
}

/** A module and all that it imports statically. */
function closure(id, importsOf, reached = new Set()) {
  if (!reached.has(id)) {
    reached.add(id);
    for (const next of importsOf(id)) closure(next, importsOf, reached);
  }
  return reached;
}

/** Writes the licenses of the packages that are part of the bundle. */
function licenses() {
  const path = join(dist, 'THIRD-PARTY-LICENSES.txt');
  const texts = BUNDLED_PACKAGES.map((name) => {
    const folder = join(root, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8')}`;
  });
  writeFileSync(path, texts.join(`\n${'-'.repeat(80)}\n\n`));
  return path;
}

/** Bundles for browsers contain `no-NAME.ts` in the place of `NAME.ts` where both exist. */
const standIns = {
  name: 'stand-ins',
  resolveId(specifier, importer) {
    if (importer === undefined || !specifier.startsWith('.')) return undefined;
    const standIn = join(importer, '..', specifier, '..', `no-${basename(specifier)}`);
    return existsSync(standIn) ? standIn : undefined;
  },
};

/** Modules of a bundle find the files of the package, such as package.json, one folder up. */
const packageFiles = {
  name: 'package-files',
  transform: {
    filter: { code: 'import.meta.url' },
    handler: (code, id) =>
      code.replace(/new URL\('((?:\.\.\/)+[^']+)', import\.meta\.url\)/g, (url, path) => {
        const file = relative(root, join(id, '..', path));
        return file.startsWith('src/') ? url : `new URL('../${file}', import.meta.url)`;
      }),
  },
};

/** The bundled packages do the work that few programs need at the moment of use, not when they are imported. */
const lazyPackages = {
  name: 'lazy-packages',
  transform: {
    filter: { id: /node_modules\/(crc-32\/crc32c|commander\/lib\/command)\.js$/ },
    handler(code, id) {
      // Tables for hosts without the WebAssembly kernel. An object literal is also something that bundlers may drop.
      if (id.endsWith('crc32c.js'))
        return `let tables; const load = (exports) => { ${code}\n return exports; };
          export default { buf: (bytes, seed) => (tables ??= load({})).buf(bytes, seed) };`;
      const required = "const childProcess = require('node:child_process');";
      if (!code.includes(required)) throw new Error('commander loads node:child_process in another way');
      return code.replace(
        required,
        "const childProcess = { spawn: (...args) => require('node:child_process').spawn(...args) };",
      );
    },
  },
};

/** Writes the declarations of every module to dist/types/. */
export function declare() {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const { status, stdout } = spawnSync(
    process.execPath,
    [tsc, '-p', 'tsconfig.build.json', '--listEmittedFiles'],
    { cwd: root, encoding: 'utf8', stdio: ['inherit', 'pipe', 'inherit'], maxBuffer: 2 ** 26 },
  );
  const EMITTED = 'TSFILE: ';
  const lines = stdout.split('\n');
  process.stdout.write(lines.filter((line) => !line.startsWith(EMITTED)).join('\n'));
  if (status !== 0) throw new Error('the declarations cannot be written');
  const outputs = new Set(
    lines
      .filter((line) => line.startsWith(EMITTED))
      .map((line) => resolve(root, line.slice(EMITTED.length).trim())),
  );
  for (const path of outputs) portDeclarations(path);
  prune(types, (path) => outputs.has(path));
}

/** Removes the files of earlier builds. Returns whether the folder is empty then. */
function prune(folder, isKept) {
  let isEmpty = true;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() ? prune(path, isKept) : !isKept(path)) rmSync(path, { recursive: true });
    else isEmpty = false;
  }
  return isEmpty;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [part] = process.argv.slice(2);
  if (part !== 'types') await bundle();
  if (part !== 'bundle') declare();
}
