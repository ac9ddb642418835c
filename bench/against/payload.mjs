/**
 * The records every peer writes for the same count, size and seed, so that their files are the same byte
 * for byte: a counter stirred by the finishing steps of MurmurHash3, cut into records, at most 16 MiB of
 * different ones, coming round again after that. `peer_protocol.py` and `rust/src/main.rs` make the same.
 */

const POOL_BYTES = 16 * 1024 * 1024;

/** @returns {Buffer[]} `count` records, or fewer where a pool of 16 MiB holds fewer: record k is `pool[k % pool.length]`. */
export function payloadPool(count, size, seed = 0) {
  const different = Math.min(count, Math.max(1, Math.floor(POOL_BYTES / Math.max(1, size))));
  const words = new Uint32Array(Math.ceil((different * size) / 4));
  const start = Math.imul(seed, 0x9e3779b9);
  for (let i = 0; i < words.length; i++) words[i] = mix(start + i);
  const bytes = Buffer.from(words.buffer);
  return Array.from({ length: different }, (_, k) => bytes.subarray(k * size, (k + 1) * size));
}

/** The same as text: the bytes of printable ASCII, in lines without their line feeds. */
export function linePool(count, size, seed = 0) {
  const pool = payloadPool(count, size, seed);
  for (const line of pool) {
    for (let i = 0; i < line.length; i++) line[i] = 33 + (line[i] % 94);
  }
  return pool;
}

/** The finishing steps of MurmurHash3: of different words, different words. */
export function mix(word) {
  let h = word >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
