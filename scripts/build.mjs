// Compiles src/ to dist/ with the locked TypeScript and marks the command line executable. What runs from dist/ meanwhile keeps running:
// files are written over, and only those that no source stands behind any more are removed.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { portDeclarations } from './declarations.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const { status, stdout } = spawnSync(
  process.execPath,
  [tsc, '-p', 'tsconfig.build.json', '--listEmittedFiles'],
  { cwd: root, encoding: 'utf8', stdio: ['inherit', 'pipe', 'inherit'], maxBuffer: 2 ** 26 },
);
const EMITTED = 'TSFILE: ';
const lines = stdout.split('\n');
const emitted = new Set(
  lines
    .filter((line) => line.startsWith(EMITTED))
    .map((line) => resolve(root, line.slice(EMITTED.length).trim())),
);
process.stdout.write(lines.filter((line) => !line.startsWith(EMITTED)).join('\n'));
if (status !== 0) process.exit(status ?? 1);
for (const path of emitted) if (path.endsWith('.d.ts')) portDeclarations(path);
for (const entry of readdirSync(dist, { withFileTypes: true, recursive: true })) {
  const path = join(entry.parentPath, entry.name);
  if (entry.isFile() && !emitted.has(path)) rmSync(path);
}
// TypeScript wraps the argument of the only computed import in a helper. Terser inlines that helper into a wrong import().
const computed = join(dist, 'dataset/operators/map-with.js');
const wrapped = readFileSync(computed, 'utf8');
const plain = wrapped
  .replace(/^var __rewriteRelativeImportExtension = [\s\S]*?^};\n/m, '')
  .replace(/import\(__rewriteRelativeImportExtension\(([^()]*)\)\)/, 'import($1)');
if (plain.includes('__rewrite')) throw new Error(`${computed}: the import is still wrapped in a helper`);
writeFileSync(computed, plain);
if (existsSync(join(dist, 'cli/main.js'))) chmodSync(join(dist, 'cli/main.js'), 0o755);
