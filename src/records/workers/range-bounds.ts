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
  // Both are found at once, because each read of an object takes a round trip.
  const [start, end] = await Promise.all([
    typeof from === 'number' ? boundary(finder, read, plan, from) : from.offset,
    endAfter(finder, read, plan, until),
  ]);
  return { start, end: start < 0 ? start : end };
}

/** Returns the position of the first probable record start after a cut or a later one. */
async function endAfter(
  finder: BoundaryFinder,
  read: ReadAt,
  plan: RangePlan,
  until: number,
): Promise<number> {
  for (let cut = until; cut * plan.rangeBytes < plan.size; cut++) {
    const end = await boundary(finder, read, plan, cut);
    if (end >= 0) return end;
  }
  return plan.size;
}

/** Returns the position of the first probable record start after a cut, or -1. */
async function boundary(
  finder: BoundaryFinder,
  read: ReadAt,
  { size, rangeBytes }: RangePlan,
  cut: number,
): Promise<number> {
  const at = cut * rangeBytes;
  if (at === 0) return 0;
  return findBoundary(finder, read, at, Math.min(at + Math.min(rangeBytes, SEARCH_BYTES), size), size);
}
