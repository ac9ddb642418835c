import type { BigIntStats } from 'node:fs';
import { link, rename, stat, unlink } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { fileError } from '../../bytes/files/file-errors.ts';
import { RecordpipeError, sentenceOf } from '../../errors.ts';
import { FetchFailure, type FetchFailureKind } from '../errors.ts';
import type { ObjectInfo } from '../storage.ts';

/** The path that an address means. */
export function pathOf(uri: string): string {
  return uri.startsWith('file://') ? fileURLToPath(uri) : uri;
}

/**
 * What a listing says of a file.
 * @throws RecordpipeError `unsupported-source` for what is no regular file
 */
export function infoOf(uri: string, stat: BigIntStats): ObjectInfo {
  if (!stat.isFile())
    throw new RecordpipeError(
      'unsupported-source',
      stat.isDirectory() ? 'is a directory; name the files in it' : 'is no regular file',
      { uri },
    );
  return { uri, size: Number(stat.size), etag: stateOf(stat), modified: stat.mtime };
}

/** Changes whenever the file does: what it is, when it was last written and how long it is. */
function stateOf({ dev, ino, mtimeNs, size }: BigIntStats): string {
  return [dev, ino, mtimeNs, size].map((number) => number.toString(36)).join('-');
}

export function overwritten(): FetchFailure {
  return new FetchFailure('changed', 'the file was written to, or replaced, while it was read');
}

export function tooShort(size: number, wanted: number): FetchFailure {
  return new FetchFailure('changed', `the file has ${size} bytes, fewer than the ${wanted} it had`);
}

const KINDS: Partial<Record<string, FetchFailureKind>> = {
  'not-found': 'missing',
  'access-denied': 'denied',
};

/** Why a file could not be opened or read. */
export function fileFailure(error: unknown, uri: string): FetchFailure {
  const failed = fileError(error, uri);
  return new FetchFailure(KINDS[failed.code] ?? 'fatal', sentenceOf(failed), {
    code:
      (error as NodeJS.ErrnoException).code ?? (error instanceof RecordpipeError ? error.code : undefined),
    cause: error,
  });
}

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
