import { statSync } from 'node:fs';
import type { Look } from './look-inside.ts';
import type { CheckedReading } from './report-options.ts';

/** What is done to each file; can be sent to a worker. */
export interface FileTask {
  /** `count` verifies no payloads. */
  readonly check: 'validate' | 'count';
  readonly maxErrors: number;
  /** Whether the thread that checks also reads. */
  readonly blocking: boolean;
  /** Whether it is the only job, so that another core is free to read ahead for it. */
  readonly alone?: boolean | undefined;
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
}

/** Size of a regular file as stored; 0 for everything else. */
export function storedBytes(path: string): number {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isFile() ? stat.size : 0;
  } catch {
    return 0;
  }
}
