import { type ObjectOptions, objectOptions } from '../storage/object-options.ts';
import type { FileInput } from './file-task.ts';

/** Requests of one process, all of its threads together. */
const PROCESS_REQUESTS = 32;
/** So many windows are held by all objects that are checked at once, 256 MiB by default. */
const WINDOWS = 4;
const MAX_LANES = 32;

/** How objects are shared out. */
export interface RemoteShare {
  /** Objects that are checked at once, of all threads together. */
  readonly lanes: number;
  /** What each of them is read with. */
  readonly objects: Partial<ObjectOptions>;
  /** Requests that each thread may have under way. */
  readonly requests: number;
}

/**
 * As many objects at once as fill the window together, large ones few and small ones many, so that what is held is bounded whatever their sizes, requests for
 * the next object are under way before one ends, and the last large ones still have several connections each.
 */
export function shareOfObjects(
  inputs: readonly FileInput[],
  threads: number,
  given: Partial<ObjectOptions> | undefined,
): RemoteShare {
  const { windowBytes, partBytes } = objectOptions(given);
  const total = WINDOWS * windowBytes;
  const sizes = inputs.map(({ size }) => Math.min(size ?? windowBytes / 2, windowBytes));
  const mean = Math.max(1, sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, sizes.length));
  const wanted = Math.min(MAX_LANES, Math.max(WINDOWS, Math.ceil(total / mean)));
  const lanes = Math.max(1, Math.min(wanted, Math.floor(total / partBytes), inputs.length));
  const window = Math.max(partBytes, Math.min(windowBytes, Math.floor(total / lanes)));
  return {
    lanes: Math.max(lanes, Math.min(threads, inputs.length)),
    objects: { ...given, windowBytes: window },
    requests: Math.max(1, Math.floor(PROCESS_REQUESTS / threads)),
  };
}
