import { RecordpipeError, sentenceOf } from '../../errors.ts';
import { FetchFailure, type FetchFailureKind } from '../errors.ts';

const CODES: Record<
  string,
  readonly [code: 'not-found' | 'access-denied' | 'unsupported-source' | 'already-exists', text: string]
> = {
  ENOENT: ['not-found', 'no such file; check the path'],
  ENOTDIR: ['not-found', 'no such file; a part of the path is not a directory'],
  EACCES: ['access-denied', 'permission denied; check the permissions of the file and its directory'],
  EPERM: ['access-denied', 'operation not permitted'],
  ELOOP: ['unsupported-source', 'a symbolic link refers to itself; remove or correct the link'],
  EISDIR: ['unsupported-source', 'is a directory; specify the files in it'],
  EEXIST: ['already-exists', 'already exists'],
};

/** Descriptions of system errors by error code. */
const TEXTS: Record<string, string> = {
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is exhausted',
  EROFS: 'the file system is read-only',
  EFBIG:
    'the file would be larger than the file system or the limit of the process (ulimit -f) allows; raise the limit, or write to another disk',
  ENAMETOOLONG: 'the name is too long for the file system',
  EMFILE: 'too many open files; raise the limit (ulimit -n)',
  ENFILE: 'too many open files on this machine',
  EPIPE: 'the reader closed the pipe',
  ECONNRESET: 'the reader closed the pipe',
};

const NOT_UTF8 =
  'the file name is not UTF-8 (each \ufffd stands for invalid bytes), and such names cannot be opened; rename the file';

/**
 * Returns the error for a file that ends before the size it had when it was opened. Without it, a
 * file that ends at a record boundary would appear complete.
 */
export function shrunk(size: number, end: number): RecordpipeError {
  return new RecordpipeError(
    'source-changed',
    `the file shrank from ${size} to ${end} bytes while it was being read`,
  );
}

/** Returns the typed error for a failed file call. */
export function fileError(error: unknown, uri: string): RecordpipeError {
  if (error instanceof RecordpipeError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  // Node decodes names that are not UTF-8 lossily, so it opens a different name.
  if (code === 'ENOENT' && uri.includes('\ufffd'))
    return new RecordpipeError('unsupported-source', NOT_UTF8, { uri }, error);
  const known = CODES[code];
  if (known !== undefined) return new RecordpipeError(known[0], known[1], { uri }, error);
  return new RecordpipeError('io-failure', TEXTS[code] ?? message, { uri }, error);
}

export function overwritten(): FetchFailure {
  return new FetchFailure('changed', 'the file was modified or replaced while it was being read');
}

export function tooShort(size: number, wanted: number): FetchFailure {
  return new FetchFailure('changed', `the file shrank from ${wanted} to ${size} bytes`);
}

const KINDS: Partial<Record<string, FetchFailureKind>> = {
  'not-found': 'missing',
  'access-denied': 'denied',
};

/** Returns the reason why a file could not be opened or read. */
export function fileFailure(error: unknown, uri: string): FetchFailure {
  const failed = fileError(error, uri);
  return new FetchFailure(KINDS[failed.code] ?? 'fatal', sentenceOf(failed), {
    code:
      (error as NodeJS.ErrnoException).code ?? (error instanceof RecordpipeError ? error.code : undefined),
    cause: error,
  });
}
