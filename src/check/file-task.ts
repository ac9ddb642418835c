import type { RecordpipeError } from '../errors.ts';
import type { CheckedReading } from './files-options.ts';
import type { Look } from './look-inside.ts';

/** How each file is checked. Can be sent to a worker. */
export interface FileTask {
  /** `count` does not verify payloads. */
  readonly check: 'validate' | 'count';
  readonly maxErrors: number;
  /** Whether the thread that checks also reads. */
  readonly blocking: boolean;
  /** Whether it is the only job, so that another core is free to read ahead for it. */
  readonly alone?: boolean | undefined;
  /**
   * Maximum number of requests to object stores that this thread has under way. Default: that of
   * the process.
   */
  readonly requests?: number | undefined;
  readonly reading: Partial<CheckedReading>;
  /** What to examine in the records. Default: nothing. */
  readonly look?: Look | undefined;
}

/** Callbacks and controls of one check. */
export interface Watch {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Called with the stored size of the file once it is known. */
  readonly onSize?: ((bytes: number) => void) | undefined;
  /** Called with each finding that is kept, as soon as it is found. */
  readonly onFinding?: ((error: RecordpipeError) => void) | undefined;
  /** Called for each repeated request. */
  readonly onRetry?: (() => void) | undefined;
  /** The bytes of the file, if the caller reads them. */
  readonly source?: AsyncIterable<Uint8Array> | undefined;
}
