import type { ViteUserConfig } from 'vitest/config';
import { portable } from './test/support/platform.ts';
import { configOf, tests } from './vitest.config.ts';

/** The tests that this operating system can run: macOS and Windows lack what some need. */
const config: ViteUserConfig = configOf(portable(tests));

export default config;
