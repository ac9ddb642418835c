import { statSync } from 'node:fs';
import { RecordpipeError } from '../errors.ts';
import type { FormatName } from '../formats/names/index.ts';
import { fileError } from '../storage/local/file-errors.ts';
import { isRemote } from '../storage/registry.ts';

/**
 * A file in the state that a plan found it in. It is used as it is: neither a pattern nor a list.
 */
export interface KnownFile {
  /** Path, or `s3://bucket/key`. */
  readonly uri: string;
  /** Bytes as stored. */
  readonly size: number;
  /** ETag of an object, if the service gives one. */
  readonly etag?: string | undefined;
  /** Only this part of the file. Default: all. */
  readonly range?: RecordRange | undefined;
}

/** A run of whole records of an uncompressed file, cut by an index. */
export interface RecordRange {
  readonly format: FormatName;
  /** The first record, from 0. */
  readonly from: number;
  /** The record after the last one. */
  readonly to: number;
  /** Offset of the first byte. */
  readonly start: number;
  /** Offset of the byte after the last one. */
  readonly end: number;
}

/** A file to check, with what is known about it. */
export interface FileInput {
  /** Path, `s3://` address, or `-` for standard input. */
  readonly path: string;
  /** Size of an object, as its listing has it. */
  readonly size?: number | undefined;
  readonly etag?: string | undefined;
  /** Whether another size or ETag is a failure. */
  readonly frozen?: true | undefined;
  /** Number of records that a description of the data lists. */
  readonly expectedRecords?: number | undefined;
  /** The part of the file to check. Default: all. */
  readonly range?: RecordRange | undefined;
}

/** The input of a run over many files. */
export function frozenInput({ uri, size, etag, range }: KnownFile): FileInput {
  return { path: uri, size, etag, frozen: true, range };
}

/** The name of an input in reports. */
export function uriOf({ path }: FileInput): string {
  return path === '-' ? '<stdin>' : path;
}

/** Stored size of a regular file, or of an object if it is known; 0 for everything else. */
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
 * Fails if a local file has another size than its plan lists. Times are not compared: each machine
 * has its own copy.
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

/** The error for a file that is not in the state that its plan lists. */
export function changedSincePlan(
  code: 'source-changed' | 'object-changed',
  uri: string,
  change: string,
): RecordpipeError {
  const text = `${change}: it has changed since the plan was made; make a new plan`;
  return new RecordpipeError(code, text, { uri });
}
