import { type ObjectOptions, objectOptions } from '../storage/object-options.ts';
import { processGate } from '../storage/prefetch/request-gate.ts';
import type { FileInput } from './file-input.ts';

/** Maximum number of requests of the process, over all threads. */
const PROCESS_REQUESTS = 32;
/** Windows that all objects checked in parallel hold together: 256 MiB by default. */
const WINDOWS = 4;
const MAX_PARALLEL = 32;

/** How many objects are checked in parallel, and how each is read. */
export interface ObjectShare {
  /** Number of objects to check in parallel, over all threads. */
  readonly parallel: number;
  readonly objects: Partial<ObjectOptions>;
  /** Maximum number of requests that each thread has under way. */
  readonly requests: number;
}

/**
 * As many objects in parallel as fill the windows together: few large ones, many small ones. So
 * memory is bounded whatever their sizes, requests for the next object are under way before one
 * ends, and the last large ones still have several connections each.
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
  const wanted = Math.min(MAX_PARALLEL, Math.max(WINDOWS, Math.ceil(total / mean)));
  const parallel = Math.max(1, Math.min(wanted, Math.floor(total / partBytes), inputs.length));
  const window = Math.max(partBytes, Math.min(windowBytes, Math.floor(total / parallel)));
  return {
    parallel: Math.max(parallel, Math.min(threads, inputs.length)),
    objects: { ...given, windowBytes: window },
    requests: Math.max(1, Math.floor(PROCESS_REQUESTS / threads)),
  };
}

/**
 * Limits the requests that this thread has under way; undefined: only by the limit of the process.
 */
export function shareRequests(requests: number | undefined): void {
  processGate.share(requests);
}
