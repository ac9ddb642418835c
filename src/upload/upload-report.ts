import { storedBytes } from '../check/file-input.ts';
import type { FileReport, Finding } from '../check/file-report.ts';
import type { InputNotice } from '../records/inputs/input-options.ts';
import type { PlannedUpload } from './plan-uploads.ts';

/** The result for one file. The fields up to `error` are a stable contract; fields may be added. */
export interface UploadedFile {
  readonly path: string;
  /** Address of the object. */
  readonly uri: string;
  /**
   * `uploaded`; `unchanged`: an object with the same size and checksum exists; `kept`: an object of
   * that name exists (`skip: 'existing'`); `would-upload` (`dryRun`); `refused`: the data is bad
   * and was not sent; `failed`: the file could not be read or sent, and nothing of it remains in
   * the bucket.
   */
  readonly status: 'uploaded' | 'unchanged' | 'kept' | 'would-upload' | 'refused' | 'failed';
  readonly bytes: number;
  /** CRC-32C of the bytes, in hexadecimal; null if the file could not be read to its end. */
  readonly crc32c: string | null;
  /** Good records; null if they were not checked. */
  readonly records: number | null;
  /** Why it failed, or the first finding in its data. */
  readonly error?: Finding;
  /** The report of the check; missing if the file was not checked. */
  readonly report?: FileReport;
  /**
   * For `uploaded`: how it was verified that the service has the same bytes, see `WrittenObject`.
   */
  readonly verified?: 'checksum' | 'size' | 'sent';
  readonly etag?: string;
  readonly versionId?: string;
  /** Number of requests that carried bytes, or would have. */
  readonly parts?: number;
  /** Number of parts reused from an interrupted upload. */
  readonly resumedParts?: number;
  /** Wall time, of checking and sending. */
  readonly seconds: number;
}

/**
 * What `uploadFiles` did: the document that `recordpipe upload --json` prints. A stable contract;
 * fields may be added.
 */
export interface UploadReport {
  /** Whether every file is uploaded or was already there (in a dry run: would be). */
  readonly ok: boolean;
  /** One entry per file, sorted by path in the order of its UTF-8 bytes. */
  readonly files: readonly UploadedFile[];
  readonly totals: {
    readonly files: number;
    readonly uploaded: number;
    /** `unchanged` and `kept`. */
    readonly skipped: number;
    readonly refused: number;
    readonly failed: number;
    /** Files that were not started because `failFast` ended the upload. */
    readonly notBegun: number;
    /** Bytes of the files that are uploaded or were already there. */
    readonly bytes: number;
  };
  /** Where the manifest was written; null if none was. */
  readonly manifest: string | null;
  /** What is unusual about the inputs: skipped files, missing and mixed shards. */
  readonly notices: readonly InputNotice[];
}

/** The progress of an upload. */
export interface UploadProgress {
  /** Number of files. */
  readonly files: number;
  /** Files that are finished, whatever the outcome. */
  readonly filesDone: number;
  /** Files that were rejected or failed. */
  readonly bad: number;
  /** Bytes read for checking and bytes sent, together. */
  readonly bytes: number;
  /** The total of `bytes`, as far as it is known. */
  readonly totalBytes: number | undefined;
  /** Bytes that the service has received, including reused parts of an interrupted upload. */
  readonly bytesSent: number;
  /**
   * The total of `bytesSent`, without files that are rejected, fail or need not be sent. 0 in a dry
   * run.
   */
  readonly bytesToSend: number;
}

/** The report of these files. */
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

/**
 * Receives the bytes of a file that were read for checking so far, and those that were sent since
 * the last call.
 */
export interface UploadWatch {
  onChecked(bytes: number): void;
  onSent(bytes: number): void;
}

/** Counts progress and calls `onFile` and `onProgress`. */
export class UploadTally {
  readonly #files: (UploadedFile | undefined)[];
  readonly #running: Running[];
  readonly #sizes: readonly number[];
  /** How often each byte is handled: 1 (read) or 2 (read and sent). */
  readonly #times: number;
  readonly #onFile: OnFile;
  readonly #onProgress: OnProgress;
  /** Number of files given to `onFile`. */
  #reported = 0;
  #done = 0;
  #bad = 0;
  /** Bytes handled so far. */
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
    // The rest of its bytes will not be handled.
    this.#bytes += (this.#sizes[index] ?? 0) * this.#times - checked - sent;
    if (this.#times === 2) this.#bytesToSend += sent - (this.#sizes[index] ?? 0);
    if (file.status === 'refused' || file.status === 'failed') this.#bad++;
    for (let next = this.#files[this.#reported]; next !== undefined; next = this.#files[++this.#reported])
      this.#onFile?.(next);
    this.#reportProgress();
  }

  /** The finished files, in order. */
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
