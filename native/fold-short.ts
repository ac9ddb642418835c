// Folds messages of 64 to a few hundred bytes in registers until 64 bytes are left for the tables.
// Shifts 19 40 43 45 46 48 52 54 62. With whole words in registers, a shift that is not a multiple
// of 16 is one `palignr` of two neighbours. Through memory, each store that a load straddles would
// cost about 30 cycles.
import { SHORT_REST } from './memory';
import { step8, step128 } from './tables';
import { firstVector, join2, join3, join5, join8, join10, join12, join13, seedVector } from './vectors';

/**
 * Returns `bytes` folded with the four preceding words, of which `w4` is the earliest. `w1` comes
 * last, because the next word depends on it.
 */
// @ts-ignore: decorator
@inline
function fold(bytes: v128, w4: v128, w3: v128, w2: v128, w1: v128): v128 {
  const far = v128.xor(v128.xor(v128.xor(bytes, join2(w4, w3)), v128.xor(join10(w4, w3), join12(w4, w3))), w3);
  const near = v128.xor(v128.xor(join2(w3, w2), join3(w3, w2)), v128.xor(join5(w3, w2), join8(w3, w2)));
  return v128.xor(v128.xor(far, near), join13(w2, w1));
}

/**
 * Returns the raw register (no inversions) after the `length` >= 64 bytes at `ptr`. Reads up to 63
 * bytes before `ptr`.
 */
export function foldShort(ptr: usize, length: u32, state: u32): u32 {
  // Process groups of 64 bytes that end where the message ends. The first group starts with `pad`
  // bytes of padding.
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
  return foldShortGroups(
    p,
    ptr + length,
    firstVector(v128.load(p), seed, at),
    firstVector(v128.load(p, 16), seed, at + 16),
    firstVector(v128.load(p, 32), seed, at + 32),
    firstVector(v128.load(p, 48), seed, at + 48),
  );
}

/**
 * Returns the CRC, from 0, of the groups of 64 bytes in [p, end). The first group is `a` to `d`
 * instead of the bytes at `p`. Inlined, because a call costs 3 ns.
 */
// @ts-ignore: decorator
@inline
export function foldShortGroups(p: usize, end: usize, a: v128, b: v128, c: v128, d: v128): u32 {
  const zero = i64x2.splat(0);
  const last = end - 64;
  if (p != last) {
    b = v128.xor(b, join13(zero, a));
    const toC = v128.xor(v128.xor(join2(zero, a), join3(zero, a)), v128.xor(join5(zero, a), join8(zero, a)));
    c = v128.xor(v128.xor(c, toC), join13(a, b));
    const far = v128.xor(v128.xor(v128.xor(d, join2(zero, a)), v128.xor(join10(zero, a), join12(zero, a))), a);
    const near = v128.xor(v128.xor(join2(a, b), join3(a, b)), v128.xor(join5(a, b), join8(a, b)));
    d = v128.xor(v128.xor(far, near), join13(b, c));

    for (p += 64; p != last; p += 64) {
      a = fold(v128.load(p), a, b, c, d);
      b = fold(v128.load(p, 16), b, c, d, a);
      c = fold(v128.load(p, 32), c, d, a, b);
      d = fold(v128.load(p, 48), d, a, b, c);
    }

    // The last 64 bytes receive the contributions of earlier words but are not folded further.
    const t0 = fold(v128.load(p), a, b, c, d);
    const t1 = fold(v128.load(p, 16), b, c, d, zero);
    const far2 = v128.xor(v128.xor(v128.xor(v128.load(p, 32), join2(c, d)), v128.xor(join10(c, d), join12(c, d))), d);
    const near2 = v128.xor(v128.xor(join2(d, zero), join3(d, zero)), v128.xor(join5(d, zero), join8(d, zero)));
    const t2 = v128.xor(far2, near2);
    const t3 = v128.xor(v128.xor(v128.load(p, 48), join2(d, zero)), v128.xor(join10(d, zero), join12(d, zero)));
    a = t0;
    b = t1;
    c = t2;
    d = t3;
  }
  v128.store(SHORT_REST, a);
  v128.store(SHORT_REST, b, 16);
  v128.store(SHORT_REST, c, 32);
  v128.store(SHORT_REST, d, 48);
  return restOfShort();
}

/** Returns the CRC, from 0, of the remaining 64 bytes. */
// @ts-ignore: decorator
@inline
function restOfShort(): u32 {
  const r = SHORT_REST;
  let crc = step128(0, load<u32>(r), load<u32>(r, 4), load<u32>(r, 8), load<u32>(r, 12));
  crc = step128(crc, load<u32>(r, 16), load<u32>(r, 20), load<u32>(r, 24), load<u32>(r, 28));
  crc = step128(crc, load<u32>(r, 32), load<u32>(r, 36), load<u32>(r, 40), load<u32>(r, 44));
  return step128(crc, load<u32>(r, 48), load<u32>(r, 52), load<u32>(r, 56), load<u32>(r, 60));
}
