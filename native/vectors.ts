// Vector helpers shared by the folds.
import { SEED_MASK, START_MASK } from './memory';

/**
 * Returns bytes n to n + 15 of `a` followed by `b`, for the n in the name. V8 compiles it to one
 * `palignr`.
 */
// @ts-ignore: decorator
@inline
export function join1(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
}
// @ts-ignore: decorator
@inline
export function join2(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17);
}
// @ts-ignore: decorator
@inline
export function join3(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18);
}
// @ts-ignore: decorator
@inline
export function join4(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19);
}
// @ts-ignore: decorator
@inline
export function join5(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20);
}
// @ts-ignore: decorator
@inline
export function join8(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
}
// @ts-ignore: decorator
@inline
export function join9(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24);
}
// @ts-ignore: decorator
@inline
export function join10(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25);
}
// @ts-ignore: decorator
@inline
export function join11(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26);
}
// @ts-ignore: decorator
@inline
export function join12(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27);
}
// @ts-ignore: decorator
@inline
export function join13(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28);
}

/**
 * Returns `state` repeated so that its four bytes align with a message start at `pad`.
 * `firstVector` masks the rest.
 */
// @ts-ignore: decorator
@inline
export function seedVector(state: u32, pad: u32): v128 {
  return i32x4.splat(rotl<u32>(state, (pad & 3) << 3));
}

/**
 * Masks the bytes before the start of the message and XORs the seed. `bytes` are from memory; `at`
 * = 64 - pad + offset.
 */
// @ts-ignore: decorator
@inline
export function firstVector(bytes: v128, seed: v128, at: usize): v128 {
  return v128.xor(v128.and(bytes, v128.load(at, START_MASK)), v128.and(seed, v128.load(at, SEED_MASK)));
}

export function buildMasks(): void {
  memory.fill(START_MASK + 64, 0xff, 64);
  store<u32>(SEED_MASK + 64, ~0);
}
