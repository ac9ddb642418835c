import { basename } from 'node:path';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { objectOptions } from '../../storage/object-options.ts';
import { storageOf } from '../../storage/registry.ts';
import type { Storage } from '../../storage/storage.ts';
import type { UnnamedFile, WrittenFile } from './record-writer.ts';
import type { RecordWriteOptions } from './write-options.ts';

export { isRecordName, isSidecar } from '../inputs/record-names.ts';

/** Names that an error lists. */
const MAX_LISTED = 3;

/** What the names of a set of shards have in common: `PREFIX-00000-of-00012SUFFIX`. */
export interface ShardNaming extends Pick<RecordWriteOptions, 'overwrite' | 'objects' | 'signal'> {
  readonly prefix: string;
  readonly suffix: string;
}

/** The name of shard `index` of `count`. */
export function shardName({ prefix, suffix }: ShardNaming, index: number, count: number): string {
  return `${prefix}-${digits(index)}-of-${digits(count)}${suffix}`;
}

/**
 * The existing shards of this prefix and suffix, of any number, in no order.
 * @throws RecordpipeError `access-denied`, `object-missing` (no such bucket), `retries-exhausted`, `io-failure`, `aborted`
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
    // If the folder does not exist, opening a shard reports that.
    if (!isRecordpipeError(error, 'not-found')) throw error;
  }
  return found;
}

/**
 * Fails where shards of this prefix exist, unless they are to be replaced: two sets in one folder would be read as one.
 * @param existing what `findShards` found, if it was called
 * @returns the shards that exist
 * @throws RecordpipeError `already-exists`, and as `findShards`
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
 * Gives finished shards their names, all of them, and then removes the shards of an older set of another number.
 * @throws RecordpipeError `already-exists`, and what keeps a file from being named
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
  const text = `shards of this prefix exist: ${listed.join(', ')}${more}; a second set beside them would be read together with them; pass overwrite: true to replace them`;
  return new RecordpipeError('already-exists', text, { uri: names[0] });
}

/** Whether this stands between the prefix and the suffix of a shard: `00000-of-00012`. */
function isShardNumber(text: string): boolean {
  return /^\d{5,}-of-\d{5,}$/.test(text);
}

function digits(value: number): string {
  return String(value).padStart(5, '0');
}
