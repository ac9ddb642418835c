import { readdirSync, readFileSync } from 'node:fs';
import type { Plugin, ViteUserConfig } from 'vitest/config';

/** Starts worker threads from dist/, because Node 20 cannot run the TypeScript sources. */
export const builtWorkers: Plugin = {
  name: 'built-workers',
  transform(code) {
    if (!code.includes('-worker.js')) return undefined;
    const edited = code.replace(
      /new URL\(\s*['"]\.\/(recordpipe-\w+-worker\.js)['"],\s*import\.meta\.url\s*\)/g,
      (_, module) => `new URL(${JSON.stringify(new URL(`dist/${module}`, import.meta.url).href)})`,
    );
    return edited === code ? undefined : { code: edited, map: null };
  },
};

/** All tests that need only Node. */
export const tests: readonly string[] = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.test.ts') && !/^(counterparts|slow|browser)\//.test(file))
  .map((file) => `test/${file}`);
/** Fast tests without processes and servers: `npm run test:fast`. */
const UNIT = [
  /^test\/[^/]*$/,
  /^test\/(crc32c|formats|messages|dataset|records\/inputs|check\/stats|pipemode\/manifest)\//,
  /^test\/records\/(abort|batch|budgets|detect-format|keeping|round-trip|sources|textline|web-streams)\./,
  /^test\/records\/(recordio-recover|.*options|textline-(encodings|paths))\./,
];
const NOT_UNIT = /^test\/(public-api|package|crc32c\/fallback|dataset\/(objects|workers))\./;
/** Tests that replace modules, or measure the memory of their process. Each file has its own process. */
const ALONE = /\bvi\.(mock|resetModules)\(|\b(memoryUsage|getActiveResourcesInfo)\(/;

/** The programs and commands of docs/: `npm run test:guides`. */
const GUIDES = /^test\/docs\/(guides|programs\/programs)\./;

type Group = 'unit' | 'system' | 'alone' | 'guides';

/** Runs only the groups in this list, for example `RECORDPIPE_TESTS=system,alone`. */
const wanted = process.env['RECORDPIPE_TESTS']?.split(',') ?? ['unit', 'system', 'alone'];

function groupOf(file: string): Group {
  if (GUIDES.test(file)) return 'guides';
  if (UNIT.some((pattern) => pattern.test(file)) && !NOT_UNIT.test(file)) return 'unit';
  return ALONE.test(readFileSync(file, 'utf8')) ? 'alone' : 'system';
}

/**
 * The files of some groups. If they share processes, each process loads the modules of src/ once.
 * Each project transforms these modules again, so there are only two.
 */
const project = (files: readonly string[], name: string, isolate: boolean, groups: readonly Group[]) => ({
  extends: true as const,
  test: {
    name,
    isolate,
    include: files.filter((file) => groups.includes(groupOf(file)) && wanted.includes(groupOf(file))),
  },
});

/** Returns the configuration that runs these tests. */
export const configOf = (files: readonly string[]): ViteUserConfig => ({
  // `recordpipe` and its subpaths resolve to src/, as tsconfig.json states.
  resolve: { tsconfigPaths: true },
  plugins: [builtWorkers],
  test: {
    globalSetup: ['test/support/build-once.ts'],
    setupFiles: ['test/support/setup.ts'],
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // Long, because a busy machine is not a failure.
    expect: { poll: { timeout: 60_000, interval: 10 } },
    pool: 'forks',
    // One more than cores: many tests wait for a server, a pipe or a process.
    maxWorkers: 3,
    projects: [
      project(files, 'shared', false, ['unit', 'system', 'guides']),
      project(files, 'alone', true, ['alone']),
    ],
  },
});

const config: ViteUserConfig = configOf(tests);

export default config;
