import type { BoundaryFinder } from '../../formats/record-format.ts';
import { findBoundary, type ReadAt } from '../find-boundary.ts';
import type { RangeOrder, RangePlan } from './range-plan.ts';

/** Maximum number of bytes to search for the start of a record. */
const SEARCH_BYTES = 8 * 1024 * 1024;

/** Returns where a range begins and ends. Its start is -1 if no record was found to start in it. */
export function rangeBounds(
  finder: BoundaryFinder,
  read: ReadAt,
  { plan, from, until }: RangeOrder,
): { start: number; end: number } {
  const start = typeof from === 'number' ? boundary(finder, read, plan, from) : from.offset;
  if (start < 0) return { start, end: start };
  for (let cut = until; cut * plan.rangeBytes < plan.size; cut++) {
    const end = boundary(finder, read, plan, cut);
    if (end >= 0) return { start, end };
  }
  return { start, end: plan.size };
}

/** Returns the position of the first probable record start after a cut, or -1. */
function boundary(
  finder: BoundaryFinder,
  read: ReadAt,
  { size, rangeBytes }: RangePlan,
  cut: number,
): number {
  const at = cut * rangeBytes;
  if (at === 0) return 0;
  return findBoundary(finder, read, at, Math.min(at + Math.min(rangeBytes, SEARCH_BYTES), size), size);
}
