import type { OptionNames } from '../bytes/arguments.ts';
import { FILES_OPTION_NAMES, type FilesOptions } from '../check/files-options.ts';
import type { RecordSchema } from '../check/schema/schema.ts';
import { UsageError } from '../errors.ts';
import type { ObjectOptions } from '../storage/object-options.ts';
import type { UploadedFile, UploadProgress } from './upload-report.ts';

/** Options of `uploadFiles`. Every field has a default. */
export interface UploadOptions extends Omit<FilesOptions, 'jobs' | 'blocking' | 'onProgress'> {
  /**
   * Access to the service (`credentials`, `region`, `endpointUrl`, ...), and transfer limits that
   * apply to all files together: `partBytes`, `windowBytes`, `maxRequests`, `retryTimeoutMs`,
   * `maxAttempts`.
   */
  readonly objects: Partial<ObjectOptions> | undefined;
  /** Whether to validate files and reject invalid ones. Default true. */
  readonly validate: boolean;
  /**
   * Schema to check record contents against, as in `validateFiles`. Files that violate it are
   * rejected. Default: none.
   */
  readonly schema: RecordSchema | undefined;
  /** Maximum number of findings listed per file. Default 100. */
  readonly maxErrors: number;
  /**
   * Whether to replace existing objects and an existing manifest. Default false: an object with the
   * same size and checksum is `unchanged`, which is not a failure; for any other object, the file
   * fails with `already-exists`.
   */
  readonly overwrite: boolean;
  /**
   * Which existing objects to keep: `unchanged` keeps objects with the same size and checksum, and
   * `existing` keeps all objects. Default: `unchanged`, or none with `overwrite`.
   */
  readonly skip: 'unchanged' | 'existing' | undefined;
  /**
   * Whether to check the files and report what would be uploaded, without sending anything. Default
   * false.
   */
  readonly dryRun: boolean;
  /** Whether to stop starting files after one is rejected or fails. Default false. */
  readonly failFast: boolean;
  /** Number of files to process in parallel. Default 4. */
  readonly jobs: number;
  /** MIME type of the objects. Default: the default of the service. */
  readonly contentType: string | undefined;
  /**
   * User metadata for all objects, in addition to `recordpipe-crc32c`, the CRC-32C of the object in
   * hexadecimal.
   */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Path or `s3://` address of a ManifestFile to write after all uploads have succeeded. Default:
   * none.
   */
  readonly manifest: string | undefined;
  /** Called with each file in report order, as soon as all earlier files are finished. */
  readonly onFile: ((file: UploadedFile) => void) | undefined;
  /** Called periodically. */
  readonly onProgress: ((progress: UploadProgress) => void) | undefined;
}

/** Names of the options in {@link UploadOptions}. */
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

/** Returns the options with defaults applied. @throws UsageError for an invalid value */
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
