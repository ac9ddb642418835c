import { storedBytes } from '../check/file-input.ts';
import type { FileReport, Finding } from '../check/file-report.ts';
import type { InputNotice } from '../records/inputs/input-options.ts';
import type { PlannedUpload } from './plan-uploads.ts';

/** Result for one file. The fields up to `error` are stable. Releases may add other fields. */
export interface UploadedFile {
  /** Path of the file. */
  readonly path: string;
  /** Address of the object. */
  readonly uri: string;
  /**
   * Outcome. `uploaded`: the file was sent; `unchanged`: an object with the same size and checksum
   * exists; `kept`: an object with the same key exists (`skip: 'existing'`); `would-upload`: the
   * file would be sent, but this is a dry run (`dryRun`); `refused`: the data is invalid and was
   * not sent; `failed`: the file could not be read or sent, and no part of it remains in the
   * bucket.
   */
  readonly status: 'uploaded' | 'unchanged' | 'kept' | 'would-upload' | 'refused' | 'failed';
  /** Size of the file, in bytes. */
  readonly bytes: number;
  /** CRC-32C of the file, in hexadecimal; null if the file could not be read to its end. */
  readonly crc32c: string | null;
  /** Number of valid records; null if the records were not validated. */
  readonly records: number | null;
  /** Reason for the failure, or the first finding in the data. */
  readonly error?: Finding;
  /** Report of the validation; omitted if the file was not validated. */
  readonly report?: FileReport;
  /** How the content of an `uploaded` object was verified. See `WrittenObject`. */
  readonly verified?: 'checksum' | 'size' | 'sent';
  /** ETag of the object, if the file was uploaded. */
  readonly etag?: string;
  /** Version ID of the object, if the file was uploaded to a versioned bucket. */
  readonly versionId?: string;
  /** Number of parts that were sent or, in a dry run, would be sent. */
  readonly parts?: number;
  /** Number of parts reused from an interrupted upload. */
  readonly resumedParts?: number;
  /** Time to check and send the file, in seconds. */
  readonly seconds: number;
}

/**
 * Result of `uploadFiles`, as printed by `recordpipe upload --json`. The fields are a stable
 * contract; others may be added.
 */
export interface UploadReport {
  /**
   * Whether every file was uploaded or already existed. In a dry run, whether every file would be
   * uploaded or already exists.
   */
  readonly ok: boolean;
  /** One entry per file, sorted by the UTF-8 bytes of `path`. */
  readonly files: readonly UploadedFile[];
  /** Totals over all files. */
  readonly totals: {
    /** Number of files. */
    readonly files: number;
    /** Number of files whose status is `uploaded`. */
    readonly uploaded: number;
    /** Number of files whose status is `unchanged` or `kept`. */
    readonly skipped: number;
    /** Number of files whose status is `refused`. */
    readonly refused: number;
    /** Number of files whose status is `failed`. */
    readonly failed: number;
    /** Number of files that were not started because `failFast` stopped the run. */
    readonly notBegun: number;
    /** Total size of the files that were uploaded or already existed, in bytes. */
    readonly bytes: number;
  };
  /** Path or address of the manifest; null if no manifest was written. */
  readonly manifest: string | null;
  /** Notices about the inputs, such as skipped files and missing or mixed shards. */
  readonly notices: readonly InputNotice[];
}

/** Progress of an upload. */
export interface UploadProgress {
  /** Number of files. */
  readonly files: number;
  /** Number of finished files, regardless of their outcome. */
  readonly filesDone: number;
  /** Number of files that were rejected or failed. */
  readonly bad: number;
  /** Number of bytes read for checking, plus the number of bytes sent. */
  readonly bytes: number;
  /** Final value of `bytes`, if known. */
  readonly totalBytes: number | undefined;
  /**
   * Number of bytes that the service has received, including reused parts of an interrupted upload.
   */
  readonly bytesSent: number;
  /**
   * Final value of `bytesSent`, which excludes files that are rejected, fail, or need no upload. 0
   * in a dry run.
   */
  readonly bytesToSend: number;
}

