import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../bytes/file-errors.ts';
import { RecordpipeError } from '../errors.ts';

/**
 * The files of a channel in File mode: all regular files below its folder, sorted by the bytes of their paths; symbolic links to files count.
 * @throws RecordpipeError `not-found` where there are none, `access-denied`, `io-failure`
 */
export async function channelFiles(pipeDir: string, channel: string): Promise<string[]> {
  const folder = join(pipeDir, channel);
  const paths: Buffer[] = [];
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile() || entry.isSymbolicLink())
        paths.push(Buffer.from(join(entry.parentPath ?? entry.path, entry.name)));
    }
  } catch (error) {
    throw fileError(error, folder);
  }
  if (paths.length > 0) return paths.sort(Buffer.compare).map(String);
  throw new RecordpipeError('not-found', 'the folder of the channel holds no files', { uri: folder });
}
