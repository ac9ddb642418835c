import { expect, test } from 'vitest';
import { Xoshiro128 } from '../../src/dataset/operators/random.ts';

function drawn(seed: number, iteration: number): number[] {
  const random = new Xoshiro128(seed, iteration);
  return Array.from({ length: 4 }, () => random.next());
}

/** Implements the docstring's algorithm in wrapping 64-bit integers. */
function byTheBook(seed: number, iteration: number): number[] {
  const u32 = (x: bigint): bigint => x & 0xffffffffn;
  const mix = (value: bigint): bigint => {
    let x = value;
    x = u32((x ^ (x >> 16n)) * 0x21f0aaadn);
    x = u32((x ^ (x >> 15n)) * 0x735a2d97n);
    return x ^ (x >> 15n);
  };
  const golden = 0x9e3779b9n;
  let h = 0n;
  for (const value of [seed, iteration]) {
    const bits = BigInt.asUintN(64, BigInt(value));
    h = mix(u32(h + u32(bits) + golden));
    h = mix(u32(h + (bits >> 32n) + golden));
  }
  const s = [1n, 2n, 3n, 4n].map((i) => mix(u32(h + i * golden)));
  const rotl = (x: bigint, k: bigint): bigint => u32((x << k) | (x >> (32n - k)));
  return Array.from({ length: 4 }, () => {
    const result = u32(rotl(u32(s[1] * 5n), 7n) * 9n);
    const t = u32(s[1] << 9n);
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11n);
    return Number(result);
  });
}

test.each([
  [0, 0],
  [42, 0],
  [42, 1],
  [-1, 7],
  [Number.MAX_SAFE_INTEGER, 2 ** 40],
  [Number.MIN_SAFE_INTEGER, 3],
])('seed %d, iteration %d: as described', (seed, iteration) => {
  expect(drawn(seed, iteration)).toEqual(byTheBook(seed, iteration));
});

test('test vectors', () => {
  expect(drawn(0, 0)).toMatchInlineSnapshot(`
    [
      3952137537,
      3467660454,
      23820426,
      2857329884,
    ]
  `);
  expect(drawn(42, 0)).toMatchInlineSnapshot(`
    [
      480910194,
      3771139912,
      192506335,
      1616206289,
    ]
  `);
  expect(drawn(42, 1)).toMatchInlineSnapshot(`
    [
      2200775326,
      3623312039,
      3399044522,
      3119754371,
    ]
  `);
  expect(drawn(-1, 2 ** 33 + 5)).toMatchInlineSnapshot(`
    [
      3830505051,
      2110167334,
      2754537993,
      108209375,
    ]
  `);
});

test('all numbers below a limit occur about equally often', () => {
  for (const end of [1, 2, 3, 7, 10, 256]) {
    const random = new Xoshiro128(1, end);
    const counts = new Array<number>(end).fill(0);
    const draws = 1000 * end;
    for (let i = 0; i < draws; i++) counts[random.below(end)]++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(200);
  }
  const random = new Xoshiro128(1, 1);
  expect(Array.from({ length: 100 }, () => random.below(2 ** 32)).some((n) => n > 2 ** 31)).toBe(true);
});
