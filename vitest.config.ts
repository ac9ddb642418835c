import { defineConfig } from 'vitest/config';

const config: ReturnType<typeof defineConfig> = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/counterparts/**', 'test/slow/**', 'test/browser/**', '**/node_modules/**'],
    globalSetup: ['test/support/build-once.ts'],
    testTimeout: 90_000,
    pool: 'forks',
    // The built package runs as Node loads it, so that the command line finds itself under its own name.
    server: { deps: { external: [/\/dist\//] } },
    // One more than cores: many tests wait for a server, a pipe or a process.
    maxWorkers: 3,
  },
});

export default config;
