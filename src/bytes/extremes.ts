// Math.max(...values) passes each value on the stack, which overflows at about 125,000 of them.

/** The largest of any number of values; `none` where there are none. */
export function largestOf(values: Iterable<number>, none: number = Number.NEGATIVE_INFINITY): number {
  let largest = none;
  for (const value of values) if (value > largest) largest = value;
  return largest;
}

/** The smallest of any number of values; infinity where there are none. */
export function smallestOf(values: Iterable<number>): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (const value of values) if (value < smallest) smallest = value;
  return smallest;
}
