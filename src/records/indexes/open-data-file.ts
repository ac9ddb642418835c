import { existsSync } from 'node:fs';
import { asObjectUri, isObjectUri } from '../../bytes/object-uri.ts';
import { isRecordpipeError } from '../../errors.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import type { DataFile } from './data-file.ts';
import { LocalFile } from './local-file.ts';

/** How objects are reached, and what ends that. */
export interface Reaching {
  readonly objects?: Partial<ObjectOptions> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens data for reading at any place.
 * @throws RecordpipeError `not-found`, `access-denied`, `unsupported-source`, `io-failure`; of objects also `object-missing`, `retries-exhausted`, `aborted`
 */
export async function openDataFile(given: string | URL, { objects, signal }: Reaching): Promise<DataFile> {
  if (!isObjectUri(given)) return new LocalFile(given);
  // Imported when wanted: start-up time counts.
  const { ObjectFile } = await import('./object-file.ts');
  return ObjectFile.open(asObjectUri(given), objects, signal);
}

/** Opens an index. Those of objects are read at once: they are small. @throws as {@link openDataFile} */
export async function openIndexFile(path: string, { objects, signal }: Reaching): Promise<DataFile> {
  if (!isObjectUri(path)) return new LocalFile(path);
  const file = await openDataFile(path, { objects, signal });
  try {
    const bytes = new Uint8Array(file.size);
    if (file.size > 0) await file.read(bytes, 0, file.size, 0);
    const { MemoryFile } = await import('./object-file.ts');
    return new MemoryFile(path, bytes);
  } finally {
    await file.close();
  }
}

/** Whether there is something of this name. */
export async function isThere(path: string, { objects, signal }: Reaching): Promise<boolean> {
  if (!isObjectUri(path)) return existsSync(path);
  try {
    const { statObject } = await import('../../storage/stat-object.ts');
    await statObject(path, { ...objects, signal });
    return true;
  } catch (error) {
    // Who may not list a bucket is told 403 of what is not there.
    if (isRecordpipeError(error, 'object-missing', 'access-denied')) return false;
    throw error;
  }
}
