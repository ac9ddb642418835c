import { statSync } from 'node:fs';
import { RecordpipeError } from '../errors.ts';
import type { FormatName } from '../formats/names/index.ts';
import { fileError } from '../storage/local/file-errors.ts';
import { isRemote } from '../storage/registry.ts';
import type { ObjectRef } from '../storage/storage.ts';

/**
 * The state of a file when the plan was written. `uri` is used literally, never as a pattern or
 * list.
 */
export interface KnownFile {
  /** Path or `s3://bucket/key` address. */
  readonly uri: string;
  /** Stored size, in bytes. */
  readonly size: number;
  /** ETag of the object, if the service returns one. */
  readonly etag?: string | undefined;
  /** Part of the file to process. Default: the whole file. */
  readonly range?: RecordRange | undefined;
}

/** A range of whole records in an uncompressed file, as determined from an index. */
export interface RecordRange {
  /** Format of the file. */
  readonly format: FormatName;
  /** Zero-based index of the first record. */
  readonly from: number;
  /** Zero-based index of the first record after the range. */
  readonly to: number;
  /** Offset of the first byte of the range. */
  readonly start: number;
  /** Offset of the first byte after the range. */
  readonly end: number;
}

/** A file to check, with its known metadata. */
export interface FileInput {
  /** Path, `s3://` address, or `-` for standard input. */
  readonly path: string;
  /** Size of the object according to its listing. */
  readonly size?: number | undefined;
  readonly etag?: string | undefined;
  /** Whether it is an error if the size or ETag has changed. */
  readonly frozen?: true | undefined;
  /** Number of records according to a description of the data. */
  readonly expectedRecords?: number | undefined;
  /** Part of the file to check. Default: the whole file. */
  readonly range?: RecordRange | undefined;
  /** Result of {@link storedBytes} when the run began, if it was needed. */
  readonly stored?: number | undefined;
  /** First bytes of the object, if they are known. */
  readonly head?: Uint8Array | undefined;
}

/** Converts a planned file to an input. */
export function frozenInput({ uri, size, etag, range }: KnownFile): FileInput {
  return { path: uri, size, etag, frozen: true, range };
}

/** Returns what is known about the file or object of an input. */
export function objectOf({ path: uri, size, etag }: FileInput): ObjectRef {
  return { uri, size, etag };
}

/** Returns the name of an input in reports. */
export function uriOf({ path }: FileInput): string {
  return path === '-' ? '<stdin>' : path;
}

/**
 * Returns the stored size of a regular file or the known size of an object; 0 for all other inputs.
 */
export function storedBytes({ path, size = 0, range }: FileInput): number {
  if (range !== undefined) return range.end - range.start;
  if (isRemote(path)) return size;
  if (path === '-') return 0;
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isFile() ? stat.size : 0;
  } catch {
    return 0;
  }
}

/**
 * Throws an error if the size of a local file differs from the plan. Modification times are not
 * compared because each machine has its own copy.
 * @throws RecordpipeError `source-changed`, `not-found`, `access-denied`
 */
export function checkFrozen({ path, size, frozen }: FileInput): void {
  if (!frozen || isRemote(path) || path === '-') return;
  let found: number;
  try {
    found = statSync(path).size;
  } catch (error) {
    throw fileError(error, path);
  }
  if (found !== size)
    throw changedSincePlan('source-changed', path, `the file has ${found} bytes instead of ${size}`);
}

/** Returns the error for a file that has changed since it was planned. */
export function changedSincePlan(
  code: 'source-changed' | 'object-changed',
  uri: string,
  change: string,
): RecordpipeError {
  const text = `${change}: the data has changed since the plan was written; regenerate the plan`;
  return new RecordpipeError(code, text, { uri });
}
