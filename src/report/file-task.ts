import { statSync } from 'node:fs';
import { isObjectUri } from '../bytes/object-uri.ts';
import type { RecordRange } from './known-file.ts';
import type { Look } from './look-inside.ts';
import type { CheckedReading } from './report-options.ts';

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
  /** The bytes of the file, for whoever reads them himself. */
  readonly source?: AsyncIterable<Uint8Array> | undefined;
  /** Told of each further attempt of a request. */
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
