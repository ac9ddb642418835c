import { LocalFile } from './local/local-file.ts';
import { addressOf, isRemote } from './registry.ts';
import type { Access, StoredFile } from './storage.ts';

/**
 * Opens a file or object for reading at any position.
 * @throws RecordpipeError `not-found`, `access-denied`, `unsupported-source` (not a regular file),
 *   `io-failure`; for objects also `object-missing`, `retries-exhausted`, `aborted`
 */
export async function openStoredFile(
  given: string | URL,
  { objects, signal }: Access = {},
): Promise<StoredFile> {
  if (!isRemote(given)) return new LocalFile(given);
  // Imported on demand to keep start-up fast.
  const { RemoteFile } = await import('./object-reader.ts');
  return RemoteFile.open(addressOf(given), objects, signal);
}

/**
 * Opens a small file, such as an index, so that `readNow` can read all of it.
 * @throws the same errors as {@link openStoredFile}
 */
export async function openSmallFile(path: string, access: Access = {}): Promise<StoredFile> {
  if (!isRemote(path)) return new LocalFile(path);
  const file = await openStoredFile(path, access);
  try {
    const bytes = new Uint8Array(file.size);
    if (file.size > 0) await file.read(bytes, 0, file.size, 0);
    const { MemoryFile } = await import('./object-reader.ts');
    return new MemoryFile(path, bytes);
  } finally {
    await file.close();
  }
}
