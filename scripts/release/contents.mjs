// Checks the contents of the package: `node scripts/release/contents.mjs`, after a build.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAX_PACKED_BYTES = 1_000_000;
const REQUIRED = ['README.md', 'CHANGELOG.md', 'LICENSE', 'dist/THIRD-PARTY-LICENSES.txt'];
/** Files that nobody who installs the package needs. */
const SUPERFLUOUS =
  /(^|\/)(test|node_modules|\.[^/]*)\/|(?<!\.d)\.ts$|\.(tgz|png|log)$|(^|\/)(tsconfig|biome|vitest)/;

/** Returns what is wrong with the package, one sentence each. */
export function contentProblems() {
  const { size, files } = packed();
  const paths = new Set(files.map(({ path }) => path));
  return [
    ...(size < MAX_PACKED_BYTES ? [] : [`the package has ${size} bytes; the limit is ${MAX_PACKED_BYTES}`]),
    ...REQUIRED.filter((path) => !paths.has(path)).map((path) => `${path} is not in the package`),
    ...[...paths]
      .filter((path) => SUPERFLUOUS.test(path))
      .map((path) => `${path} does not belong in the package`),
    ...manifestTargets()
      .filter((path) => !paths.has(path))
      .map((path) => `package.json names ${path}, which is not in the package`),
    ...[...paths].filter((path) => path.endsWith('.md')).flatMap((path) => linkProblems(path, paths)),
    ...[...paths].filter((path) => path.endsWith('.js')).flatMap((path) => mapProblems(path, paths)),
  ];
}

/** Returns the size of the package in bytes, and its files. */
export function packed() {
  const { stdout, stderr } = spawnSync('npm pack --dry-run --json --ignore-scripts', {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    shell: true,
  });
  const [result] = Object.values(JSON.parse(stdout || '[]'));
  if (result === undefined) throw new Error(`npm pack failed: ${stderr}`);
  return result;
}

/** Returns the files that package.json refers to. */
function manifestTargets() {
  const { bin, exports, man = [] } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const found = [...Object.values(bin), ...[man].flat()];
  for (const target of Object.values(exports))
    found.push(...(typeof target === 'string' ? [target] : Object.values(target)));
  return [...new Set(found.map((path) => posix.normalize(path)))];
}

/**
 * Returns the relative links of a page whose targets are not in the package. Pictures of pages other
 * than README.md may be missing, because the repository and the site show them, and they are large.
 */
function linkProblems(page, paths) {
  const text = readFileSync(join(ROOT, page), 'utf8').replace(/^(```+)[\s\S]*?^\1|`[^`\n]*`/gm, '');
  const links = page === 'README.md' ? text : text.replaceAll(/!\[[^\]]*\]\([^)]*\)/g, '');
  const targets = Array.from(links.matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g), ([, target]) => target);
  return targets
    .filter((target) => !/^[a-z]+:/i.test(target))
    .map((target) => posix.join(posix.dirname(page), target).replace(/\/$/, ''))
    .filter((path) => !paths.has(path) && ![...paths].some((other) => other.startsWith(`${path}/`)))
    .map((path) => `${page} links to ${path}, which is not in the package`);
}

/** Returns what is wrong with the source map of a module. Modules that only re-export have none. */
function mapProblems(module, paths) {
  const name = /^\/\/# sourceMappingURL=(.*)$/m.exec(readFileSync(join(ROOT, module), 'utf8'))?.[1];
  if (name === undefined) return [];
  const path = posix.join(posix.dirname(module), name);
  if (!paths.has(path)) return [`${module} names the source map ${path}, which is not in the package`];
  const { payload } = new SourceMap(JSON.parse(readFileSync(join(ROOT, path), 'utf8')));
  return payload.sources
    .map((source) => posix.join(posix.dirname(path), source))
    .filter((source) => !existsSync(join(ROOT, source)))
    .map((source) => `${path} names the source ${source}, which does not exist`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = contentProblems();
  for (const problem of problems) console.error(problem);
  const { size, unpackedSize, files } = packed();
  console.log(`${size} bytes packed, ${unpackedSize} unpacked, ${files.length} files`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
