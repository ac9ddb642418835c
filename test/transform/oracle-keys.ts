const MASK = (1n << 64n) - 1n;

/** Returns the i-th number of SplitMix64, by its definition. */
export function splitmix64(seed: number, i: number): bigint {
  let z = (BigInt(seed) + BigInt(i + 1) * 0x9e3779b97f4a7c15n) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}

/** Returns the order that shuffling with this seed must produce. */
export function shuffledOrder(seed: number, count: number): number[] {
  const keys = Array.from({ length: count }, (_, i) => splitmix64(seed, i));
  return keys.map((_, i) => i).sort((a, b) => (keys[a] < keys[b] ? -1 : 1));
}
