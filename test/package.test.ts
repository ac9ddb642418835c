import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin, SourceMap, type SourceMapPayload } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

interface Manifest {
  name: string;
  version: string;
  type: string;
  license: string;
  sideEffects: boolean;
  engines: { node: string };
  bin: Record<string, string>;
  files: string[];
  exports: Record<string, string | { types: string; browser?: string; default: string }>;
  scripts: Record<string, string>;
  dependencies?: Record<string, string>;
  optionalDependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
  devDependencies: Record<string, string>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

function sources(): string[] {
  const src = join(root, 'src');
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(src, file), 'utf8'));
}

test('the package manifest', () => {
  expect(manifest).toMatchObject({
    name: 'recordpipe',
    type: 'module',
    license: 'Apache-2.0',
    sideEffects: false,
    engines: { node: '>=20.19' },
    bin: { recordpipe: 'dist/cli.js' },
  });
  expect(manifest.version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(manifest.scripts['prepare']).toContain('scripts/prepare.mjs');
});

describe('exports', () => {
  const subpaths = Object.entries(manifest.exports);

  test('one explicit subpath per public folder, no wildcard, types first', () => {
    for (const [subpath, target] of subpaths) {
      expect(subpath).toMatch(/^\.(\/[a-z0-9.-]+)*$/);
      if (typeof target === 'string') continue;
      const name = subpath === '.' ? 'index' : subpath.slice(2).replace('/', '-');
      const browser = target.browser && { browser: `./dist/browser/${name}.js` };
      const types = sourceOf(subpath).replace('src/', './dist/types/').replace(/\.ts$/, '.d.ts');
      expect(target).toEqual({ types, ...browser, default: `./dist/${name}.js` });
      expect(Object.keys(target)).toEqual(['types', ...(browser ? ['browser'] : []), 'default']);
      expect(existsSync(join(root, sourceOf(subpath))), subpath).toBe(true);
    }
  });

  test('subpaths without Node modules have a browser build', () => {
    const names = subpaths
      .filter(([, target]) => typeof target !== 'string' && target.browser)
      .map(([name]) => name);
    expect(names).toEqual([
      '.',
      './errors',
      './crc32c',
      './formats',
      './formats/names',
      './records',
      './messages',
      './messages/filter',
    ]);
  });

  test('the bundles export what the sources export', async () => {
    const built = await namesOf(
      subpaths.flatMap(([subpath, target]) =>
        typeof target === 'string'
          ? []
          : [target.browser, target.default].flatMap((file) => (file ? [[subpath, file] as const] : [])),
      ),
    );
    for (const [subpath, file, names] of built) {
      const source = Object.keys(await import(/* @vite-ignore */ join(root, sourceOf(subpath))));
      expect(names, file).toEqual(source.sort());
    }
  });
});

test('the browser build detects every format', async () => {
  const program = `import * as codec from './dist/browser/index.js';
    const { encodeTFRecord, encodeRecordIO, encodeTextLine, readRecords, scanRecords } = codec;
    const encoders = Object.entries({ encodeTFRecord, encodeRecordIO, encodeTextLine });
    for (const [name, encode] of encoders) {
      const file = new Blob([encode(new Uint8Array(3).fill(65))]);
      const records = [];
      for await (const record of readRecords(file)) records.push(record.length);
      const { format } = await scanRecords(file);
      console.log(format, ...records);
    }`;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd: root });
  expect((await run).stdout).toBe('tfrecord 3\nrecordio 3\ntextline 3\n');
});

/** Returns the source of a public subpath. */
function sourceOf(subpath: string): string {
  return subpath === './errors' ? 'src/errors.ts' : join('src', subpath, 'index.ts');
}

/** Returns the names that built modules export, as loaded by Node. */
async function namesOf(
  modules: readonly (readonly [subpath: string, file: string])[],
): Promise<[string, string, string[]][]> {
  const program = `const modules = ${JSON.stringify(modules)};
    const names = await Promise.all(modules.map(([, file]) => import(file)));
    console.log(JSON.stringify(modules.map((one, i) => [...one, Object.keys(names[i]).sort()])));`;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd: root });
  return JSON.parse((await run).stdout);
}

