import type { InputNotice } from '../inputs/input-notice.ts';
import type { FileReport, Finding } from '../report/validate-report.ts';

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
