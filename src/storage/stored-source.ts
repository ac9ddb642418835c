import type { ChunkReading, OpenSource } from '../bytes/sources.ts';
import { type FileHead, openPath, peekPath } from './local/open-path.ts';
import type { ObjectOptions } from './object-options.ts';
import { addressOf, isRemote } from './registry.ts';
import { openObjectSource, type RemoteAccess } from './remote-chunks.ts';
import type { ObjectRef } from './storage.ts';

// Bundles for browsers have no-stored-source.ts in its place (package.json, `browser`).

export { isRemote } from './registry.ts';
export type { FileHead, RemoteAccess };

/**
 * Opens a path, a `file:` URL, an address, a descriptor, or `-` for reading.
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source`
 */
export function openStored(
  source: string | URL | number | ObjectRef,
  reading: ChunkReading,
  access: RemoteAccess = {},
): OpenSource {
  if (typeof source === 'object' && !(source instanceof URL))
    return isRemote(source.uri)
      ? openObjectSource(source, access, reading.start ?? 0)
      : openPath(source.uri, reading);
  if (isRemote(source)) return openObjectSource({ uri: addressOf(source) }, access, reading.start ?? 0);
  return openPath(source, reading);
}

/**
 * The first `bytes` bytes of a regular local file, and its size. Undefined for everything else, and for what cannot be
 * opened: reading it reports what is wrong.
 */
export function peekStored(source: string | URL, bytes: number): FileHead | undefined {
  return isRemote(source) ? undefined : peekPath(source, bytes);
}

/**
 * The same, for objects too: two requests.
 * @throws RecordpipeError as `openObjectReader`, for objects only
 */
export async function storedHead(
  source: string | URL,
  bytes: number,
  objects: Partial<ObjectOptions> | undefined,
  signal: AbortSignal | undefined,
): Promise<FileHead | undefined> {
  if (!isRemote(source)) return peekPath(source, bytes);
  const { openObjectReader } = await import('./object-reader.ts');
  const reader = await openObjectReader(addressOf(source), { ...objects, signal });
  try {
    return { head: await reader.read(0, Math.min(bytes, reader.size)), size: reader.size };
  } finally {
    await reader.close();
  }
}