test('every command of the command line and every package it needs is in the bundle', () => {
  const chunks = readdirSync(join(root, 'dist')).filter((file) => file.endsWith('.js'));
  const imported = new Set(
    chunks.flatMap((file) =>
      [...readFileSync(join(root, 'dist', file), 'utf8').matchAll(/^import .*? from "([^".][^"]*)";$/gm)].map(
        ([, name]) => name,
      ),
    ),
  );
  const packages = [...imported].filter((name) => !isBuiltin(name));
  const installed = { ...manifest.optionalDependencies, ...manifest.peerDependencies };
  expect(packages.map(packageOf).filter((name) => !(name in installed))).toEqual([]);
});

test('every dependency is used, and nothing else is', () => {
  const used = new Set(
    sources().flatMap((text) =>
      [...text.matchAll(/(?:^(?:import|export|\}).*\bfrom|\bimport\()\s*'([\w@][^'\n]*)'/gm)].map(
        ([, specifier]) => specifier,
      ),
    ),
  );
  const packages = [...used].filter((specifier) => !isBuiltin(specifier)).map(packageOf);
  const BUNDLED = ['@marcbachmann/cel-js', 'commander', 'crc-32', 'modern-tar', 're2js'];
  const names = new Set(packages.filter((name) => name !== 'recordpipe'));
  // DuckDB's package installs its bindings, and does not export their types.
  const peers = [...Object.keys(manifest.peerDependencies), '@duckdb/node-bindings'];
  expect([...names].filter((name) => !peers.includes(name)).sort()).toEqual(
    [...Object.keys(manifest.optionalDependencies), ...BUNDLED].sort(),
  );
  expect(manifest.dependencies).toBeUndefined();
  for (const name of BUNDLED) expect(manifest.devDependencies).toHaveProperty([name]);
});

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

test('packages for tables are not installed by default, and tests use the versions that users get', () => {
  for (const [name, range] of Object.entries(manifest.peerDependencies)) {
    expect(manifest.peerDependenciesMeta[name], name).toEqual({ optional: true });
    expect(manifest.devDependencies[name], name).toBe(range);
  }
});

test('no dependency is pinned to one version, or allows any version', () => {
  const { dependencies, optionalDependencies, devDependencies } = manifest;
  for (const range of Object.values({ ...dependencies, ...optionalDependencies, ...devDependencies })) {
    expect(range).toMatch(/^[~^]\d/);
  }
});

const DECLARED = /\b(?:function|async) (packageVersion|sourceStack|parseAsync)\([^)]*\) ?\{/g;

test('the source maps of the command line lead to every function, also in modules that the build changes', () => {
  const dist = join(root, 'dist');
  const found = new Map<string, string>();
  for (const file of readdirSync(dist).filter((name) => name.endsWith('.js.map'))) {
    const map = new SourceMap(JSON.parse(readFileSync(join(dist, file), 'utf8')) as SourceMapPayload);
    const lines = readFileSync(join(dist, file.slice(0, -'.map'.length)), 'utf8').split('\n');
    for (const [i, line] of lines.entries()) {
      for (const { index, 1: name } of line.matchAll(DECLARED)) {
        const entry = map.findEntry(i, index);
        if (!('originalSource' in entry)) continue;
        const source = entry.originalSource.replace(/^(\.\.\/)+/, '');
        const original = readFileSync(join(root, source), 'utf8').split('\n')[entry.originalLine];
        found.set(name, `${source} ${original?.includes(name)}`);
      }
    }
  }
  expect(Object.fromEntries(found)).toEqual({
    packageVersion: 'src/cli/fail.ts true', // import.meta.url
    parseAsync: 'node_modules/commander/lib/command.js true', // Loads node:child_process lazily.
    sourceStack: 'src/cli/source-stack.ts true', // Unchanged.
  });
});