/** Builds the report of the given files. */
export function uploadReport(
  files: readonly UploadedFile[],
  given: number,
  manifest: string | null,
): Omit<UploadReport, 'notices'> {
  const count = (...statuses: UploadedFile['status'][]): number =>
    files.filter(({ status }) => statuses.includes(status)).length;
  const refused = count('refused');
  const failed = count('failed');
  const notBegun = given - files.length;
  return {
    ok: refused + failed + notBegun === 0,
    files,
    totals: {
      files: given,
      uploaded: count('uploaded'),
      skipped: count('unchanged', 'kept'),
      refused,
      failed,
      notBegun,
      bytes: files.reduce(
        (sum, { status, bytes }) => (status === 'refused' || status === 'failed' ? sum : sum + bytes),
        0,
      ),
    },
    manifest,
  };
}

type OnFile = ((file: UploadedFile) => void) | undefined;
type OnProgress = ((progress: UploadProgress) => void) | undefined;

interface Running {
  checked: number;
  sent: number;
}

/** Progress callbacks for one file. */
export interface UploadWatch {
  /** Receives the total number of bytes read for checking so far. */
  onChecked(bytes: number): void;
  /** Receives the number of bytes sent since the last call. */
  onSent(bytes: number): void;
}

/** Tracks progress and calls `onFile` and `onProgress`. */
export class UploadTally {
  readonly #files: (UploadedFile | undefined)[];
  readonly #running: Running[];
  readonly #sizes: readonly number[];
  /** Number of times each byte is processed: 1 (read) or 2 (read and sent). */
  readonly #times: number;
  readonly #onFile: OnFile;
  readonly #onProgress: OnProgress;
  /** Number of files passed to `onFile`. */
  #reported = 0;
  #done = 0;
  #bad = 0;
  /** Number of bytes processed so far. */
  #bytes = 0;
  readonly #totalBytes: number;
  #bytesSent = 0;
  #bytesToSend: number;

  constructor(planned: readonly PlannedUpload[], dryRun: boolean, onFile: OnFile, onProgress: OnProgress) {
    this.#files = planned.map(() => undefined);
    this.#running = planned.map(() => ({ checked: 0, sent: 0 }));
    this.#sizes = onProgress === undefined ? [] : planned.map(storedBytes);
    this.#times = dryRun ? 1 : 2;
    const stored = this.#sizes.reduce((sum, size) => sum + size, 0);
    this.#totalBytes = stored * this.#times;
    this.#bytesToSend = dryRun ? 0 : stored;
    this.#onFile = onFile;
    this.#onProgress = onProgress;
  }

  watch(index: number): UploadWatch {
    return {
      onChecked: (bytes) => this.#handled(index, 'checked', bytes),
      onSent: (bytes) => this.#handled(index, 'sent', this.#running[index].sent + bytes),
    };
  }

  take(index: number, file: UploadedFile): void {
    this.#files[index] = file;
    this.#done++;
    const { checked, sent } = this.#running[index];
    // The remaining bytes of the file will not be processed.
    this.#bytes += (this.#sizes[index] ?? 0) * this.#times - checked - sent;
    if (this.#times === 2) this.#bytesToSend += sent - (this.#sizes[index] ?? 0);
    if (file.status === 'refused' || file.status === 'failed') this.#bad++;
    for (let next = this.#files[this.#reported]; next !== undefined; next = this.#files[++this.#reported])
      this.#onFile?.(next);
    this.#reportProgress();
  }

  /** Returns the finished files, in order. */
  finish(): UploadedFile[] {
    for (const file of this.#files.slice(this.#reported)) if (file !== undefined) this.#onFile?.(file);
    return this.#files.filter((file) => file !== undefined);
  }

  #handled(index: number, what: keyof Running, bytes: number): void {
    this.#bytes += bytes - this.#running[index][what];
    if (what === 'sent') this.#bytesSent += bytes - this.#running[index][what];
    this.#running[index][what] = bytes;
    this.#reportProgress();
  }

  #reportProgress(): void {
    if (this.#onProgress === undefined) return;
    const bytes = this.#bytes;
    const totalBytes = this.#totalBytes;
    this.#onProgress({
      files: this.#files.length,
      filesDone: this.#done,
      bad: this.#bad,
      bytes,
      totalBytes,
      bytesSent: this.#bytesSent,
      bytesToSend: this.#bytesToSend,
    });
  }
}
