import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { builtWorkers } from './vitest.config.ts';

/** The files whose runs `npm test` reduces. */
function propertyTests(): string[] {
  return readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/${file}`)
    .filter((file) => readFileSync(file, 'utf8').includes('support/random-runs.ts'));
}

/** Tests that take minutes or gigabytes: `npm run test:slow`. */
const config: ReturnType<typeof defineConfig> = defineConfig({
  resolve: { tsconfigPaths: true },
  plugins: [builtWorkers],
  test: {
    include: ['test/slow/**/*.test.ts', ...propertyTests()],
    // The whole number of random runs; `npm test` does a twentieth.
    env: { RECORDPIPE_RANDOM_PERCENT: '100' },
    testTimeout: 1_800_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000, interval: 10 } },
    globalSetup: ['test/support/build-once.ts'],
    setupFiles: ['test/support/setup.ts'],
    pool: 'forks',
    fileParallelism: false,
  },
});

export default config;
