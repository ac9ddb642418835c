import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));

const imported = new Map();

/**
 * Imports a TypeScript module of src/, which the oldest supported Node cannot run itself. The same
 * module is imported once.
 */
export async function importSource(path) {
  const loading = imported.get(path) ?? load(path);
  imported.set(path, loading);
  return loading;
}

async function load(path) {
  const { module } = await runnerImport(`${root}src/${path}`, {
    root,
    configFile: false,
    logLevel: 'error',
    resolve: { tsconfigPaths: true },
  });
  return module;
}
