import { defineConfig } from 'vitest/config';
import { builtWorkers } from './vitest.config.ts';

/** Against other programs: TensorFlow, a browser. Those that cannot be had are skipped: `npm run test:counterparts`. */
const config: ReturnType<typeof defineConfig> = defineConfig({
  resolve: { tsconfigPaths: true },
  plugins: [builtWorkers],
  test: {
    include: ['test/counterparts/**/*.test.ts', 'test/browser/**/*.test.ts'],
    globalSetup: ['test/support/build-once.ts'],
    setupFiles: ['test/support/setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000, interval: 10 } },
    pool: 'forks',
    fileParallelism: false,
  },
});

export default config;
