// Folds messages of a few hundred bytes until 192 bytes are left.
// Shifts 27 31 32 59 96 159 165. All operands come from registers or from whole words in memory, so
// no load straddles two stores: 27 and 59 = 27 + 32 share one `palignr`, 31 and 159 = 31 + 8 words
// share another, and 165 needs a third.
import { foldShortGroups } from './fold-short';
import { FEW_REST, FEW_TWINS, FEW_WORDS } from './memory';
import { step8 } from './tables';
import { firstVector, join1, join5, join11, seedVector } from './vectors';

/** Addresses point this many bytes before the next word, because loads have no negative offsets. */
const AHEAD: usize = 176;
/** The same distance for the twins, which are the words shifted by 31. */
const TWIN: usize = FEW_TWINS - FEW_WORDS + AHEAD;

/**
 * Returns the raw register (no inversions) after the `length` >= 256 bytes at `ptr`. Reads up to 63
 * bytes before `ptr`.
 */
export function foldFew(ptr: usize, length: u32, state: u32): u32 {
  let pad = (0 - length) & 63;
  while (pad > 60) {
    // Process one byte first; otherwise, the seed would extend into the second group.
    state = step8(state, load<u8>(ptr));
    ++ptr;
    pad = (pad + 1) & 63;
    --length;
  }
  const p = ptr - pad;
  const at = <usize>(64 - pad);
  const seed = seedVector(state, pad);
  return foldFewGroups(
    p,
    ptr + length,
    firstVector(v128.load(p), seed, at),
    firstVector(v128.load(p, 16), seed, at + 16),
    firstVector(v128.load(p, 32), seed, at + 32),
    firstVector(v128.load(p, 48), seed, at + 48),
  );
}

/**
 * Returns the CRC, from 0, of at least four groups of 64 bytes in [p, end). The first group is `a`
 * to `d` instead of the bytes at `p`. Inlined, because a call costs 3 ns.
 */
