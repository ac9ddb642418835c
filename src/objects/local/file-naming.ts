import { link, rename, stat, unlink } from 'node:fs/promises';
import { RecordpipeError } from '../../errors.ts';

/** What file systems without hard links answer. */
const NO_LINKS = ['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EXDEV'];

/** The error for a name that is taken. */
export function alreadyExists(uri: string, cause?: unknown): RecordpipeError {
  const text = 'already exists; pass overwrite: true to replace it';
  return new RecordpipeError('already-exists', text, { uri }, cause);
}

/**
 * Gives a finished file its name.
 * @param overwrite whether a file of that name is replaced
 * @throws RecordpipeError `already-exists`
 */
export async function giveName(unnamed: string, to: string, overwrite: boolean): Promise<void> {
  if (overwrite) {
    await rename(unnamed, to);
    return;
  }
  try {
    // Unlike a rename it fails where the name is taken, also by somebody who was quicker.
    await link(unnamed, to);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw alreadyExists(to, error);
    if (!NO_LINKS.includes(code)) throw error;
    if (await isThere(to)) throw alreadyExists(to, error);
    await rename(unnamed, to);
    return;
  }
  await unlink(unnamed);
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
