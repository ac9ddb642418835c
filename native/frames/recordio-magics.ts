// Counts the magic numbers to escape in a payload.

const MAGIC: u32 = 0xced7230a;

/**
 * Counts words equal to the magic number in [start, end), aligned to `start`. Ignores a partial
 * last word.
 */
export function countMagics(start: usize, end: usize): u32 {
  const magic = i32x4.splat(MAGIC);
  // Each magic number adds -1 to a lane.
  let sums = i32x4.splat(0);
  let at = start;
  for (; end - at >= 32; at += 32) {
    sums = i32x4.add(sums, i32x4.add(i32x4.eq(v128.load(at), magic), i32x4.eq(v128.load(at, 16), magic)));
  }
  sums = i32x4.add(sums, v128.shuffle<u8>(sums, sums, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  let found: u32 = -(i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1));
  for (; end - at >= 4; at += 4) if (load<u32>(at) == MAGIC) ++found;
  return found;
}
