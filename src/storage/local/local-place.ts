import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isGlob } from '../glob.ts';
import type { Place } from '../storage.ts';
import { pathOf } from './file-state.ts';

/** Paths and `file:` URLs. */
export function localPlace(uri: string): Place {
  const asUrl = uri.startsWith('file://');
  const path = pathOf(uri);
  return {
    name: isGlob(path) ? posix.normalize(path) : path,
    uriOf: (name) => (asUrl ? pathToFileURL(name).href : name),
    nameOf: pathOf,
    folder: async (one) => ((await isFolder(pathOf(one))) && !one.endsWith('/') ? `${one}/` : one),
    missing: 'not-found',
  };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
