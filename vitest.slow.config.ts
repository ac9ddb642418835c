import { defineConfig } from 'vitest/config';

/** What takes minutes or gigabytes: `npm run test:slow`. */
const config: ReturnType<typeof defineConfig> = defineConfig({
  test: {
    include: ['test/slow/**/*.test.ts'],
    testTimeout: 1_800_000,
    pool: 'forks',
    fileParallelism: false,
  },
});

export default config;
