import { symlinkSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { EventLoopTurns } from '../../bytes/event-loop-turns.ts';
import { isRecordpipeError, UsageError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { pathOf, statFile } from '../../storage/local/list-files.ts';
import { withFileErrors } from '../job/config-file.ts';
import { withLine } from '../streamer/object-epoch.ts';
import { type ChannelFile, FolderMaker } from './download-files.ts';

/** Options for linking files. */
export interface Linking {
  readonly signal: AbortSignal;
  readonly skipMissing: boolean;
  /** Called for each missing file. */
  readonly onSkipped: (file: ChannelFile, error: Error) => void;
  /** Called for each link with the size of its target. */
  readonly onLinked: (bytes: number) => void;
}

/**
 * Creates a link for each file.
 *
 * @param folder an existing folder without these names
 * @throws RecordpipeError `not-found`, `unsupported-source` if the target is not a regular file,
 *   `access-denied`, `io-failure`, `aborted`
 */
export async function linkFiles(
  files: readonly ChannelFile[],
  folder: string,
  { signal, skipMissing, onSkipped, onLinked }: Linking,
): Promise<void> {
  const folders = new FolderMaker(folder);
  const turns = new EventLoopTurns(signal);
  for (const file of files) {
    if (turns.due()) await turns.take();
    try {
      // Files in a listing are known to exist.
      const size = file.object.size ?? (await statFile(file.object)).size;
      folders.make(dirname(file.path));
      const link = join(folder, file.path);
      withFileErrors(link, () => symlinkSync(resolve(pathOf(file.object.uri)), link));
      onLinked(size);
    } catch (error) {
      if (!skipMissing || !isRecordpipeError(error, 'not-found')) throw withLine(error, file);
      onSkipped(file, error);
    }
  }
}

/**
 * Returns the real paths of the folders that contain the files.
 *
 * @param folder the folder of the channel
 * @throws UsageError if the files are in the folder of the channel, which is replaced
 */
export async function foldersOf(files: readonly ChannelFile[], folder: string): Promise<string[]> {
  const place = await placeOf(folder);
  const given = new Set(files.map(({ object }) => dirname(resolve(pathOf(object.uri)))));
  const folders = await Promise.all([...given].map((one) => realpath(one).catch(() => one)));
  const inside = folders.find((one) => contains(place, one));
  if (inside !== undefined)
    throw overlap(`the data folder ${inside} is inside the channel's folder ${place}`);
  return [...new Set(folders)];
}

/**
 * Returns the real path of a data folder that can be linked as a whole.
 *
 * @param source the data folder
 * @param folder the path of the channel's folder, which becomes the link
 * @throws UsageError if one folder contains the other
 */
export async function linkTarget(source: string, folder: string): Promise<string> {
  const place = await placeOf(folder);
  const target = await realpath(source).catch((error: unknown) => {
    throw fileError(error, source);
  });
  if (contains(place, target))
    throw overlap(`the data folder ${target} is inside the channel's folder ${place}`);
  if (contains(target, place))
    throw overlap(`the channel's folder ${place} is inside the data folder ${target}`);
  return target;
}

function overlap(what: string): UsageError {
  return new UsageError(`${what}; use another root folder (root), or move the data`);
}

/** Returns the real path of the folder of a channel, which may be a link of an earlier run. */
async function placeOf(folder: string): Promise<string> {
  const parent = await realpath(dirname(folder)).catch(() => resolve(dirname(folder)));
  return join(parent, basename(folder));
}

/** Reports whether a real path is the folder itself or is below it. */
function contains(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || resolve(path, way) === way);
}
