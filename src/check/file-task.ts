import { statSync } from 'node:fs';
import { fileError } from '../bytes/files/file-errors.ts';
import { isObjectUri } from '../bytes/object-uri.ts';
import { RecordpipeError } from '../errors.ts';
import type { FormatName } from '../formats/registry.ts';
import type { Look } from './look-inside.ts';
import type { CheckedReading } from './report-options.ts';

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

/** A file, or an object with what is known of it. */
export interface FileInput {
  /** Path, `s3://` address, or `-` for standard input. */
  readonly path: string;
  /** Of objects: as their listing has it. */
  readonly size?: number | undefined;
  readonly etag?: string | undefined;
  /** Whether size and ETag must still be so: another state of the file is a failure. */
  readonly frozen?: true | undefined;
  /** How many records it should have, where a description of the data says so. */
  readonly expectedRecords?: number | undefined;
  /** The part of it that is looked at; default: all. */
  readonly range?: RecordRange | undefined;
}

/** What is done to each file; can be sent to a worker. */
export interface FileTask {
  /** `count` verifies no payloads. */
  readonly check: 'validate' | 'count';
  readonly maxErrors: number;
  /** Whether the thread that checks also reads. */
  readonly blocking: boolean;
  /** Whether it is the only job, so that another core is free to read ahead for it. */
  readonly alone?: boolean | undefined;
  /** Requests to object stores that this thread may have under way; default: all that a process may. */
  readonly requests?: number | undefined;
  readonly reading: Partial<CheckedReading>;
  /** What is looked for in the records, where they are looked into. */
  readonly look?: Look | undefined;
}

/** Who watches while a file is checked. */
export interface Watch {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Called with the stored size of the file once it is known. */
  readonly onSize?: ((bytes: number) => void) | undefined;
  /** Called with each finding that is kept, as soon as it is found. */
  readonly onFinding?: ((error: RecordpipeError) => void) | undefined;
  /** The bytes of the file, for whoever reads them himself. */
  readonly source?: AsyncIterable<Uint8Array> | undefined;
  /** Called for each repeated request. */
  readonly onRetry?: (() => void) | undefined;
}

/** Size of a regular file as stored, or of an object as far as it is known; 0 for everything else. */
export function storedBytes({ path, size = 0, range }: FileInput): number {
  if (range !== undefined) return range.end - range.start;
  if (isObjectUri(path)) return size;
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isFile() ? stat.size : 0;
  } catch {
    return 0;
  }
}
