import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Imports a TypeScript module of src/, which the oldest supported Node cannot run itself. */
export async function importSource(path) {
  const { module } = await runnerImport(`${root}src/${path}`, {
    root,
    configFile: false,
    logLevel: 'error',
    resolve: { tsconfigPaths: true },
  });
  return module;
}
