/**
 * The records that every program writes for a given count, size and seed, so that their files are
 * equal byte for byte: a counter mixed by the finalizer of MurmurHash3, split into records from a
 * pool of up to 16 MiB. `peer_protocol.py` and `rust/src/main.rs` produce the same bytes.
 */

const POOL_BYTES = 16 * 1024 * 1024;

/**
 * @returns {Buffer[]} `count` records, or as many as fit in 16 MiB; record k is `pool[k %
 *   pool.length]`
 */
export function payloadPool(count, size, seed = 0) {
  const different = Math.min(count, Math.max(1, Math.floor(POOL_BYTES / Math.max(1, size))));
  const words = new Uint32Array(Math.ceil((different * size) / 4));
  const start = Math.imul(seed, 0x9e3779b9);
  for (let i = 0; i < words.length; i++) words[i] = mix(start + i);
  const bytes = Buffer.from(words.buffer);
  return Array.from({ length: different }, (_, k) => bytes.subarray(k * size, (k + 1) * size));
}

/** The same as text: lines of printable ASCII, without their line feeds. */
export function linePool(count, size, seed = 0) {
  const pool = payloadPool(count, size, seed);
  for (const line of pool) {
    for (let i = 0; i < line.length; i++) line[i] = 33 + (line[i] % 94);
  }
  return pool;
}

/** The finalizer of MurmurHash3. It maps distinct words to distinct words. */
export function mix(word) {
  let h = word >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
