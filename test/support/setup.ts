import { afterAll, expect } from 'vitest';
import { runAfterFile } from './after-file.ts';

/**
 * Compares bytes with one call of the host. The comparison of vitest takes about a microsecond per
 * byte.
 */
function sameBytes(a: unknown, b: unknown): boolean | undefined {
  if (!(a instanceof Uint8Array && b instanceof Uint8Array)) return undefined;
  return a.constructor === b.constructor ? Buffer.compare(a, b) === 0 : undefined;
}

expect.addEqualityTesters([sameBytes]);

/** Variables of the user that change what the library and the command line do. */
const SETTINGS = /^(AWS|SM|SAGEMAKER|XDG|RECORDPIPE)_|_PROXY$|^FORCE_COLOR$/i;
/** Variables of the tests themselves. */
const OF_TESTS = /^RECORDPIPE_(TESTS|KILLS|SEED|SAGEMAKER_TRAIN|TABLE_RECORDS|\w+_PERCENT)$/;
for (const name of Object.keys(process.env))
  if (SETTINGS.test(name) && !OF_TESTS.test(name)) delete process.env[name];

// Files that share a process start with the same environment.
const before = { ...process.env };
afterAll(() => {
  runAfterFile();
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});
