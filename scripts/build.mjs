// Builds dist/ from src/: `node scripts/build.mjs`. With `--bundle` it skips the declarations.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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
const WORKERS = ['src/check/recordpipe-file-worker.ts', 'src/dataset/operators/recordpipe-map-worker.ts'];

/** Bundles src/ into dist/ for Node, and the subpaths that run in browsers into dist/browser/. */
export async function bundle() {
  const programs = {
    [basename(manifest.bin.recordpipe, '.js')]: COMMAND_LINE,
    ...Object.fromEntries(WORKERS.map((source) => [basename(source, '.ts'), source])),
  };
  const outputs = new Set([
    ...(await bundled(dist, publicModules('default'), programs, { platform: 'node' })),
    ...(await bundled(join(dist, 'browser'), publicModules('browser'), {}, {
      platform: 'browser',
      plugins: [standIns],
    })),
  ]);
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
    comments: { legal: true, annotation: true, jsdoc: false },
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [{ name: chunkOf(library) }],
    },
  });
  return output.map(({ fileName }) => join(folder, fileName));
}

const dependencies = new Set(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }));

function packageOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/**
 * Names the chunk of a module. The root entry is one chunk, because importing many small ones takes several times as
 * long. Other modules share a chunk with those that the same public entries import. Modules that are only imported at
 * the moment of use stay apart.
 */
function chunkOf(library) {
  let entriesOf;
  return (id, context) => {
    entriesOf ??= reachedFrom(library, (module) => context.getModuleInfo(module)?.importedIds ?? []);
    const entries = entriesOf.get(id);
    if (entries === undefined) return null;
    if (entries.includes('errors')) return 'error-classes';
    return entries.includes('index') ? 'core' : entries.join('+');
  };
}

/** The names of the entries that import each module statically. */
function reachedFrom(library, importsOf) {
  const reached = new Map();
  for (const [name, source] of Object.entries(library)) {
    const walk = (id) => {
      const entries = reached.get(id) ?? [];
      if (entries.at(-1) === name) return;
      reached.set(id, [...entries, name]);
      for (const next of importsOf(id)) walk(next);
    };
    walk(join(root, source));
  }
  return reached;
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
  await bundle();
  if (!process.argv.includes('--bundle')) declare();
}
