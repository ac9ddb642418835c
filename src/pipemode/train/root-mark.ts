import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFileSync } from '../../storage/local/temporary-file.ts';
import { withFileErrors } from '../job/config-file.ts';

/** Name of the file in the root folder of a host. */
const NAME = '.recordpipe-copies.json';

/**
 * Records which folders below a root recordpipe filled with copies or links. Later runs may replace
 * these folders. All other folders belong to the user.
 */
export class RootMark {
  readonly #path: string;

  constructor(root: string) {
    this.#path = join(root, NAME);
  }

  /** Reports whether recordpipe filled a folder. @param folder its path relative to the root */
  has(folder: string): boolean {
    return foldersIn(this.#path).includes(folder);
  }

  /** Records that recordpipe fills a folder. Call this before the folder exists. */
  add(folder: string): void {
    // Read again, because other parts of the run add folders too.
    const folders = foldersIn(this.#path);
    if (folders.includes(folder)) return;
    const text = `${JSON.stringify([...folders, folder])}\n`;
    withFileErrors(this.#path, () => replaceFileSync(this.#path, text));
  }
}

function foldersIn(path: string): string[] {
  try {
    const folders: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(folders) ? folders.filter((one) => typeof one === 'string') : [];
  } catch {
    return []; // The file is missing or was not written by recordpipe.
  }
}
