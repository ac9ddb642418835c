import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asObjectUri, isObjectUri } from '../bytes/object-uri.ts';
import { checkPath } from '../bytes/path-argument.ts';
import { RecordpipeError } from '../errors.ts';

/** The path of a path or `file:` URL. */
export function pathOf(given: string | URL): string {
  checkPath('path', given);
  if (isObjectUri(given)) return asObjectUri(given);
  return String(given).startsWith('file:') ? fileURLToPath(given) : String(given);
}

/**
 * Fails where an index would take the place of its data, also under another name.
 * @throws RecordpipeError `unsupported-source`
 */
export function refuseSameFile(indexPath: string, path: string): void {
  if (identity(indexPath) !== identity(path)) return;
  const text = `the index is the same file as its data, ${path}; choose another name`;
  throw new RecordpipeError('unsupported-source', text, { uri: indexPath });
}

/** A file by its place on the disk; one that is not there yet by its folder and name. */
function identity(path: string): string {
  if (isObjectUri(path)) return path;
  try {
    const there = statSync(path, { bigint: true, throwIfNoEntry: false });
    return there ? `${there.dev} ${there.ino}` : join(realpathSync(dirname(path)), basename(path));
  } catch {
    return resolve(path); // opening it says what is wrong
  }
}
