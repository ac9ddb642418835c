import { type ObjectOptions, objectOptions } from '../storage/object-options.ts';
import { processGate } from '../storage/prefetch/request-gate.ts';
import { PART_UNITS, SMALL_UNITS } from '../storage/prefetch/transfer-control.ts';
import { isSmallObject } from '../storage/small-object.ts';
import type { FileInput } from './file-input.ts';

/** Maximum number of concurrent requests of the process, over all threads. */
const PROCESS_REQUESTS = 32;
/** Maximum number of windows that all objects together may use: 256 MiB by default. */
const WINDOWS = 4;
/** Maximum number of large objects to check in parallel. */
const MAX_LARGE = 32;
/**
 * Maximum number of small objects to check in parallel. Their requests mostly wait for the service.
 */
const MAX_SMALL = (PROCESS_REQUESTS * PART_UNITS) / SMALL_UNITS;

/** The objects that are checked in parallel, and the limits for each thread and object. */
export interface ObjectShare {
  readonly queues: readonly ObjectQueue[];
  readonly objects: Partial<ObjectOptions>;
  /** Maximum number of concurrent requests of each thread. */
  readonly requests: number;
}

/** Objects of similar size. */
export interface ObjectQueue {
  readonly files: readonly number[];
  /** Number of objects to check in parallel, over all threads. */
  readonly parallel: number;
}

/**
 * Returns how many objects to check in parallel: as many large ones as fit in the windows, and then
 * many small ones. This bounds memory for any mix of sizes, overlaps the requests of consecutive
 * objects, and gives each of the last large objects several connections.
 *
 * @param indexes the positions of the objects in `inputs`
 */
export function shareOfObjects(
  inputs: readonly FileInput[],
  indexes: readonly number[],
  threads: number,
  given: Partial<ObjectOptions> | undefined,
): ObjectShare {
  const options = objectOptions(given);
  const isSmall = (index: number): boolean => isSmallObject(inputs[index].size, options);
  const large = indexes.filter((index) => !isSmall(index));
  const { parallel, windowBytes } = shareOfLarge(
    large.map((index) => inputs[index].size),
    threads,
    options,
  );
  return {
    queues: [
      { files: large, parallel },
      { files: indexes.filter(isSmall), parallel: MAX_SMALL },
    ],
    objects: { ...given, windowBytes },
    requests: Math.max(1, Math.floor(PROCESS_REQUESTS / threads)),
  };
}

function shareOfLarge(
  sizes: readonly (number | undefined)[],
  threads: number,
  { windowBytes, partBytes }: ObjectOptions,
): { readonly parallel: number; readonly windowBytes: number } {
  const total = WINDOWS * windowBytes;
  const held = sizes.map((size = windowBytes / 2) => Math.min(size, windowBytes));
  const mean = Math.max(1, held.reduce((sum, size) => sum + size, 0) / Math.max(1, held.length));
  const target = Math.min(MAX_LARGE, Math.max(WINDOWS, Math.ceil(total / mean)));
  const parallel = Math.max(1, Math.min(target, Math.floor(total / partBytes), sizes.length));
  const window = Math.max(partBytes, Math.min(windowBytes, Math.floor(total / parallel)));
  return { parallel: Math.max(parallel, Math.min(threads, sizes.length)), windowBytes: window };
}

/**
 * Limits the concurrent requests of this thread. If undefined, only the limit of the process
 * applies.
 */
export function shareRequests(requests: number | undefined): void {
  processGate.share(requests);
}
