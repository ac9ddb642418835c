import { fstatSync, realpathSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { checkPath } from '../bytes/arguments.ts';
import { isRecordpipeError } from '../errors.ts';
import { pathOf } from './local/list-files.ts';
import { type ObjectOptions, objectOptions } from './object-options.ts';
import { addressOf, isRemote, storageOf } from './registry.ts';
import type { Access, ObjectStat } from './storage.ts';

/** Returns a path or the address of an object as a string. A `file:` URL becomes a path. */
export function locationOf(given: string | URL): string {
  checkPath('path', given);
  return isRemote(given) ? addressOf(given) : pathOf(String(given));
}

/**
 * Reports whether a file or object exists.
 * @throws RecordpipeError `retries-exhausted`, `io-failure`, `aborted`
 */
export async function exists(location: string, { objects, signal }: Access = {}): Promise<boolean> {
  if (!isRemote(location)) return statIfPresent(location) !== undefined;
  try {
    await statObject(location, { ...objects, signal });
    return true;
  } catch (error) {
    // Without permission to list a bucket, the response for a missing object is 403.
    if (isRecordpipeError(error, 'object-missing', 'access-denied')) return false;
    throw error;
  }
}

/**
 * Returns the size of a regular local file. Returns undefined for anything else, because it has no
 * size or its size requires a request.
 */
export function localSize(location: string | URL): number | undefined {
  if (isRemote(location)) return undefined;
  const stat = statIfPresent(pathOf(String(location)));
  return stat?.isFile() ? stat.size : undefined;
}

/** Reports whether a path or address can be read more than once. Pipes and devices cannot. */
export function isRereadable(location: string | URL): boolean {
  if (isRemote(location)) return true;
  if (location === '-') return false;
  // Opening a missing file reports the error.
  return statIfPresent(pathOf(String(location)))?.isFile() ?? true;
}

/**
 * Returns the folder for an output's temporary files: the output's own folder for a local file,
 * otherwise the system's temporary folder.
 */
export function temporaryFolder(output: string): string {
  if (output === '-' || isRemote(output)) return tmpdir();
  const existing = statIfPresent(output);
  // The appended letter makes a name that ends with a slash resolve to that folder.
  return existing === undefined || existing.isFile() ? dirname(`${output}x`) : tmpdir();
}

/**
 * Reports whether two names refer to the same file, including through links or redirections.
 * @param a a path, an address or a descriptor
 */
export function isSameFile(a: string | URL | number, b: string | URL | number): boolean {
  const identity = identityOf(a);
  return identity !== undefined && identity === identityOf(b);
}

/**
 * Returns the identity of a file: its device and inode, or its folder and name if it does not exist
 * yet. For an object, returns its address. Returns undefined for terminals and other character
 * devices.
 */
export function identityOf(file: string | URL | number): string | undefined {
  if (typeof file !== 'number' && isRemote(file)) return addressOf(file);
  const path = typeof file === 'number' ? undefined : pathOf(String(file));
  try {
    const stat =
      path === undefined
        ? fstatSync(file as number, { bigint: true })
        : statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat?.isCharacterDevice()) return undefined;
    if (stat !== undefined) return `${stat.dev} ${stat.ino}`;
    return join(realpathSync(dirname(path!)), basename(path!));
  } catch {
    return path && resolve(path); // Opening the file reports the error.
  }
}

function statIfPresent(path: string): import('node:fs').Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/**
 * Returns the size, ETag, stored checksums and user metadata of an object. Sends one HEAD request,
 * which is retried after temporary failures.
 *
 * @param uri `s3://bucket/key` with an unescaped key; a path or `file:` URL
 * @param options see {@link ObjectOptions}
 * @throws RecordpipeError `object-missing` (`not-found` for files), `access-denied`,
 *   `retries-exhausted`, `io-failure`, `aborted`
 * @throws UsageError for an invalid address or option
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { statObject } from 'recordpipe/storage';
 * writeFileSync('three.bin', 'abc');
 * const { size } = await statObject('three.bin'); // or s3://bucket/key
 * console.log(size); // 3
 * ```
 */
export async function statObject(
  uri: string | URL,
  options?: Partial<ObjectOptions> & { readonly signal?: AbortSignal | undefined },
): Promise<ObjectStat> {
  const { signal, ...rest } = options ?? {};
  const address = addressOf(uri);
  const source = await storageOf(address, objectOptions(rest));
  return source.stat({ uri: address }, signal);
}
