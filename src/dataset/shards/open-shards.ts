import type { FrameReader } from '../../formats/record-format.ts';
import type { FrameTable } from '../../records/indexes/frame-table.ts';
import { frameReader } from '../../records/indexes/index-files.ts';
import { findFrames, type IndexedOptions } from '../../records/indexes/open-indexed.ts';
import { openStoredFile } from '../../storage/stored-file.ts';
import { type FileNames, type FileNamesOptions, filesNamed } from '../file-names.ts';

/** A file with the positions of its records. */
export interface Shard {
  readonly path: string;
  readonly table: FrameTable;
  readonly frames: FrameReader;
  /** Size and modification time when the index was compared with the file. */
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly isRemote: boolean;
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
const OPENING = 16;

/**
 * Opens the index of each file that matches the names.
 * @throws RecordpipeError the same errors as `openIndexed`, for the first file that fails
 */
export async function openShards(
  names: FileNames,
  options: ShardIndexing,
  signal: AbortSignal,
): Promise<Shard[]> {
  const paths: (string | URL)[] = [];
  for await (const { path } of filesNamed(names, { ...options, signal })) paths.push(path);
  const shards = new Array<Shard>(paths.length);
  let next = 0;
  let failedAt = paths.length;
  let failure: unknown;
  const lane = async (): Promise<void> => {
    while (next < failedAt) {
      const at = next++;
      try {
        shards[at] = await openShard(paths[at], options, signal);
      } catch (error) {
        if (at > failedAt) continue;
        failedAt = at;
        failure = error;
      }
    }
  };
  await Promise.all(Array.from({ length: OPENING }, lane));
  if (failedAt < paths.length) throw failure;
  return shards;
}

async function openShard(
  path: string | URL,
  { format = 'auto', objects, missing = 'error', ...layout }: ShardIndexing,
  signal: AbortSignal,
): Promise<Shard> {
  const options = { ...layout, format, objects, signal };
  const file = await openStoredFile(path, options);
  try {
    const { table, layout: found } = await findFrames(file, options, missing);
    const frames = await frameReader(file, found, table.count, options);
    const { size, mtimeNs, remote } = file;
    return { path: file.path, table, frames, size, mtimeNs, isRemote: remote !== undefined };
  } finally {
    await file.close();
  }
}
