import type { BoundaryFinder } from '../../formats/record-format.ts';
import { findBoundary, type ReadAt } from '../find-boundary.ts';
import type { RangeOrder, RangePlan } from './range-plan.ts';

/** Maximum number of bytes to search for the start of a record. */
const SEARCH_BYTES = 8 * 1024 * 1024;

/** Returns where a range begins and ends. Its start is -1 if no record was found to start in it. */
export async function rangeBounds(
  finder: BoundaryFinder,
  read: ReadAt,
  { plan, from, until }: RangeOrder,
): Promise<{ start: number; end: number }> {
  // Both are searched for at once, because each read of an object takes a round trip.
  const [start, first] = await Promise.all([
    typeof from === 'number' ? boundary(finder, read, plan, from) : from.offset,
    boundary(finder, read, plan, until),
  ]);
  if (start < 0) return { start, end: start };
  let end = first;
  for (let cut = until + 1; end < 0; cut++) end = await boundary(finder, read, plan, cut);
  return { start, end };
}

/**
 * Returns the position of the first probable record start after a cut, the size of the file if it
 * ends before the cut, or -1.
 */
async function boundary(
  finder: BoundaryFinder,
  read: ReadAt,
  { size, rangeBytes }: RangePlan,
  cut: number,
): Promise<number> {
  const at = cut * rangeBytes;
  if (at === 0 || at >= size) return Math.min(at, size);
  return findBoundary(finder, read, at, Math.min(at + Math.min(rangeBytes, SEARCH_BYTES), size), size);
}
