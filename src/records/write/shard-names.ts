import { basename } from 'node:path';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { objectOptions } from '../../storage/object-options.ts';
import { storageOf } from '../../storage/registry.ts';
import type { Storage } from '../../storage/storage.ts';
import type { UnnamedFile, WrittenFile } from './record-writer.ts';
import type { RecordWriteOptions } from './write-options.ts';

/** Maximum number of names in an error message. */
const MAX_LISTED = 3;

/** The names of a set of shards: `PREFIX-00000-of-00012SUFFIX`. */
export interface ShardNaming extends Pick<RecordWriteOptions, 'overwrite' | 'objects' | 'signal'> {
  readonly prefix: string;
  readonly suffix: string;
}

/** Returns the name of shard `index` of `count`. */
export function shardName({ prefix, suffix }: ShardNaming, index: number, count: number): string {
  return `${prefix}-${digits(index)}-of-${digits(count)}${suffix}`;
}

/**
 * Finds the existing shards with this prefix and suffix, in sets of any size, and returns them in
 * no particular order.
 * @throws RecordpipeError `access-denied`, `object-missing` (no such bucket), `retries-exhausted`,
 *   `io-failure`, `aborted`
 */
export async function findShards(naming: ShardNaming): Promise<string[]> {
  const { prefix, suffix, signal } = naming;
  const beginning = `${prefix}-`;
  const storage = await storageIn(naming);
  const found: string[] = [];
  try {
    for await (const { uri } of storage.list(beginning, signal, () => false))
      if (uri.endsWith(suffix) && isShardNumber(uri.slice(beginning.length, uri.length - suffix.length)))
        found.push(uri);
  } catch (error) {
    // If the folder does not exist, opening a shard reports the error.
    if (!isRecordpipeError(error, 'not-found')) throw error;
  }
  return found;
}

/**
 * Throws if shards with this prefix exist and may not be replaced, because a reader would read both
 * sets.
 * @param existing the result of `findShards`, if it was called
 * @returns the existing shards
 * @throws RecordpipeError `already-exists`, and the same errors as `findShards`
 */
export async function checkShardNames(
  naming: ShardNaming,
  existing?: readonly string[],
): Promise<readonly string[]> {
  const found = existing ?? (await findShards(naming));
  if (found.length > 0 && !naming.overwrite) throw shardsExist(found);
  return found;
}

/**
 * Gives finished shards their names, and then removes the shards of an older set of a different
 * size.
 * @throws RecordpipeError `already-exists`, and errors of the file system or the object store
 */
export async function nameShards(
  shards: readonly UnnamedFile[],
  naming: ShardNaming,
): Promise<WrittenFile[]> {
  const older = await checkShardNames(naming);
  const files: WrittenFile[] = [];
  for (const [i, { written, file }] of shards.entries()) {
    const path = shardName(naming, i, shards.length);
    await file.name(path);
    files.push({ ...written, path });
  }
  const named = new Set(files.map(({ path }) => path));
  const storage = await storageIn(naming);
  for (const path of older) if (!named.has(path)) await storage.remove(path, naming.signal);
  return files;
}

function storageIn({ prefix, objects }: ShardNaming): Promise<Storage> {
  return storageOf(prefix, objectOptions(objects));
}

function shardsExist(found: readonly string[]): RecordpipeError {
  const names = found.slice().sort();
  const listed = names.slice(0, MAX_LISTED).map((name) => basename(name));
  const more = names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : '';
  const text = `shards with this prefix exist: ${listed.join(', ')}${more}; readers would read both sets of shards; pass overwrite: true to replace them`;
  return new RecordpipeError('already-exists', text, { uri: names[0] });
}

/**
 * Reports whether a string has the form of the part between prefix and suffix in the name of a
 * shard, `00000-of-00012`.
 */
function isShardNumber(text: string): boolean {
  return /^\d{5,}-of-\d{5,}$/.test(text);
}

function digits(value: number): string {
  return String(value).padStart(5, '0');
}
