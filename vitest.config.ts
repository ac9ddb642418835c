import { defineConfig } from 'vitest/config';

const config: ReturnType<typeof defineConfig> = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/counterparts/**', 'test/slow/**', 'test/browser/**', '**/node_modules/**'],
    globalSetup: ['test/support/build-once.ts'],
    testTimeout: 90_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});

export default config;