// @ts-ignore: decorator
@inline
export function foldFewGroups(p: usize, end: usize, a: v128, b: v128, c: v128, d: v128): u32 {
  const zero = i64x2.splat(0);
  let words = FEW_WORDS - AHEAD;

  // No words precede the first group. `by27`: words shifted by 27; `pair`: words XORed with those.
  let twin = join1(zero, a);
  let by27 = join5(zero, a);
  v128.store(words, a, AHEAD);
  v128.store(words, zero, TWIN);
  b = v128.xor(v128.xor(b, twin), by27);
  const pairOfB = v128.xor(b, by27);
  v128.store(words, b, AHEAD + 16);
  v128.store(words, twin, TWIN + 16);
  twin = join1(a, b);
  by27 = join5(a, b);
  c = v128.xor(v128.xor(v128.xor(c, a), twin), by27);
  let pairOfC = v128.xor(c, by27);
  v128.store(words, c, AHEAD + 32);
  v128.store(words, twin, TWIN + 32);
  twin = join1(b, c);
  by27 = join5(b, c);
  d = v128.xor(v128.xor(v128.xor(d, pairOfB), twin), by27);
  let pairOfD = v128.xor(d, by27);
  v128.store(words, d, AHEAD + 48);
  v128.store(words, twin, TWIN + 48);

  const rest = end - 192;
  let far = zero;
  for (p += 64, words += 64; p != rest; p += 64, words += 64) {
    twin = join1(c, d);
    by27 = join5(c, d);
    const far1 = v128.load(words, AHEAD - 160);
    a = fold(v128.load(p), join11(far, far1), v128.load(words, TWIN + 0 - 128), v128.load(words, AHEAD - 96), pairOfC, twin, by27);
    const pairOfA = v128.xor(a, by27);
    v128.store(words, a, AHEAD + 0);
    v128.store(words, twin, TWIN + 0);
    twin = join1(d, a);
    by27 = join5(d, a);
    const far2 = v128.load(words, AHEAD + 16 - 160);
    b = fold(v128.load(p, 16), join11(far1, far2), v128.load(words, TWIN + 16 - 128), v128.load(words, AHEAD + 16 - 96), pairOfD, twin, by27);
    const pairOfB2 = v128.xor(b, by27);
    v128.store(words, b, AHEAD + 16);
    v128.store(words, twin, TWIN + 16);
    twin = join1(a, b);
    by27 = join5(a, b);
    const far3 = v128.load(words, AHEAD + 32 - 160);
    c = fold(v128.load(p, 32), join11(far2, far3), v128.load(words, TWIN + 32 - 128), v128.load(words, AHEAD + 32 - 96), pairOfA, twin, by27);
    pairOfC = v128.xor(c, by27);
    v128.store(words, c, AHEAD + 32);
    v128.store(words, twin, TWIN + 32);
    twin = join1(b, c);
    by27 = join5(b, c);
    const far4 = v128.load(words, AHEAD + 48 - 160);
    d = fold(v128.load(p, 48), join11(far3, far4), v128.load(words, TWIN + 48 - 128), v128.load(words, AHEAD + 48 - 96), pairOfB2, twin, by27);
    pairOfD = v128.xor(d, by27);
    v128.store(words, d, AHEAD + 48);
    v128.store(words, twin, TWIN + 48);
    far = far4;
  }

  // The last 192 bytes receive the contributions of earlier words but are not folded further.
  const twin0 = join1(c, d);
  const twin1 = join1(d, zero);
  const by27of0 = join5(c, d);
  const by27of1 = join5(d, zero);
  const restA = fold(v128.load(p), join11(v128.load(words, AHEAD - 176), v128.load(words, AHEAD - 160)), v128.load(words, TWIN + 0 - 128), v128.load(words, AHEAD - 96), pairOfC, twin0, by27of0);
  const restB = fold(v128.load(p, 16), join11(v128.load(words, AHEAD + 16 - 176), v128.load(words, AHEAD + 16 - 160)), v128.load(words, TWIN + 16 - 128), v128.load(words, AHEAD + 16 - 96), pairOfD, twin1, by27of1);
  const restC = v128.xor(v128.xor(v128.xor(v128.load(p, 32), join11(v128.load(words, AHEAD + 32 - 176), v128.load(words, AHEAD + 32 - 160))), v128.xor(v128.load(words, TWIN + 32 - 128), v128.load(words, AHEAD + 32 - 96))), by27of0);
  const restD = v128.xor(v128.xor(v128.xor(v128.load(p, 48), join11(v128.load(words, AHEAD + 48 - 176), v128.load(words, AHEAD + 48 - 160))), v128.xor(v128.load(words, TWIN + 48 - 128), v128.load(words, AHEAD + 48 - 96))), by27of1);
  v128.store(FEW_REST, v128.xor(v128.xor(v128.load(p, 64), join11(v128.load(words, AHEAD + 64 - 176), v128.load(words, AHEAD + 64 - 160))), v128.xor(v128.load(words, TWIN + 64 - 128), v128.load(words, AHEAD + 64 - 96))), 64);
  v128.store(FEW_REST, v128.xor(v128.xor(v128.load(p, 80), join11(v128.load(words, AHEAD + 80 - 176), v128.load(words, AHEAD + 80 - 160))), v128.xor(v128.load(words, TWIN + 80 - 128), v128.load(words, AHEAD + 80 - 96))), 80);
  v128.store(FEW_REST, v128.xor(v128.xor(v128.load(p, 96), join11(v128.load(words, AHEAD + 96 - 176), v128.load(words, AHEAD + 96 - 160))), v128.load(words, TWIN + 96 - 128)), 96);
  v128.store(FEW_REST, v128.xor(v128.xor(v128.load(p, 112), join11(v128.load(words, AHEAD + 112 - 176), v128.load(words, AHEAD + 112 - 160))), v128.load(words, TWIN + 112 - 128)), 112);
  v128.store(FEW_REST, v128.xor(v128.xor(v128.load(p, 128), join11(v128.load(words, AHEAD + 128 - 176), v128.load(words, AHEAD + 128 - 160))), twin0), 128);
  v128.store(FEW_REST, v128.xor(v128.xor(v128.load(p, 144), join11(v128.load(words, AHEAD + 144 - 176), v128.load(words, AHEAD + 144 - 160))), twin1), 144);
  v128.store(FEW_REST, v128.xor(v128.load(p, 160), join11(d, zero)), 160);
  v128.store(FEW_REST, v128.load(p, 176), 176);
  return foldShortGroups(FEW_REST, FEW_REST + 192, restA, restB, restC, restD);
}

/** The last two operands are the newest. They come last, because the next word depends on them. */
// @ts-ignore: decorator
@inline
function fold(bytes: v128, by165: v128, by159: v128, by96: v128, by59and32: v128, by31: v128, by27: v128): v128 {
  const old = v128.xor(v128.xor(v128.xor(bytes, by165), v128.xor(by159, by96)), by59and32);
  return v128.xor(v128.xor(old, by31), by27);
}
