import type { OptionNames } from '../bytes/arguments.ts';
import { FILES_OPTION_NAMES, type FilesOptions } from '../check/files-options.ts';
import type { RecordSchema } from '../check/schema/schema.ts';
import { UsageError } from '../errors.ts';
import type { ObjectOptions } from '../storage/object-options.ts';
import type { UploadedFile, UploadProgress } from './upload-report.ts';

/** Options of `uploadFiles`. Every field has a default; pass what differs. */
export interface UploadOptions extends Omit<FilesOptions, 'jobs' | 'blocking' | 'onProgress'> {
  /**
   * Access to the service (`credentials`, `region`, `endpointUrl`, ...) and how bytes are
   * transferred: `partBytes`, `windowBytes`, `maxRequests`, `retryTimeoutMs`, `maxAttempts` of all
   * files together.
   */
  readonly objects: Partial<ObjectOptions> | undefined;
  /** Whether files are checked, and bad ones rejected. Default true. */
  readonly validate: boolean;
  /**
   * What every record must hold: files that break it are rejected, as `validateFiles` reports them.
   * Default: no schema.
   */
  readonly schema: RecordSchema | undefined;
  /** Maximum findings listed per file. Default 100. */
  readonly maxErrors: number;
  /**
   * Whether existing objects and an existing manifest are replaced. Default false: an object with
   * the same size and checksum is `unchanged`, which is not a failure; any other is an
   * `already-exists` failure of its file.
   */
  readonly overwrite: boolean;
  /**
   * Which existing objects are kept: `unchanged`, those with the same size and checksum;
   * `existing`, all. Default: `unchanged`, and with `overwrite` none.
   */
  readonly skip: 'unchanged' | 'existing' | undefined;
  /**
   * Whether to check the files and report what would be done, without sending anything. Default
   * false.
   */
  readonly dryRun: boolean;
  /** Whether to start no further file after one that is rejected or fails. Default false. */
  readonly failFast: boolean;
  /** Files to process in parallel. Default 4. */
  readonly jobs: number;
  /** MIME type of the objects. Default: the service's. */
  readonly contentType: string | undefined;
  /**
   * User metadata of all objects, besides `recordpipe-crc32c`, the CRC-32C of the object in
   * hexadecimal.
   */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Where to write a ManifestFile of the objects after all uploads succeeded: a path or an `s3://`
   * address. Default: none.
   */
  readonly manifest: string | undefined;
  /** Called with each file in the order of the report, as soon as the files before it are done. */
  readonly onFile: ((file: UploadedFile) => void) | undefined;
  readonly onProgress: ((progress: UploadProgress) => void) | undefined;
}

/** The names of {@link UploadOptions}. */
export const UPLOAD_OPTION_NAMES: OptionNames<UploadOptions> = {
  ...FILES_OPTION_NAMES,
  validate: true,
  schema: true,
  maxErrors: true,
  overwrite: true,
  skip: true,
  dryRun: true,
  failFast: true,
  contentType: true,
  metadata: true,
  manifest: true,
  onFile: true,
};

export type CompleteUploadOptions = Pick<
  UploadOptions,
  | 'validate'
  | 'maxErrors'
  | 'overwrite'
  | 'skip'
  | 'dryRun'
  | 'failFast'
  | 'jobs'
  | 'contentType'
  | 'metadata'
>;

const SKIPS = ['unchanged', 'existing'];

/** @throws UsageError for a value that no option has */
export function uploadOptions(given: Partial<UploadOptions>): CompleteUploadOptions {
  const { validate = true, maxErrors = 100, overwrite = false, dryRun = false, failFast = false } = given;
  const { skip = overwrite ? undefined : 'unchanged' } = given;
  const { jobs = 4, contentType, metadata = {} } = given;
  if (skip !== undefined && !SKIPS.includes(skip))
    throw new UsageError(`skip: expected one of ${SKIPS.join(', ')}, got ${String(skip)}`);
  if (!(Number.isInteger(jobs) && jobs >= 1))
    throw new UsageError(`jobs: expected an integer >= 1, got ${jobs}`);
  if (!(maxErrors >= 0)) throw new UsageError(`maxErrors: expected a number >= 0, got ${maxErrors}`);
  if (!validate && given.schema !== undefined)
    throw new UsageError('schema: cannot be combined with validate: false');
  return { validate, maxErrors, overwrite, skip, dryRun, failFast, jobs, contentType, metadata };
}
