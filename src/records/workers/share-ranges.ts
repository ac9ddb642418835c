import { type ObjectOptions, objectOptions } from '../../storage/object-options.ts';
import type { ObjectRef } from '../../storage/storage.ts';

/** How each range of an object is read. */
export interface ObjectRanges {
  readonly objects: Partial<ObjectOptions>;
  /** Number of ranges that each thread reads at once, so that it does not wait for a response. */
  readonly ahead: number;
}

/** Number of ranges that each thread reads at once, if the limits allow it. */
const RANGES_AHEAD = 2;

/**
 * Returns how several threads read the ranges of one object. Together, they keep the limits of a
 * reader of the whole object. Returns undefined if its ranges cannot be read separately.
 */
export function shareOfRanges(
  { size, etag }: ObjectRef,
  given: Partial<ObjectOptions> | undefined,
  threads: number,
): ObjectRanges | undefined {
  const options = objectOptions(given);
  const { windowBytes, partBytes, maxRequests, verifyObject, pinVersion, single, credentials } = options;
  // A function cannot be sent to another thread.
  const whole = verifyObject || pinVersion || single || typeof credentials === 'function';
  if (whole || size === undefined || etag === undefined || maxRequests < threads) return undefined;
  const ahead = maxRequests < threads * RANGES_AHEAD ? 1 : RANGES_AHEAD;
  const streams = threads * ahead;
  const objects = {
    ...given,
    maxRequests: Math.floor(maxRequests / streams),
    windowBytes: Math.max(partBytes, Math.floor(windowBytes / streams)),
  };
  return { objects, ahead };
}
