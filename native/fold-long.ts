// Folds messages of thousands of bytes through a ring in the L1 cache, with only three shifts,
// until about 5.5 KiB are left. A message may arrive in parts. Shifts 76 4989 5572. The near
// operand comes from registers: 42 GB/s, where three loads (1278 1565 5424) gave 37.
import { foldMedium } from './fold-medium';
import { LONG_BLOCK, LONG_REST, LONG_RING, LONG_RING_BYTES, ZEROS } from './memory';
import { join4 } from './vectors';

/** The first block that a shift affects, and how far beyond a folded word it still does. */
const FIRST_BY_4989: usize = 19 * LONG_BLOCK;
const FIRST_BY_5572: usize = 21 * LONG_BLOCK;
const REACH_OF_4989: usize = 20 * LONG_BLOCK;
const REACH_OF_5572: usize = 22 * LONG_BLOCK;

/** Minimum size of the last part of a message, and of all other parts together. */
export const LONG_MINIMUM: u32 = <u32>REACH_OF_5572;

/** Bytes folded since foldLongStart. */
let folded: usize = 0;
let seed: u32 = 0;

/** Returns the address in the ring of the word `shift` bytes before `position`. */
// @ts-ignore: decorator
@inline
function behind(position: usize, shift: usize): usize {
  return LONG_RING + ((position - shift) & (LONG_RING_BYTES - 1));
}

/** Folds a block that only shift 76 affects. `before`: address of the five preceding words. */
// @ts-ignore: decorator
@inline
function foldFirstBlock(to: usize, before: usize, from: usize): void {
  let a = v128.load(before);
  let b = v128.load(before, 16);
  let c = v128.load(before, 32);
  let d = v128.load(before, 48);
  let e = v128.load(before, 64);
  a = v128.xor(v128.load(from), join4(a, b));
  v128.store(to, a, 0);
  b = v128.xor(v128.load(from, 16), join4(b, c));
  v128.store(to, b, 16);
  c = v128.xor(v128.load(from, 32), join4(c, d));
  v128.store(to, c, 32);
  d = v128.xor(v128.load(from, 48), join4(d, e));
  v128.store(to, d, 48);
  e = v128.xor(v128.load(from, 64), join4(e, a));
  v128.store(to, e, 64);
  a = v128.xor(v128.load(from, 80), join4(a, b));
  v128.store(to, a, 80);
  b = v128.xor(v128.load(from, 96), join4(b, c));
  v128.store(to, b, 96);
  c = v128.xor(v128.load(from, 112), join4(c, d));
  v128.store(to, c, 112);
  d = v128.xor(v128.load(from, 128), join4(d, e));
  v128.store(to, d, 128);
  e = v128.xor(v128.load(from, 144), join4(e, a));
  v128.store(to, e, 144);
  a = v128.xor(v128.load(from, 160), join4(a, b));
  v128.store(to, a, 160);
  b = v128.xor(v128.load(from, 176), join4(b, c));
  v128.store(to, b, 176);
  c = v128.xor(v128.load(from, 192), join4(c, d));
  v128.store(to, c, 192);
  d = v128.xor(v128.load(from, 208), join4(d, e));
  v128.store(to, d, 208);
  e = v128.xor(v128.load(from, 224), join4(e, a));
  v128.store(to, e, 224);
  a = v128.xor(v128.load(from, 240), join4(a, b));
  v128.store(to, a, 240);
}

