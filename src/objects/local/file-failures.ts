import { fileError } from '../../bytes/file-errors.ts';
import { RecordpipeError, sentenceOf } from '../../errors.ts';
import { FetchFailure, type FetchFailureKind } from '../fetch-failure.ts';

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
