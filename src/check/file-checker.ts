import { RecordpipeError } from '../errors.ts';
import type { FileInput } from './file-input.ts';
import type { FileReport, Finding } from './file-report.ts';

/** Checks files on this thread or on worker threads. */
export interface FileChecker {
  check(input: FileInput, onProgress: OnFileProgress): Promise<FileReport>;
  /** Aborts running checks, which then reject, and releases all resources. */
  close(): Promise<void>;
}

/** Called periodically while a file is checked, and for each finding. */
export type OnFileProgress = (progress: FileProgress) => void;

/** Progress of a file that is being checked. */
export interface FileProgress {
  /** Bytes read, as stored. */
  readonly bytes: number;
  /** Number of retried requests. */
  readonly retries: number;
  /** Stored size, once known; omitted if the size was known before reading. */
  readonly size?: number;
  /** A finding, reported as soon as it occurs. */
  readonly finding?: Finding;
}

/** Returns the error of a check that `close` aborted. */
export function stoppedEarly(): RecordpipeError {
  return new RecordpipeError('aborted', 'stopped before the end of the file');
}
