// Counts lines without splitting them: 64 bytes per step, in byte counters that are summed before
// they overflow.
import { SCAN_STATE } from './memory';

/** What to count in addition to delimiters: nothing, delimiters after a CR, or every CR. */
const CR_BEFORE: u32 = 1;
const CR_ANYWHERE: u32 = 2;

const CR: u32 = 13;
/** Maximum steps before an eight-bit counter can overflow. */
const MAX_STEPS: u32 = 255;

/**
 * Counts the byte `delimiter` in [start, end). SCAN_STATE contains the number of CRs according to
 * `mode`. `previous` is the byte before `start`, or 0 at the start of a line. If the delimiter is a
 * CR, `mode` must be 0.
 */
export function countLines(start: usize, end: usize, delimiter: u32, mode: u32, previous: u32): u32 {
  let lines: u32 = 0;
  let dropped: u32 = 0;
  if (start < end) {
    // The byte before `start` in memory is arbitrary, so handle the first position separately.
    const head: u32 = load<u8>(start);
    lines = <u32>(head == delimiter);
    if (mode == CR_BEFORE) dropped = <u32>(head == delimiter && previous == CR);
    else if (mode == CR_ANYWHERE) dropped = <u32>(head == CR);
    const needle = i8x16.splat(<i8>delimiter);
    const whole = start + 1 + ((end - start - 1) & ~63);
    let at = start + 1;
    while (at < whole) {
      const to = at + (min<usize>((whole - at) >> 6, MAX_STEPS) << 6);
      if (mode == 0) lines += countBytes(at, to, needle);
      else {
        lines += countBytesAndLook(at, to, needle);
        // Most text has no CRs. If it does, the second pass reads the bytes from the L1 cache.
        if (load<u8>(at - 1) == CR || v128.any_true(looked)) {
          dropped += mode == CR_BEFORE ? countPairs(at, to, needle) : countBytes(at, to, i8x16.splat(<i8>CR));
        }
      }
      at = to;
    }
    for (; at < end; ++at) {
      const byte: u32 = load<u8>(at);
      if (byte == delimiter) {
        ++lines;
        if (mode == CR_BEFORE && load<u8>(at - 1) == CR) ++dropped;
      } else if (mode == CR_ANYWHERE && byte == CR) ++dropped;
    }
  }
  store<u32>(SCAN_STATE, dropped);
  return lines;
}

/** Counts `needle` in [at, to), which has a multiple of 64 bytes, at most 255 * 64. */
// @ts-ignore: decorator
@inline
function countBytes(at: usize, to: usize, needle: v128): u32 {
  let a = i64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (; at < to; at += 64) {
    a = i8x16.sub(a, i8x16.eq(v128.load(at), needle));
    b = i8x16.sub(b, i8x16.eq(v128.load(at, 16), needle));
    c = i8x16.sub(c, i8x16.eq(v128.load(at, 32), needle));
    d = i8x16.sub(d, i8x16.eq(v128.load(at, 48), needle));
  }
  return sums(a) + sums(b) + sums(c) + sums(d);
}

/** Nonzero if the last `countBytesAndLook` found a CR. */
let looked: v128 = i64x2.splat(0);

/** Like `countBytes`, but also sets `looked` if [at, to) contains a CR. */
// @ts-ignore: decorator
@inline
function countBytesAndLook(at: usize, to: usize, needle: v128): u32 {
  const cr = i8x16.splat(<i8>CR);
  let a = i64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let seen = a;
  let other = a;
  for (; at < to; at += 64) {
    const first = v128.load(at);
    const second = v128.load(at, 16);
    const third = v128.load(at, 32);
    const fourth = v128.load(at, 48);
    a = i8x16.sub(a, i8x16.eq(first, needle));
    b = i8x16.sub(b, i8x16.eq(second, needle));
    c = i8x16.sub(c, i8x16.eq(third, needle));
    d = i8x16.sub(d, i8x16.eq(fourth, needle));
    seen = v128.or(seen, v128.or(i8x16.eq(first, cr), i8x16.eq(second, cr)));
    other = v128.or(other, v128.or(i8x16.eq(third, cr), i8x16.eq(fourth, cr)));
  }
  looked = v128.or(seen, other);
  return sums(a) + sums(b) + sums(c) + sums(d);
}

/** Counts `needle` directly after a CR. */
// @ts-ignore: decorator
@inline
function countPairs(at: usize, to: usize, needle: v128): u32 {
  const cr = i8x16.splat(<i8>CR);
  let a = i64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (; at < to; at += 64) {
    const before = at - 1;
    a = i8x16.sub(a, v128.and(i8x16.eq(v128.load(at), needle), i8x16.eq(v128.load(before), cr)));
    b = i8x16.sub(b, v128.and(i8x16.eq(v128.load(at, 16), needle), i8x16.eq(v128.load(before, 16), cr)));
    c = i8x16.sub(c, v128.and(i8x16.eq(v128.load(at, 32), needle), i8x16.eq(v128.load(before, 32), cr)));
    d = i8x16.sub(d, v128.and(i8x16.eq(v128.load(at, 48), needle), i8x16.eq(v128.load(before, 48), cr)));
  }
  return sums(a) + sums(b) + sums(c) + sums(d);
}

/** Returns the sum of sixteen counters. */
// @ts-ignore: decorator
@inline
function sums(counters: v128): u32 {
  const words = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(counters));
  return (
    i32x4.extract_lane(words, 0) + i32x4.extract_lane(words, 1) + i32x4.extract_lane(words, 2) + i32x4.extract_lane(words, 3)
  );
}
