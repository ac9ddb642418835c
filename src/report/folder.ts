import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../bytes/file-errors.ts';
import { isRecordName } from '../files/record-names.ts';
import type { Format } from './report-options.ts';

/**
 * The files of a format in a folder and below, by name. Unlike a glob library it fails for a subfolder that cannot be read: what is not
 * looked at must not count as checked.
 * @throws RecordpipeError `access-denied`, `io-failure`
 */
export async function filesInFolder(folder: string, format: Format): Promise<string[]> {
  const files: string[] = [];
  await walk(folder, format, new Set(), files);
  return files;
}

async function walk(
  folder: string,
  format: Format,
  above: ReadonlySet<string>,
  files: string[],
): Promise<void> {
  const [entries, real] = await Promise.all([
    readdir(folder, { withFileTypes: true }),
    realpath(folder),
  ]).catch((error: unknown) => {
    throw fileError(error, folder);
  });
  if (above.has(real)) return; // a symbolic link to a folder above
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    const kind = entry.isSymbolicLink() ? await stat(path).catch(() => entry) : entry;
    if (kind.isDirectory()) await walk(path, format, new Set([...above, real]), files);
    else if (isRecordName(entry.name, format)) files.push(path);
  }
}
