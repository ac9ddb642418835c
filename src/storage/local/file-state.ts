import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { RecordpipeError, sentenceOf } from '../../errors.ts';
import { FetchFailure, type FetchFailureKind } from '../errors.ts';
import type { ObjectInfo, ObjectRef, ObjectStat } from '../storage.ts';
import { fileError } from './file-errors.ts';

/** The path of a path or `file:` URL. */
export function pathOf(uri: string): string {
  return uri.startsWith('file://') ? fileURLToPath(uri) : uri;
}

/** See Storage.stat. */
export async function statFile({ uri }: ObjectRef): Promise<ObjectStat> {
  try {
    return { ...infoOf(uri, await stat(pathOf(uri), { bigint: true })), checksums: [], metadata: {} };
  } catch (error) {
    throw fileError(error, uri);
  }
}

/**
 * A file as a listing describes it.
 * @throws RecordpipeError `unsupported-source` unless it is a regular file
 */
export function infoOf(uri: string, stat: BigIntStats): ObjectInfo {
  if (!stat.isFile())
    throw new RecordpipeError(
      'unsupported-source',
      stat.isDirectory() ? 'is a directory; name the files in it' : 'is not a regular file',
      { uri },
    );
  return { uri, size: Number(stat.size), etag: stateOf(stat), modified: stat.mtime };
}

/** Changes whenever the file does: its identity, time of last change and size. */
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
