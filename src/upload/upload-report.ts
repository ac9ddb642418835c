import { storedBytes } from '../check/file-input.ts';
import type { FileReport, Finding } from '../check/file-report.ts';
import type { InputNotice } from '../records/inputs/input-options.ts';
import type { PlannedUpload, UploadWatch } from './upload-files.ts';
import type { UploadOptions } from './upload-options.ts';

/** What became of one file. The fields up to `error` are a stable contract; more may be added. */
export interface UploadedFile {
  readonly path: string;
  /** Where it is, or would be. */
  readonly uri: string;
  /**
   * `uploaded`; `unchanged`: the object exists with the same size and checksum; `kept`: an object of that name exists (`skip: 'existing'`);
   * `would-upload` (`dryRun`); `refused`: its data is bad, nothing of it was sent; `failed`: it could not be read or sent, and nothing of it is left there.
   */
  readonly status: 'uploaded' | 'unchanged' | 'kept' | 'would-upload' | 'refused' | 'failed';
  readonly bytes: number;
  /** CRC-32C of the bytes, in hexadecimal; null where they could not be read to their end. */
  readonly crc32c: string | null;
  /** Good records; null where they were not to be checked. */
  readonly records: number | null;
  /** Why it failed, or the first thing that is wrong with its data. */
  readonly error?: Finding;
  /** What was found in the file; missing where it was not to be checked. */
  readonly report?: FileReport;
  /** Of `uploaded`: how sure it is that the service has the same bytes, see `WrittenObject`. */
  readonly verified?: 'checksum' | 'size' | 'sent';
  readonly etag?: string;
  readonly versionId?: string;
  /** Requests that carried bytes, or would have. */
  readonly parts?: number;
  /** Of them, those that an earlier, interrupted upload had sent. */
  readonly resumedParts?: number;
  /** Wall time, of checking and sending. */
  readonly seconds: number;
}

/** What `uploadFiles` did: the document that `recordpipe upload --json` prints. A stable contract; fields may be added. */
export interface UploadReport {
  /** Whether every file is there (of a dry run: could be). */
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
    /** Files that were not begun, because `failFast` ended the upload. */
    readonly notBegun: number;
    /** Bytes of the files that are there. */
    readonly bytes: number;
  };
  /** Where the manifest was written; null where none was. */
  readonly manifest: string | null;
  /** What is odd about the inputs: files in folders that were skipped, missing and mixed shards. */
  readonly notices: readonly InputNotice[];
}

/** Sums up. */
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

interface Running {
  checked: number;
  sent: number;
}

/** Keeps count, and tells. */
export class UploadTally {
  readonly #files: (UploadedFile | undefined)[];
  readonly #running: Running[];
  readonly #sizes: readonly number[];
  /** How often each byte is handled: read for checking, and sent. */
  readonly #times: number;
  readonly #onFile: UploadOptions['onFile'];
  readonly #onProgress: UploadOptions['onProgress'];
  #told = 0;
  #done = 0;
  #bad = 0;
  /** Bytes handled so far. */
  #bytes = 0;
  readonly #totalBytes: number;
  #bytesSent = 0;
  #bytesToSend: number;

  constructor(
    planned: readonly PlannedUpload[],
    dryRun: boolean,
    onFile: UploadOptions['onFile'],
    onProgress: UploadOptions['onProgress'],
  ) {
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
    // What was not done to it will not be done.
    this.#bytes += (this.#sizes[index] ?? 0) * this.#times - checked - sent;
    if (this.#times === 2) this.#bytesToSend += sent - (this.#sizes[index] ?? 0);
    if (file.status === 'refused' || file.status === 'failed') this.#bad++;
    for (let next = this.#files[this.#told]; next !== undefined; next = this.#files[++this.#told])
      this.#onFile?.(next);
    this.#tell();
  }

  /** Files that were done with, in order. */
  finish(): UploadedFile[] {
    for (const file of this.#files.slice(this.#told)) if (file !== undefined) this.#onFile?.(file);
    return this.#files.filter((file) => file !== undefined);
  }

  #handled(index: number, what: keyof Running, bytes: number): void {
    this.#bytes += bytes - this.#running[index][what];
    if (what === 'sent') this.#bytesSent += bytes - this.#running[index][what];
    this.#running[index][what] = bytes;
    this.#tell();
  }

  #tell(): void {
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
