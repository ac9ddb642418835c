import { readdir, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileError } from '../../bytes/files/file-errors.ts';
import { isObjectUri } from '../../bytes/object-uri.ts';
import { RecordpipeError } from '../../errors.ts';
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
 * The shards of this prefix and suffix that exist, whatever their number, in no order.
 * @throws RecordpipeError `access-denied`, `object-missing` (no such bucket), `retries-exhausted`, `io-failure`, `aborted`
 */
export async function findShards(naming: ShardNaming): Promise<string[]> {
  const { prefix, suffix } = naming;
  const beginning = `${prefix}-`;
  const found: string[] = [];
  if (isObjectUri(prefix)) {
    const { listObjects } = await import('../../storage/list-objects.ts');
    const options = { ...naming.objects, as: 'prefix', signal: naming.signal } as const;
    for await (const { uri } of listObjects(beginning, options))
      if (uri.endsWith(suffix) && isShardNumber(uri.slice(beginning.length, uri.length - suffix.length)))
        found.push(uri);
    return found;
  }
  // With a letter after it, so that a prefix may also be a folder and nothing more.
  const folder = dirname(`${prefix}x`);
  const start = `${basename(`${prefix}x`).slice(0, -1)}-`;
  // Where the folder cannot be read, opening a shard says what is wrong.
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(start) || !name.endsWith(suffix)) continue;
    const number = name.slice(start.length, name.length - suffix.length);
    if (isShardNumber(number) && (await isFile(join(folder, name)))) found.push(beginning + number + suffix);
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
  for (const path of older) if (!named.has(path)) await remove(path, naming);
  return files;
}

async function remove(path: string, { objects, signal }: ShardNaming): Promise<void> {
  if (isObjectUri(path)) {
    const { removeObject } = await import('../../storage/upload/upload-client.ts');
    return removeObject(path, { ...objects, signal });
  }
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(error, path);
  }
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

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

function digits(value: number): string {
  return String(value).padStart(5, '0');
}
