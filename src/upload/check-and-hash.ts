import { checkAborted } from '../bytes/abortable.ts';
import { isItemFailure } from '../errors.ts';
import { checkFile, failedFile } from '../report/check-file.ts';
import type { CheckedReading } from '../report/report-options.ts';
import type { FileReport } from '../report/validate-report.ts';
import { type FileHash, HashedFile } from './hashed-file.ts';

/** A file that has been looked at from its beginning to its end. */
export interface CheckedFile {
  /** What was found in it; undefined where it was not to be checked. */
  readonly report: FileReport | undefined;
  /** Undefined for a file that is bad, or cannot be read. */
  readonly hash: FileHash | undefined;
}

/** How a file is looked at. */
export interface Checking {
  /** Undefined: it is only read, for its checksums. */
  readonly reading: Partial<CheckedReading> | undefined;
  readonly maxErrors: number;
  readonly partBytes: (size: number) => number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (bytes: number) => void;
}

/**
 * Checks the records of a file, and computes the checksums of the same bytes, read once.
 * @throws RecordpipeError `aborted`, `source-changed`
 */
export async function checkAndHash(path: string, checking: Checking): Promise<CheckedFile> {
  const { reading, maxErrors, signal, onProgress } = checking;
  let file: HashedFile;
  try {
    file = await HashedFile.open(path, checking.partBytes);
  } catch (error) {
    if (!isItemFailure(error)) throw error;
    return { report: failedFile({ path }, error), hash: undefined };
  }
  try {
    let report: FileReport | undefined;
    if (reading !== undefined) {
      const task = { check: 'validate', maxErrors, blocking: false, reading } as const;
      report = await checkFile({ path }, task, { signal, onProgress, source: file.chunks() });
      if (!report.ok) return { report, hash: undefined };
    }
    const hash = await file.finish(signal);
    checkAborted(signal);
    return { report, hash };
  } finally {
    await file.close();
  }
}
