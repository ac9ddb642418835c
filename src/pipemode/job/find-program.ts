import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';

/** Folders of system programs, which an ordinary user's PATH may lack. */
const SYSTEM_FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/**
 * Returns the absolute path of a program, or undefined if the program does not exist.
 * @param path the folders to search, in PATH syntax; by default, PATH and the system folders
 */
export function programPath(
  name: string,
  path: string = [process.env['PATH'] ?? '', ...SYSTEM_FOLDERS].join(':'),
): string | undefined {
  const folders = path.split(':').filter((folder) => folder.startsWith('/'));
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
