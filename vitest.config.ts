import { readdirSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vitest/config';

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

const tests = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && !/^(counterparts|slow|browser)\//.test(file))
  .map((file) => `test/${file}`);
/**
 * Fast tests without processes, servers and process-wide state. They share the modules that a test process has loaded.
 */
const UNIT = [
  /^test\/[^/]*$/,
  /^test\/(crc32c|formats|messages|dataset|records\/inputs|check\/stats|pipemode\/manifest)\//,
  /^test\/records\/(abort|batch|budgets|detect-format|keeping|round-trip|sources|textline|web-streams)\./,
  /^test\/records\/(recordio-recover|.*options|textline-(encodings|paths))\./,
];
const NOT_UNIT = /^test\/(public-api|package|crc32c\/fallback|dataset\/(objects|workers))\./;
const isUnit = (file: string): boolean => UNIT.some((pattern) => pattern.test(file)) && !NOT_UNIT.test(file);

const config: ReturnType<typeof defineConfig> = defineConfig({
  // `recordpipe` and its subpaths resolve to src/, as tsconfig.json states.
  resolve: { tsconfigPaths: true },
  plugins: [builtWorkers],
  test: {
    globalSetup: ['test/support/build-once.ts'],
    testTimeout: 90_000,
    hookTimeout: 90_000,
    pool: 'forks',
    // One more than cores: many tests wait for a server, a pipe or a process.
    maxWorkers: 3,
    projects: [
      { extends: true, test: { name: 'unit', include: tests.filter(isUnit), isolate: false } },
      { extends: true, test: { name: 'system', include: tests.filter((file) => !isUnit(file)) } },
    ],
  },
});

export default config;
