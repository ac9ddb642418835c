import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
  exports: Record<string, string | { types: string; default: string }>;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
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

test('what the package says of itself', () => {
  expect(manifest).toMatchObject({
    name: 'recordpipe',
    type: 'module',
    license: 'Apache-2.0',
    sideEffects: false,
    engines: { node: '>=20.19' },
    bin: { recordpipe: 'dist/cli/main.js' },
  });
  expect(manifest.version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(manifest.scripts['prepare']).toContain('build');
});

describe('exports', () => {
  const subpaths = Object.entries(manifest.exports);

  test('one explicit subpath per public folder, no wildcard, types first', () => {
    for (const [subpath, target] of subpaths) {
      expect(subpath).toMatch(/^\.(\/[a-z0-9.-]+)*$/);
      if (subpath === './package.json') continue;
      const folder = subpath === '.' ? '' : `${subpath.slice(2)}/`;
      const file = subpath === './errors' ? 'errors' : `${folder}index`; // one module, not a folder
      expect(target).toEqual({ types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` });
      expect(Object.keys(target)).toEqual(['types', 'default']);
    }
    expect(subpaths.map(([subpath]) => subpath)).toEqual(
      expect.arrayContaining([
        '.',
        './crc32c',
        './formats',
        './records',
        './records/write',
        './check',
        './package.json',
      ]),
    );
  });

  test('every one has its source', () => {
    for (const [, target] of subpaths) {
      if (typeof target === 'string') continue;
      const source = target.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts');
      expect(existsSync(join(root, source)), source).toBe(true);
    }
  });
});

test('every dependency is used, and nothing else is', () => {
  const used = new Set(
    sources().flatMap((text) =>
      [...text.matchAll(/(?:\bfrom|import\()\s*'([\w@][^'\n]*)'/g)].map(([, specifier]) => specifier),
    ),
  );
  const packages = [...used]
    .filter((specifier) => !isBuiltin(specifier))
    .map((specifier) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/'),
    )
    .filter((name) => name !== 'recordpipe');
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  expect([...new Set(packages)].sort()).toEqual(declared.sort());
});

test('no dependency is pinned to one version, and none to any', () => {
  const { dependencies, optionalDependencies, devDependencies } = manifest;
  for (const range of Object.values({ ...dependencies, ...optionalDependencies, ...devDependencies })) {
    expect(range).toMatch(/^[~^]\d/);
  }
});
