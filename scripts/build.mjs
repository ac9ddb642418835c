// Builds dist/ from src/: `node scripts/build.mjs [bundle|types]` builds the JavaScript, the
// declarations, or both.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { minify } from 'rolldown/utils';
import { bundleDeclarations, portDeclarations } from './declarations.mjs';
import { manPages } from './docs/man.mjs';
import { sourceLines } from './source-lines.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const browser = join(dist, 'browser');
const man = join(dist, 'man');
const types = join(dist, 'types');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const COMMAND_LINE = 'src/cli/main.ts';
/** Packages to include in the bundle, so that users do not install them and they load faster. */
const BUNDLED_PACKAGES = ['@marcbachmann/cel-js', 'commander', 'crc-32', 'modern-tar', 're2js'];
/** Entries that build on the other entries. The other entries determine the chunks. */
const UPPER = /^(upload|scale|pipemode)/;
/** The modules that the command line loads at startup. */
const START = [
  'src/cli/program.ts',
  'src/cli/fail.ts',
  ...readdirSync(join(root, 'src/cli/commands')).map((file) => `src/cli/commands/${file}`),
];
const WORKERS = [
  'src/check/recordpipe-file-worker.ts',
  'src/dataset/operators/recordpipe-map-worker.ts',
  'src/records/indexes/recordpipe-index-worker.ts',
];

/** Bundles src/ into dist/ for Node, and the subpaths that run in browsers into dist/browser/. */
export async function bundle() {
  const programs = {
    [basename(manifest.bin.recordpipe, '.js')]: COMMAND_LINE,
    ...Object.fromEntries(WORKERS.map((source) => [basename(source, '.ts'), source])),
  };
  const forNode = await bundled(dist, publicModules('default'), programs, {
    platform: 'node',
    plugins: [packageFiles, lazyPackages],
  });
  const forBrowsers = await bundled(
    browser,
    publicModules('browser'),
    {},
    { platform: 'browser', plugins: [lazyPackages, standIns] },
  );
  const outputs = new Map([
    ...[...forNode].map(([name, text]) => [join(dist, name), text]),
    ...[...withoutShared(forBrowsers, forNode)].map(([name, text]) => [join(browser, name), text]),
    ...[...(await manPages(manifest.version))].map(([name, text]) => [join(man, name), text]),
    [join(dist, 'THIRD-PARTY-LICENSES.txt'), licenses()],
  ]);
  for (const folder of [browser, man]) mkdirSync(folder, { recursive: true });
  for (const [path, text] of outputs) writeFileSync(path, text);
  prune(dist, (path) => outputs.has(path) || path.startsWith(types));
  chmodSync(join(root, manifest.bin.recordpipe), 0o755);
}

/**
 * Maps the bundle names of the modules that package.json exports under a condition to their
 * sources.
 */
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
 * Returns the files of a bundle by name. They belong in one folder, so that a worker is next to the
 * module that starts it and package.json is in the parent directory.
 */
async function bundled(folder, library, programs, options) {
  const build = await rolldown({
    ...options,
    cwd: root,
    input: { ...library, ...programs },
    external: (name) => /^(node:|worker_threads$)/.test(name) || dependencies.has(packageOf(name)),
    // Entries only re-export, and chunks have no import cycles: see `chunksOf`.
    preserveEntrySignatures: 'allow-extension',
    tsconfig: 'tsconfig.json',
    logLevel: 'silent',
  });
  const { output } = await build.generate({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    sourcemap: true,
    // Functions keep their names, because stacks contain them.
    minify: { compress: false, mangle: { keepNames: true }, codegen: { removeWhitespace: true } },
    comments: { legal: true, annotation: true, jsdoc: false },
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [{ name: chunksOf(library) }],
    },
  });
  const maps = new Map(output.map(({ fileName, source }) => [fileName, source]));
  const files = new Map();
  for (const chunk of output.filter(({ code }) => code !== undefined)) {
    const { fileName: name, code } = chunk;
    const map = isVendored(chunk) ? undefined : maps.get(`${name}.map`);
    if (map === undefined)
      files.set(name, isVendored(chunk) ? (await minify(name, code, { module: true })).code : code);
    else {
      const lines = sourceLines(name, code, map);
      files.set(name, lines.code).set(`${name}.map`, lines.map);
    }
  }
  return files;
}

/** Reports whether a chunk has little code of ours. Its lines and its map help nobody. */
function isVendored({ modules }) {
  const sizes = Object.entries(modules ?? {}).map(([id, { code }]) => [id, code?.length ?? 0]);
  const sum = (list) => list.reduce((total, [, size]) => total + size, 0);
  return sum(sizes.filter(([id]) => id.includes('node_modules'))) > 0.8 * sum(sizes);
}

/** Removes the files of a browser bundle that the bundle for Node has too, and imports those instead. */
function withoutShared(forBrowsers, forNode) {
  const isShared = (name) => name.endsWith('.js') && forBrowsers.get(name) === forNode.get(name);
  const own = [...forBrowsers].filter(([name]) => !isShared(name.replace(/\.map$/, '')));
  return new Map(
    own.map(([name, text]) => [
      name,
      text.replace(/(["'])\.\/([\w.-]+\.js)\1/g, (specifier, quote, file) =>
        isShared(file) ? `${quote}../${file}${quote}` : specifier,
      ),
    ]),
  );
}

/** The packages that users install. All others are bundled. */
const dependencies = new Set(
  Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies }),
);

function packageOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** Modules that need little else, and that the streamer needs without the rest of `check`. */
const INPUTS = join(root, 'src/records/inputs/');

/** The entries that the command line imports at its start. */
const LIGHT = new Set(['errors', 'formats-names']);

/**
 * Returns a function that names the chunk of a module. There are few chunks, because importing many
 * small modules takes several times as long as importing one large module. Each light entry forms
 * one chunk, and so do the other modules of the root entry, and the inputs. Other modules share a chunk if the same
 * entries import them. The command declarations form one chunk. Modules that are imported on first
 * use stay separate.
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
    if (users.length > 0 && id.startsWith(INPUTS)) return 'records-inputs';
    const lower = users.filter((name) => !UPPER.test(name));
    if (users.length > 0) return (lower.length > 0 ? lower : users).join('+');
    return START.some(uses) ? 'command-line' : null;
  };
}

/** Returns the set of a module and all its static imports, transitively. */
function closure(id, importsOf, reached = new Set()) {
  if (!reached.has(id)) {
    reached.add(id);
    for (const next of importsOf(id)) closure(next, importsOf, reached);
  }
  return reached;
}

/** Returns the licenses of the bundled packages. */
function licenses() {
  const { resolve: locate } = createRequire(import.meta.url);
  const texts = BUNDLED_PACKAGES.map((name) => {
    const place = join('node_modules', name);
    const entry = locate(name);
    const folder = entry.slice(0, entry.lastIndexOf(place) + place.length);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8')}`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

/**
 * Browser bundles replace `NAME.ts` with `no-NAME.ts` if both exist. Modules that a format loads
 * for writers, indexes, and header hops need files, so they are empty.
 */
const standIns = {
  name: 'stand-ins',
  resolveId(specifier, importer, { kind }) {
    if (importer === undefined || !specifier.startsWith('.')) return undefined;
    const needsFiles = /[\\/]formats[\\/]\w+[\\/]format\.ts$/.test(importer) && specifier !== './decoder.ts';
    if (kind === 'dynamic-import' && needsFiles) return EMPTY;
    const standIn = join(importer, '..', specifier, '..', `no-${basename(specifier)}`);
    return existsSync(standIn) ? standIn : undefined;
  },
  load: (id) => (id === EMPTY ? 'export {};' : undefined),
};
const EMPTY = '\0empty';

/** Rewrites URLs of package files, such as package.json, to the parent directory of the bundle. */
const packageFiles = {
  name: 'package-files',
  transform: {
    filter: { code: 'import.meta.url' },
    handler: (code, id) =>
      sameLines(
        code.replace(/new URL\('((?:\.\.\/)+[^']+)', import\.meta\.url\)/g, (url, path) => {
          const file = relative(root, join(id, '..', path)).replaceAll(sep, '/');
          return file.startsWith('src/') ? url : `new URL('../${file}', import.meta.url)`;
        }),
      ),
  },
};

/** Defers work of the bundled packages that few programs need from import to first use. */
const lazyPackages = {
  name: 'lazy-packages',
  transform: {
    filter: { id: /node_modules\/(crc-32\/crc32c|commander\/lib\/command)\.js$/ },
    handler(code, id) {
      // Only hosts without the WebAssembly kernel need the tables. Bundlers can drop an unused
      // object literal.
      if (id.endsWith('crc32c.js'))
        return sameLines(`let tables; const load = (exports) => { ${code}\n return exports; };
          export default { buf: (bytes, seed) => (tables ??= load({})).buf(bytes, seed) };`);
      const required = "const childProcess = require('node:child_process');";
      if (!code.includes(required))
        throw new Error('commander no longer loads node:child_process as expected; update lazyPackages');
      return sameLines(
        code.replace(
          required,
          "const childProcess = { spawn: (...args) => require('node:child_process').spawn(...args) };",
        ),
      );
    },
  },
};

/**
 * Returns transformed code with a source map, for code whose lines match those of its source.
 * Without a map, stacks would name another source.
 */
function sameLines(code) {
  // Each line begins where the line of that number begins in the source: the next line, column 0.
  const mappings = `AAAA${';AACA'.repeat(code.split('\n').length - 1)}`;
  return { code, map: { version: 3, sources: [''], names: [], mappings } };
}

/** Writes the declarations of the public modules, without what they do not mention, to dist/types/. */
export async function declare() {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const { status, stdout } = spawnSync(
    process.execPath,
    [tsc, '-p', 'tsconfig.build.json', '--listEmittedFiles'],
    { cwd: root, encoding: 'utf8', stdio: ['inherit', 'pipe', 'inherit'], maxBuffer: 2 ** 26 },
  );
  const EMITTED = 'TSFILE: ';
  const lines = stdout.split('\n');
  process.stdout.write(lines.filter((line) => !line.startsWith(EMITTED)).join('\n'));
  if (status !== 0) throw new Error('tsc failed to write the declarations');
  const outputs = new Set(
    lines
      .filter((line) => line.startsWith(EMITTED))
      .map((line) => resolve(root, line.slice(EMITTED.length).trim())),
  );
  for (const path of outputs) portDeclarations(path);
  const entries = Object.values(manifest.exports).flatMap((target) => target.types ?? []);
  const bundles = await bundleDeclarations(
    types,
    entries.map((entry) => join(root, entry)),
  );
  prune(types, (path) => bundles.has(path));
}

/** Removes files of earlier builds. Returns whether the directory is empty afterwards. */
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
  if (part !== 'bundle') await declare();
}