/** Folds a block that shift 5572 does not affect yet. */
function foldMiddleBlock(to: usize, before: usize, from: usize, by4989: usize): void {
  let a = v128.load(before);
  let b = v128.load(before, 16);
  let c = v128.load(before, 32);
  let d = v128.load(before, 48);
  let e = v128.load(before, 64);
  a = v128.xor(v128.xor(v128.load(from), v128.load(by4989)), join4(a, b));
  v128.store(to, a, 0);
  b = v128.xor(v128.xor(v128.load(from, 16), v128.load(by4989, 16)), join4(b, c));
  v128.store(to, b, 16);
  c = v128.xor(v128.xor(v128.load(from, 32), v128.load(by4989, 32)), join4(c, d));
  v128.store(to, c, 32);
  d = v128.xor(v128.xor(v128.load(from, 48), v128.load(by4989, 48)), join4(d, e));
  v128.store(to, d, 48);
  e = v128.xor(v128.xor(v128.load(from, 64), v128.load(by4989, 64)), join4(e, a));
  v128.store(to, e, 64);
  a = v128.xor(v128.xor(v128.load(from, 80), v128.load(by4989, 80)), join4(a, b));
  v128.store(to, a, 80);
  b = v128.xor(v128.xor(v128.load(from, 96), v128.load(by4989, 96)), join4(b, c));
  v128.store(to, b, 96);
  c = v128.xor(v128.xor(v128.load(from, 112), v128.load(by4989, 112)), join4(c, d));
  v128.store(to, c, 112);
  d = v128.xor(v128.xor(v128.load(from, 128), v128.load(by4989, 128)), join4(d, e));
  v128.store(to, d, 128);
  e = v128.xor(v128.xor(v128.load(from, 144), v128.load(by4989, 144)), join4(e, a));
  v128.store(to, e, 144);
  a = v128.xor(v128.xor(v128.load(from, 160), v128.load(by4989, 160)), join4(a, b));
  v128.store(to, a, 160);
  b = v128.xor(v128.xor(v128.load(from, 176), v128.load(by4989, 176)), join4(b, c));
  v128.store(to, b, 176);
  c = v128.xor(v128.xor(v128.load(from, 192), v128.load(by4989, 192)), join4(c, d));
  v128.store(to, c, 192);
  d = v128.xor(v128.xor(v128.load(from, 208), v128.load(by4989, 208)), join4(d, e));
  v128.store(to, d, 208);
  e = v128.xor(v128.xor(v128.load(from, 224), v128.load(by4989, 224)), join4(e, a));
  v128.store(to, e, 224);
  a = v128.xor(v128.xor(v128.load(from, 240), v128.load(by4989, 240)), join4(a, b));
  v128.store(to, a, 240);
}

/** Applies the two far shifts to a block that is not folded. */
// @ts-ignore: decorator
@inline
function restBlock(to: usize, from: usize, by4989: usize, by5572: usize): void {
  v128.store(to, v128.xor(v128.xor(v128.load(from), v128.load(by4989)), v128.load(by5572)), 0);
  v128.store(to, v128.xor(v128.xor(v128.load(from, 16), v128.load(by4989, 16)), v128.load(by5572, 16)), 16);
  v128.store(to, v128.xor(v128.xor(v128.load(from, 32), v128.load(by4989, 32)), v128.load(by5572, 32)), 32);
  v128.store(to, v128.xor(v128.xor(v128.load(from, 48), v128.load(by4989, 48)), v128.load(by5572, 48)), 48);
  v128.store(to, v128.xor(v128.xor(v128.load(from, 64), v128.load(by4989, 64)), v128.load(by5572, 64)), 64);
  v128.store(to, v128.xor(v128.xor(v128.load(from, 80), v128.load(by4989, 80)), v128.load(by5572, 80)), 80);
  v128.store(to, v128.xor(v128.xor(v128.load(from, 96), v128.load(by4989, 96)), v128.load(by5572, 96)), 96);
  v128.store(to, v128.xor(v128.xor(v128.load(from, 112), v128.load(by4989, 112)), v128.load(by5572, 112)), 112);
  v128.store(to, v128.xor(v128.xor(v128.load(from, 128), v128.load(by4989, 128)), v128.load(by5572, 128)), 128);
  v128.store(to, v128.xor(v128.xor(v128.load(from, 144), v128.load(by4989, 144)), v128.load(by5572, 144)), 144);
  v128.store(to, v128.xor(v128.xor(v128.load(from, 160), v128.load(by4989, 160)), v128.load(by5572, 160)), 160);
  v128.store(to, v128.xor(v128.xor(v128.load(from, 176), v128.load(by4989, 176)), v128.load(by5572, 176)), 176);
  v128.store(to, v128.xor(v128.xor(v128.load(from, 192), v128.load(by4989, 192)), v128.load(by5572, 192)), 192);
  v128.store(to, v128.xor(v128.xor(v128.load(from, 208), v128.load(by4989, 208)), v128.load(by5572, 208)), 208);
  v128.store(to, v128.xor(v128.xor(v128.load(from, 224), v128.load(by4989, 224)), v128.load(by5572, 224)), 224);
  v128.store(to, v128.xor(v128.xor(v128.load(from, 240), v128.load(by4989, 240)), v128.load(by5572, 240)), 240);
}

