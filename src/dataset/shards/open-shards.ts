import type { FrameReader } from '../../formats/record-format.ts';
import type { FrameTable } from '../../records/indexes/frame-table.ts';
import { frameReader } from '../../records/indexes/index-files.ts';
import { findFrames, type IndexedOptions } from '../../records/indexes/open-indexed.ts';
import { fingerprintOf } from '../../records/indexes/rpidx.ts';
import type { StoredFile } from '../../storage/storage.ts';
import { openStoredFile } from '../../storage/stored-file.ts';
import { type FileNames, type FileNamesOptions, filesNamed } from '../file-names.ts';
import type { RecordSource } from '../places.ts';

/** A file with the positions of its records. */
export interface Shard {
  readonly path: string;
  /** The path, for errors. */
  readonly source: RecordSource;
  readonly table: FrameTable;
  readonly frames: FrameReader;
  /** Size and modification time when the index was compared with the file. */
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly isRemote: boolean;
  /** Fingerprint of the contents. Undefined for an object whose index stores none. */
  readonly fingerprint: number | undefined;
}

/** A shard, and its open file if it is one of the first. */
export interface OpenShard {
  readonly shard: Shard;
  readonly file: StoredFile | undefined;
}

/** How to expand names and find the records of files, as for `openIndexed`. */
export interface ShardIndexing
  extends FileNamesOptions,
    Partial<
      Pick<
        IndexedOptions,
        'multipart' | 'lenientFlags' | 'delimiter' | 'cr' | 'payloadCrc' | 'maxRecordBytes' | 'missing'
      >
    > {}

/** Number of files to open in parallel. Opening an object takes several requests. */
const OPENING = 32;

/**
 * Opens the index of each file that matches the names.
 * @param maxOpen number of files to leave open
 * @throws RecordpipeError the same errors as `openIndexed`, for the first file that fails
 */
export async function openShards(
  names: FileNames,
  options: ShardIndexing,
  maxOpen: number,
  signal: AbortSignal,
): Promise<OpenShard[]> {
  const paths: (string | URL)[] = [];
  for await (const { path } of filesNamed(names, { ...options, signal })) paths.push(path);
  const shards = new Array<OpenShard>(paths.length);
  let next = 0;
  let failedAt = paths.length;
  let failure: unknown;
  const lane = async (): Promise<void> => {
    while (next < failedAt) {
      const at = next++;
      try {
        shards[at] = await openShard(paths[at], options, at < maxOpen, signal);
      } catch (error) {
        if (at > failedAt) continue;
        failedAt = at;
        failure = error;
      }
    }
  };
  await Promise.all(Array.from({ length: OPENING }, lane));
  if (failedAt === paths.length) return shards;
  await Promise.allSettled(shards.map((shard) => shard?.file?.close()));
  throw failure;
}

async function openShard(
  path: string | URL,
  { format = 'auto', objects, missing = 'error', ...layout }: ShardIndexing,
  staysOpen: boolean,
  signal: AbortSignal,
): Promise<OpenShard> {
  const options = { ...layout, format, objects, signal };
  const file = await openStoredFile(path, options);
  let isDone = false;
  try {
    const { size, mtimeNs, remote } = file;
    const isRemote = remote !== undefined;
    const { table, layout: found, ...index } = await findFrames(file, options, missing, !isRemote);
    const frames = await frameReader(file, found, table.count, options);
    const fingerprint = index.fingerprint ?? (isRemote ? undefined : await fingerprintOf(file));
    const source = { uri: file.path };
    const shard = { path: file.path, source, table, frames, size, mtimeNs, isRemote, fingerprint };
    isDone = true;
    return { shard, file: staysOpen ? file : undefined };
  } finally {
    if (!isDone || !staysOpen) await file.close();
  }
}
