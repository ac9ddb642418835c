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

const config: ReturnType<typeof defineConfig> = defineConfig({
  // `recordpipe` and its subpaths resolve to src/, as tsconfig.json states.
  resolve: { tsconfigPaths: true },
  plugins: [builtWorkers],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/counterparts/**', 'test/slow/**', 'test/browser/**', '**/node_modules/**'],
    globalSetup: ['test/support/build-once.ts'],
    testTimeout: 90_000,
    pool: 'forks',
    // One more than cores: many tests wait for a server, a pipe or a process.
    maxWorkers: 3,
  },
});

export default config;