/** Applies the near shift to the first block that is not folded. */
function restOfNear(to: usize, before: usize): void {
  const zero = i64x2.splat(0);
  v128.store(to, v128.xor(v128.load(to, 0), join4(v128.load(before), v128.load(before, 16))), 0);
  v128.store(to, v128.xor(v128.load(to, 16), join4(v128.load(before, 16), v128.load(before, 32))), 16);
  v128.store(to, v128.xor(v128.load(to, 32), join4(v128.load(before, 32), v128.load(before, 48))), 32);
  v128.store(to, v128.xor(v128.load(to, 48), join4(v128.load(before, 48), v128.load(before, 64))), 48);
  v128.store(to, v128.xor(v128.load(to, 64), join4(v128.load(before, 64), zero)), 64);
}

/**
 * Copies the ring's first block to the end of the ring, for loads that cross the end. Inlined,
 * because a call would cost registers.
 */
// @ts-ignore: decorator
@inline
function mirror(): void {
  v128.store(LONG_RING + LONG_RING_BYTES, v128.load(LONG_RING, 0), 0);
  v128.store(LONG_RING + LONG_RING_BYTES, v128.load(LONG_RING, 16), 16);
  v128.store(LONG_RING + LONG_RING_BYTES, v128.load(LONG_RING, 32), 32);
  v128.store(LONG_RING + LONG_RING_BYTES, v128.load(LONG_RING, 48), 48);
  v128.store(LONG_RING + LONG_RING_BYTES, v128.load(LONG_RING, 64), 64);
  v128.store(LONG_RING + LONG_RING_BYTES, v128.load(LONG_RING, 80), 80);
  v128.store(LONG_RING + LONG_RING_BYTES, v128.load(LONG_RING, 96), 96);
  v128.store(LONG_RING + LONG_RING_BYTES, v128.load(LONG_RING, 112), 112);
  v128.store(LONG_RING + LONG_RING_BYTES, v128.load(LONG_RING, 128), 128);
  v128.store(LONG_RING + LONG_RING_BYTES, v128.load(LONG_RING, 144), 144);
  v128.store(LONG_RING + LONG_RING_BYTES, v128.load(LONG_RING, 160), 160);
  v128.store(LONG_RING + LONG_RING_BYTES, v128.load(LONG_RING, 176), 176);
  v128.store(LONG_RING + LONG_RING_BYTES, v128.load(LONG_RING, 192), 192);
  v128.store(LONG_RING + LONG_RING_BYTES, v128.load(LONG_RING, 208), 208);
  v128.store(LONG_RING + LONG_RING_BYTES, v128.load(LONG_RING, 224), 224);
  v128.store(LONG_RING + LONG_RING_BYTES, v128.load(LONG_RING, 240), 240);
}

/** Starts a message. `state` is the raw register (no inversions) before it. */
export function foldLongStart(state: u32): void {
  seed = state;
  folded = 0;
  // Shifts must read zeros before the first block.
  memory.fill(LONG_RING + LONG_RING_BYTES - LONG_BLOCK, 0, LONG_BLOCK);
}

