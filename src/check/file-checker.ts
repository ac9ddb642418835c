import { RecordpipeError } from '../errors.ts';
import type { FileInput } from './file-input.ts';
import type { FileReport, Finding } from './file-report.ts';
import type { CheckedReading } from './files-options.ts';
import type { Look } from './look-inside.ts';
import type { CheckedRange, CheckOrder } from './ranges/range-order.ts';

/** Instructions for checking files. They can be sent to a worker thread. */
export interface FileTask {
  /** Kind of check. `count` does not verify payloads. */
  readonly check: 'validate' | 'count';
  readonly maxErrors: number;
  /** Whether to stop after the first invalid file. */
  readonly failFast?: boolean | undefined;
  /** Whether the checking thread also reads the file. */
  readonly blocking: boolean;
  /** Whether this is the only job, which leaves another core free for read-ahead. */
  readonly alone?: boolean | undefined;
  /**
   * Maximum number of concurrent requests from this thread to object stores. Default: the limit of
   * the process.
   */
  readonly requests?: number | undefined;
  readonly reading: Partial<CheckedReading>;
  /** How to examine record contents. Default: contents are not examined. */
  readonly look?: Look | undefined;
}

/** Callbacks and controls of one check. */
export interface Watch {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Called with the stored size of the file once it is known. */
  readonly onSize?: ((bytes: number) => void) | undefined;
  /** Called with each listed finding, as soon as it occurs. */
  readonly onFinding?: ((error: RecordpipeError) => void) | undefined;
  /** Called for each retried request. */
  readonly onRetry?: (() => void) | undefined;
  /** Contents of the file, if the caller reads them. */
  readonly source?: AsyncIterable<Uint8Array> | undefined;
}

/** Checks files on this thread or on worker threads. */
export interface FileChecker {
  check(input: FileInput, onProgress: OnFileProgress): Promise<FileReport>;
  /** Checks several files one after another, most of which should be small. */
  checkAll(inputs: readonly FileInput[], watch: FilesWatch): Promise<void>;
  /** Checks one range of a file. */
  checkRange(order: CheckOrder, onProgress: OnFileProgress): Promise<CheckedRange>;
  /** Aborts running checks, whose promises then reject, and releases all resources. */
  close(): Promise<void>;
}

/** Callbacks of the check of several files. The index is that of the file among the inputs. */
export interface FilesWatch {
  onProgress(progress: FileProgress, index: number): void;
  onReport(report: FileReport, index: number): void;
}

/** Called periodically while a file is checked, and for each finding. */
export type OnFileProgress = (progress: FileProgress) => void;

/** Progress of a file that is being checked. */
export interface FileProgress {
  /** Number of stored bytes read. */
  readonly bytes: number;
  /** Number of retried requests. */
  readonly retries: number;
  /** Stored size, once it is known; omitted if it was known before reading. */
  readonly size?: number;
  /** A finding, reported as soon as it occurs. */
  readonly finding?: Finding;
}

/** A message of a worker about one of several files. */
export interface FilesNote {
  readonly progress: FileProgress;
  readonly index: number;
}

/** Returns the error for a check aborted by `close`. */
export function stoppedEarly(): RecordpipeError {
  return new RecordpipeError('aborted', 'stopped before the end of the file');
}
