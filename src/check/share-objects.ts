import { type ObjectOptions, objectOptions } from '../storage/object-options.ts';
import { processGate } from '../storage/prefetch/request-gate.ts';
import type { FileInput } from './file-input.ts';

/** Maximum number of concurrent requests of the process, over all threads. */
const PROCESS_REQUESTS = 32;
/** Maximum number of windows that all objects together may use: 256 MiB by default. */
const WINDOWS = 4;
const MAX_PARALLEL = 128;

/** Number of objects to check in parallel, and the limits for each thread and object. */
export interface ObjectShare {
  /** Number of objects to check in parallel, over all threads. */
  readonly parallel: number;
  readonly objects: Partial<ObjectOptions>;
  /** Maximum number of concurrent requests of each thread. */
  readonly requests: number;
}

/**
 * Returns how many objects to check in parallel: as many as fit in the windows, whether a few large
 * ones or many small ones. This bounds memory for any mix of sizes, overlaps the requests of
 * consecutive objects, and gives each of the last large objects several connections.
 */
export function shareOfObjects(
  inputs: readonly FileInput[],
  threads: number,
  given: Partial<ObjectOptions> | undefined,
): ObjectShare {
  const { windowBytes, partBytes } = objectOptions(given);
  const total = WINDOWS * windowBytes;
  const sizes = inputs.map(({ size }) => Math.min(size ?? windowBytes / 2, windowBytes));
  const mean = Math.max(1, sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, sizes.length));
  const target = Math.min(MAX_PARALLEL, Math.max(WINDOWS, Math.ceil(total / mean)));
  const parallel = Math.max(1, Math.min(target, Math.floor(total / partBytes), inputs.length));
  const window = Math.max(partBytes, Math.min(windowBytes, Math.floor(total / parallel)));
  return {
    parallel: Math.max(parallel, Math.min(threads, inputs.length)),
    objects: { ...given, windowBytes: window },
    requests: Math.max(1, Math.floor(PROCESS_REQUESTS / threads)),
  };
}

/**
 * Limits the concurrent requests of this thread. If undefined, only the limit of the process
 * applies.
 */
export function shareRequests(requests: number | undefined): void {
  processGate.share(requests);
}