/** Folds the next `length` bytes, a multiple of LONG_BLOCK. */
export function foldLongPart(ptr: usize, length: u32): void {
  let p = ptr;
  const end = ptr + length;
  let at = folded;
  if (at == 0 && p != end) {
    // XOR the seed into a copy, because the caller owns the message.
    memory.copy(LONG_REST, p, LONG_BLOCK);
    store<u32>(LONG_REST, load<u32>(LONG_REST) ^ seed);
    foldFirstBlock(LONG_RING, behind(0, 80), LONG_REST);
    mirror();
    p += LONG_BLOCK;
    at += LONG_BLOCK;
  }
  for (; p != end && at < FIRST_BY_4989; p += LONG_BLOCK, at += LONG_BLOCK) {
    foldFirstBlock(behind(at, 0), behind(at, 80), p);
  }
  for (; p != end && at < FIRST_BY_5572; p += LONG_BLOCK, at += LONG_BLOCK) {
    foldMiddleBlock(behind(at, 0), behind(at, 80), p, behind(at, 4989));
  }
  // From here on, all shifts apply, and five words stay in registers between blocks (37.5 instead
  // of 36 GB/s).
  let before = behind(at, 80);
  let a = v128.load(before);
  let b = a;
  let c = a;
  let d = a;
  let e = v128.load(before, 16);
  let f = v128.load(before, 32);
  let g = v128.load(before, 48);
  let h = v128.load(before, 64);
  for (; p != end; p += LONG_BLOCK, at += LONG_BLOCK) {
    const to = behind(at, 0);
    const by4989 = behind(at, 4989);
    const by5572 = behind(at, 5572);
    a = v128.xor(v128.xor(v128.xor(v128.load(p), v128.load(by4989)), v128.load(by5572)), join4(d, e));
    v128.store(to, a, 0);
    b = v128.xor(v128.xor(v128.xor(v128.load(p, 16), v128.load(by4989, 16)), v128.load(by5572, 16)), join4(e, f));
    v128.store(to, b, 16);
    c = v128.xor(v128.xor(v128.xor(v128.load(p, 32), v128.load(by4989, 32)), v128.load(by5572, 32)), join4(f, g));
    v128.store(to, c, 32);
    d = v128.xor(v128.xor(v128.xor(v128.load(p, 48), v128.load(by4989, 48)), v128.load(by5572, 48)), join4(g, h));
    v128.store(to, d, 48);
    e = v128.xor(v128.xor(v128.xor(v128.load(p, 64), v128.load(by4989, 64)), v128.load(by5572, 64)), join4(h, a));
    v128.store(to, e, 64);
    f = v128.xor(v128.xor(v128.xor(v128.load(p, 80), v128.load(by4989, 80)), v128.load(by5572, 80)), join4(a, b));
    v128.store(to, f, 80);
    g = v128.xor(v128.xor(v128.xor(v128.load(p, 96), v128.load(by4989, 96)), v128.load(by5572, 96)), join4(b, c));
    v128.store(to, g, 96);
    h = v128.xor(v128.xor(v128.xor(v128.load(p, 112), v128.load(by4989, 112)), v128.load(by5572, 112)), join4(c, d));
    v128.store(to, h, 112);
    a = v128.xor(v128.xor(v128.xor(v128.load(p, 128), v128.load(by4989, 128)), v128.load(by5572, 128)), join4(d, e));
    v128.store(to, a, 128);
    b = v128.xor(v128.xor(v128.xor(v128.load(p, 144), v128.load(by4989, 144)), v128.load(by5572, 144)), join4(e, f));
    v128.store(to, b, 144);
    c = v128.xor(v128.xor(v128.xor(v128.load(p, 160), v128.load(by4989, 160)), v128.load(by5572, 160)), join4(f, g));
    v128.store(to, c, 160);
    d = v128.xor(v128.xor(v128.xor(v128.load(p, 176), v128.load(by4989, 176)), v128.load(by5572, 176)), join4(g, h));
    v128.store(to, d, 176);
    e = v128.xor(v128.xor(v128.xor(v128.load(p, 192), v128.load(by4989, 192)), v128.load(by5572, 192)), join4(h, a));
    v128.store(to, e, 192);
    f = v128.xor(v128.xor(v128.xor(v128.load(p, 208), v128.load(by4989, 208)), v128.load(by5572, 208)), join4(a, b));
    v128.store(to, f, 208);
    g = v128.xor(v128.xor(v128.xor(v128.load(p, 224), v128.load(by4989, 224)), v128.load(by5572, 224)), join4(b, c));
    v128.store(to, g, 224);
    h = v128.xor(v128.xor(v128.xor(v128.load(p, 240), v128.load(by4989, 240)), v128.load(by5572, 240)), join4(c, d));
    v128.store(to, h, 240);
    if (to == LONG_RING) mirror();
  }
  folded = at;
}

/** Returns the raw register after the last `length` >= LONG_MINIMUM bytes. */
export function foldLongEnd(ptr: usize, length: u32): u32 {
  const part = (length - LONG_MINIMUM) & ~(<u32>LONG_BLOCK - 1);
  foldLongPart(ptr, part);
  let p = ptr + part;
  const end = ptr + length;
  let at = folded;
  let rest = LONG_REST;

  // The remaining bytes receive the contributions of folded blocks. After them, shifts must read
  // zeros.
  const before = behind(at, 80);
  memory.fill(behind(at, 0), 0, LONG_BLOCK);
  if (behind(at, 0) == LONG_RING) mirror();
  for (; rest != LONG_REST + REACH_OF_5572; p += LONG_BLOCK, at += LONG_BLOCK, rest += LONG_BLOCK) {
    restBlock(rest, p, rest < LONG_REST + REACH_OF_4989 ? behind(at, 4989) : ZEROS, behind(at, 5572));
  }
  restOfNear(LONG_REST, before);
  memory.copy(rest, p, end - p);
  return foldMedium(LONG_REST, <u32>(rest - LONG_REST + (end - p)), 0);
}
