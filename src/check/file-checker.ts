import { RecordpipeError } from '../errors.ts';
import type { FileInput } from './file-input.ts';
import type { FileReport, Finding } from './file-report.ts';

/** Checks files, on this thread or on others. */
export interface FileChecker {
  check(input: FileInput, onProgress: OnFileProgress): Promise<FileReport>;
  /** Ends the checks under way, which then reject, and frees all. */
  close(): Promise<void>;
}

/** Called periodically while a file is checked, and for each finding. */
export type OnFileProgress = (progress: FileProgress) => void;

/** The state of a file that is being checked. */
export interface FileProgress {
  /** Stored bytes read. */
  readonly bytes: number;
  /** Number of repeated requests. */
  readonly retries: number;
  /** Stored size once it is known; missing for files whose size is known without reading. */
  readonly size?: number;
  /** A finding, as soon as it is found. */
  readonly finding?: Finding;
}

/** The error of a check that `close` ended. */
export function stoppedEarly(): RecordpipeError {
  return new RecordpipeError('aborted', 'stopped before the end of the file');
}
