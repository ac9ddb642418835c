import { statSync } from 'node:fs';
import { fileError } from '../bytes/file-errors.ts';
import { isObjectUri } from '../bytes/object-uri.ts';
import { RecordpipeError } from '../errors.ts';
import type { FormatName } from '../records/record-format.ts';
import type { FileInput } from './file-task.ts';

/** A file in the state that a plan found it in. It is taken as it is: no pattern, no list. */
export interface KnownFile {
  /** Path, or `s3://bucket/key`. */
  readonly uri: string;
  /** Bytes as stored. */
  readonly size: number;
  /** Of objects, where the service gives one. */
  readonly etag?: string | undefined;
  /** Only this part of it. Default: all. */
  readonly range?: RecordRange | undefined;
}

/** A run of whole records of an uncompressed file, cut by an index. */
export interface RecordRange {
  readonly format: FormatName;
  /** The first record, from 0, and behind the last one. */
  readonly from: number;
  readonly to: number;
  /** The first byte, and behind the last one. */
  readonly start: number;
  readonly end: number;
}

/** The file as runs over many files take it. */
export function frozenInput({ uri, size, etag, range }: KnownFile): FileInput {
  return { path: uri, size, etag, frozen: true, range };
}

/**
 * Fails where a local file is not as it was planned: by its size, as the time of last change is another one on each machine that has a copy.
 * @throws RecordpipeError `source-changed`, `not-found`, `access-denied`
 */
export function checkFrozen({ path, size, frozen }: FileInput): void {
  if (!frozen || isObjectUri(path) || path === '-') return;
  let found: number;
  try {
    found = statSync(path).size;
  } catch (error) {
    throw fileError(error, path);
  }
  if (found !== size)
    throw sinceThePlan('source-changed', path, `the file has ${found} bytes instead of ${size}`);
}

/** What a worker says of a file that is in another state than its plan has it. */
export function sinceThePlan(
  code: 'source-changed' | 'object-changed',
  uri: string,
  what: string,
): RecordpipeError {
  return new RecordpipeError(code, `${what}: it has changed since the plan was made; make a new plan`, {
    uri,
  });
}
