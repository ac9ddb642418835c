// Folds messages of hundreds to thousands of bytes through memory until 384 bytes are left. Shifts
// 63 160 238 240 371: 160 and 240 are whole words, 63 is near enough to come from registers, and
// 238 and 371 are far enough that the stores their loads straddle have reached the cache (closer
// ones wait about 30 cycles).
import { foldFewGroups } from './fold-few';
import { MEDIUM_REST, MEDIUM_WORDS } from './memory';
import { firstVector, join1, seedVector } from './vectors';

/** Addresses point this many bytes before the next word, because loads have no negative offsets. */
const AHEAD: usize = 384;
/**
 * Bytes to fold before the words that are still needed move back to the front. A message of 16 KiB
 * and its copy leave no more space.
 */
const SEGMENT: usize = 4096;

// @ts-ignore: decorator
@inline
function fold(bytes: v128, by371: v128, by240: v128, by238: v128, by160: v128, by63: v128): v128 {
  return v128.xor(v128.xor(v128.xor(bytes, by371), v128.xor(by240, by238)), v128.xor(by160, by63));
}

/** Returns the raw register (no inversions) after the `length` >= 416 bytes at `ptr`. */
export function foldMedium(ptr: usize, length: u32, state: u32): u32 {
  // Fold all but the last 384 bytes, in words that end there. The first word starts with `pad`
  // bytes of padding.
  const folded = length - 384;
  const pad = (0 - folded) & 15;
  let p = ptr - pad;
  const end = ptr + folded;
  let words = MEDIUM_WORDS - AHEAD;
  const at = <usize>(64 - pad);
  const seed = seedVector(state, pad);
  const zero = i64x2.splat(0);

  // The next word takes bytes from `a` and `b`, the fourth and third words before it.
  let a = zero;
  let b = zero;
  let c = firstVector(v128.load(p), seed, at);
  let d = firstVector(v128.load(p, 16), seed, at + 16);
  v128.store(words, c, AHEAD);
  v128.store(words, d, AHEAD + 16);
  p += 32;
  words += 32;
  // Up to seven words one by one. Only shift 63 affects them.
  while (<u32>(end - p) & 127) {
    const next = v128.xor(v128.load(p), join1(a, b));
    v128.store(words, next, AHEAD);
    a = b;
    b = c;
    c = d;
    d = next;
    p += 16;
    words += 16;
  }
  while (p != end) {
    if (words >= MEDIUM_WORDS - AHEAD + SEGMENT) {
      for (let i: usize = 0; i < AHEAD; i += 64) {
        const from = words + i;
        v128.store(MEDIUM_WORDS + i, v128.load(from));
        v128.store(MEDIUM_WORDS + i, v128.load(from, 16), 16);
        v128.store(MEDIUM_WORDS + i, v128.load(from, 32), 32);
        v128.store(MEDIUM_WORDS + i, v128.load(from, 48), 48);
      }
      words = MEDIUM_WORDS;
    }
    const stop = end - p > SEGMENT ? p + SEGMENT : end;
    do {
      const w0 = v128.load(words, AHEAD - 160);
      a = fold(v128.load(p), v128.load(words, AHEAD - 371), v128.load(words, AHEAD - 240), v128.load(words, AHEAD - 238), w0, join1(a, b));
      v128.store(words, a, AHEAD);
      const w1 = v128.load(words, AHEAD + 16 - 160);
      b = fold(v128.load(p, 16), v128.load(words, AHEAD + 16 - 371), v128.load(words, AHEAD + 16 - 240), v128.load(words, AHEAD + 16 - 238), w1, join1(b, c));
      v128.store(words, b, AHEAD + 16);
      const w2 = v128.load(words, AHEAD + 32 - 160);
      c = fold(v128.load(p, 32), v128.load(words, AHEAD + 32 - 371), v128.load(words, AHEAD + 32 - 240), v128.load(words, AHEAD + 32 - 238), w2, join1(c, d));
      v128.store(words, c, AHEAD + 32);
      d = fold(v128.load(p, 48), v128.load(words, AHEAD + 48 - 371), v128.load(words, AHEAD + 48 - 240), v128.load(words, AHEAD + 48 - 238), v128.load(words, AHEAD + 48 - 160), join1(d, a));
      v128.store(words, d, AHEAD + 48);
      a = fold(v128.load(p, 64), v128.load(words, AHEAD + 64 - 371), v128.load(words, AHEAD + 64 - 240), v128.load(words, AHEAD + 64 - 238), v128.load(words, AHEAD + 64 - 160), join1(a, b));
      v128.store(words, a, AHEAD + 64);
      b = fold(v128.load(p, 80), v128.load(words, AHEAD + 80 - 371), w0, v128.load(words, AHEAD + 80 - 238), v128.load(words, AHEAD + 80 - 160), join1(b, c));
      v128.store(words, b, AHEAD + 80);
      c = fold(v128.load(p, 96), v128.load(words, AHEAD + 96 - 371), w1, v128.load(words, AHEAD + 96 - 238), v128.load(words, AHEAD + 96 - 160), join1(c, d));
      v128.store(words, c, AHEAD + 96);
      d = fold(v128.load(p, 112), v128.load(words, AHEAD + 112 - 371), w2, v128.load(words, AHEAD + 112 - 238), v128.load(words, AHEAD + 112 - 160), join1(d, a));
      v128.store(words, d, AHEAD + 112);
      p += 128;
      words += 128;
    } while (p != stop);
  }
  v128.store(words, zero, AHEAD);

  const restA = fold(v128.load(p), v128.load(words, AHEAD - 371), v128.load(words, AHEAD - 240), v128.load(words, AHEAD - 238), v128.load(words, AHEAD - 160), join1(a, b));
  const restB = fold(v128.load(p, 16), v128.load(words, AHEAD + 16 - 371), v128.load(words, AHEAD + 16 - 240), v128.load(words, AHEAD + 16 - 238), v128.load(words, AHEAD + 16 - 160), join1(b, c));
  const restC = fold(v128.load(p, 32), v128.load(words, AHEAD + 32 - 371), v128.load(words, AHEAD + 32 - 240), v128.load(words, AHEAD + 32 - 238), v128.load(words, AHEAD + 32 - 160), join1(c, d));
  const restD = fold(v128.load(p, 48), v128.load(words, AHEAD + 48 - 371), v128.load(words, AHEAD + 48 - 240), v128.load(words, AHEAD + 48 - 238), v128.load(words, AHEAD + 48 - 160), join1(d, zero));
  v128.store(MEDIUM_REST, v128.xor(v128.xor(v128.xor(v128.xor(v128.load(p, 64), v128.load(words, AHEAD + 64 - 371)), v128.load(words, AHEAD + 64 - 240)), v128.load(words, AHEAD + 64 - 238)), v128.load(words, AHEAD + 64 - 160)), 64);
  v128.store(MEDIUM_REST, v128.xor(v128.xor(v128.xor(v128.xor(v128.load(p, 80), v128.load(words, AHEAD + 80 - 371)), v128.load(words, AHEAD + 80 - 240)), v128.load(words, AHEAD + 80 - 238)), v128.load(words, AHEAD + 80 - 160)), 80);
  v128.store(MEDIUM_REST, v128.xor(v128.xor(v128.xor(v128.xor(v128.load(p, 96), v128.load(words, AHEAD + 96 - 371)), v128.load(words, AHEAD + 96 - 240)), v128.load(words, AHEAD + 96 - 238)), v128.load(words, AHEAD + 96 - 160)), 96);
  v128.store(MEDIUM_REST, v128.xor(v128.xor(v128.xor(v128.xor(v128.load(p, 112), v128.load(words, AHEAD + 112 - 371)), v128.load(words, AHEAD + 112 - 240)), v128.load(words, AHEAD + 112 - 238)), v128.load(words, AHEAD + 112 - 160)), 112);
  v128.store(MEDIUM_REST, v128.xor(v128.xor(v128.xor(v128.xor(v128.load(p, 128), v128.load(words, AHEAD + 128 - 371)), v128.load(words, AHEAD + 128 - 240)), v128.load(words, AHEAD + 128 - 238)), v128.load(words, AHEAD + 128 - 160)), 128);
  v128.store(MEDIUM_REST, v128.xor(v128.xor(v128.xor(v128.xor(v128.load(p, 144), v128.load(words, AHEAD + 144 - 371)), v128.load(words, AHEAD + 144 - 240)), v128.load(words, AHEAD + 144 - 238)), v128.load(words, AHEAD + 144 - 160)), 144);
  v128.store(MEDIUM_REST, v128.xor(v128.xor(v128.xor(v128.load(p, 160), v128.load(words, AHEAD + 160 - 371)), v128.load(words, AHEAD + 160 - 240)), v128.load(words, AHEAD + 160 - 238)), 160);
  v128.store(MEDIUM_REST, v128.xor(v128.xor(v128.xor(v128.load(p, 176), v128.load(words, AHEAD + 176 - 371)), v128.load(words, AHEAD + 176 - 240)), v128.load(words, AHEAD + 176 - 238)), 176);
  v128.store(MEDIUM_REST, v128.xor(v128.xor(v128.xor(v128.load(p, 192), v128.load(words, AHEAD + 192 - 371)), v128.load(words, AHEAD + 192 - 240)), v128.load(words, AHEAD + 192 - 238)), 192);
  v128.store(MEDIUM_REST, v128.xor(v128.xor(v128.xor(v128.load(p, 208), v128.load(words, AHEAD + 208 - 371)), v128.load(words, AHEAD + 208 - 240)), v128.load(words, AHEAD + 208 - 238)), 208);
  v128.store(MEDIUM_REST, v128.xor(v128.xor(v128.xor(v128.load(p, 224), v128.load(words, AHEAD + 224 - 371)), v128.load(words, AHEAD + 224 - 240)), v128.load(words, AHEAD + 224 - 238)), 224);
  v128.store(MEDIUM_REST, v128.xor(v128.load(p, 240), v128.load(words, AHEAD + 240 - 371)), 240);
  v128.store(MEDIUM_REST, v128.xor(v128.load(p, 256), v128.load(words, AHEAD + 256 - 371)), 256);
  v128.store(MEDIUM_REST, v128.xor(v128.load(p, 272), v128.load(words, AHEAD + 272 - 371)), 272);
  v128.store(MEDIUM_REST, v128.xor(v128.load(p, 288), v128.load(words, AHEAD + 288 - 371)), 288);
  v128.store(MEDIUM_REST, v128.xor(v128.load(p, 304), v128.load(words, AHEAD + 304 - 371)), 304);
  v128.store(MEDIUM_REST, v128.xor(v128.load(p, 320), v128.load(words, AHEAD + 320 - 371)), 320);
  v128.store(MEDIUM_REST, v128.xor(v128.load(p, 336), v128.load(words, AHEAD + 336 - 371)), 336);
  v128.store(MEDIUM_REST, v128.xor(v128.load(p, 352), v128.load(words, AHEAD + 352 - 371)), 352);
  v128.store(MEDIUM_REST, v128.xor(v128.load(p, 368), v128.load(words, AHEAD + 368 - 371)), 368);
  return foldFewGroups(MEDIUM_REST, MEDIUM_REST + 384, restA, restB, restC, restD);
}
