import { compileGlob } from './glob.ts';
import { listObjects } from './list-objects.ts';
import { pathOf } from './local/file-state.ts';
import { walkFolder } from './local/walk-folder.ts';
import { isRemote } from './registry.ts';
import type { Access } from './storage.ts';

/** A file or object that a walk finds. */
export interface WalkEntry {
  readonly path: string;
  /** Whether it is a regular file, or an object. */
  readonly regular: boolean;
  /** Of objects: as their listing has it. */
  readonly size?: number | undefined;
  readonly etag?: string | undefined;
}

/** How a place is walked. */
export interface WalkOptions extends Access {
  /** Whether a folder is read, for storages that have folders. @param path with a slash at its end */
  enter?(path: string, name: string): boolean;
}

/**
 * Everything in a folder or below a prefix: objects as they are listed, in order; local files sorted by the caller.
 * @param prefix a folder with its slash at the end, or a prefix of addresses
 * @throws RecordpipeError `not-found`, `object-missing` (no such bucket), `access-denied`, `io-failure`,
 * `retries-exhausted`, `aborted`
 */
export async function* walk(
  prefix: string,
  { enter = () => true, objects, signal }: WalkOptions,
): AsyncGenerator<WalkEntry, void, undefined> {
  if (!isRemote(prefix)) yield* walkFolder(pathOf(prefix), { enter, signal });
  else
    for await (const { uri, size, etag } of listObjects(prefix, { ...objects, as: 'prefix', signal }))
      yield { path: uri, regular: true, size, etag };
}

/**
 * Everything that matches a pattern.
 * @param onDenied called with folders that may not be read
 * @throws as {@link walk}; `object-missing` if no object matches
 */
export async function* walkPattern(
  pattern: string,
  { objects, signal }: Access,
  onDenied: (path: string) => void,
): AsyncGenerator<WalkEntry, void, undefined> {
  if (isRemote(pattern)) {
    for await (const { uri, size, etag } of listObjects(pattern, { ...objects, signal }))
      yield { path: uri, regular: true, size, etag };
    return;
  }
  const glob = compileGlob(pattern);
  const folder = glob.prefix.slice(0, glob.prefix.lastIndexOf('/') + 1);
  const enter = (path: string): boolean => glob.mayMatchBelow(path);
  for await (const file of walkFolder(folder, { enter, onDenied, signal }))
    if (glob.matches(file.path)) yield file;
}
