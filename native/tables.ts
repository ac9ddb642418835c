// Slicing tables, computed when the module is instantiated.
import { TABLES, TABLE_BYTES, TABLE_COUNT } from './memory';

/** Castagnoli polynomial, bit-reversed. */
const POLYNOMIAL: u32 = 0x82f63b78;

// Constant addresses, because the offset of a load must be a constant.
export const T0: usize = TABLES + 0 * TABLE_BYTES;
export const T1: usize = TABLES + 1 * TABLE_BYTES;
export const T2: usize = TABLES + 2 * TABLE_BYTES;
export const T3: usize = TABLES + 3 * TABLE_BYTES;
export const T4: usize = TABLES + 4 * TABLE_BYTES;
export const T5: usize = TABLES + 5 * TABLE_BYTES;
export const T6: usize = TABLES + 6 * TABLE_BYTES;
export const T7: usize = TABLES + 7 * TABLE_BYTES;
export const T8: usize = TABLES + 8 * TABLE_BYTES;
export const T9: usize = TABLES + 9 * TABLE_BYTES;
export const T10: usize = TABLES + 10 * TABLE_BYTES;
export const T11: usize = TABLES + 11 * TABLE_BYTES;
export const T12: usize = TABLES + 12 * TABLE_BYTES;
export const T13: usize = TABLES + 13 * TABLE_BYTES;
export const T14: usize = TABLES + 14 * TABLE_BYTES;
export const T15: usize = TABLES + 15 * TABLE_BYTES;

export function buildTables(): void {
  for (let byte: u32 = 0; byte < 256; ++byte) {
    let state = byte;
    for (let bit = 0; bit < 8; ++bit) state = (state >>> 1) ^ (POLYNOMIAL & (0 - (state & 1)));
    store<u32>(TABLES + (byte << 2), state);
  }
  for (let table: usize = 1; table < TABLE_COUNT; ++table) {
    for (let byte: usize = 0; byte < 256; ++byte) {
      const previous = load<u32>(TABLES + (table - 1) * TABLE_BYTES + (byte << 2));
      store<u32>(TABLES + table * TABLE_BYTES + (byte << 2), step8(previous, 0));
    }
  }
}

/** Returns the offset in a table of the entry for byte 0, 1, 2, or 3 of `word`. */
// @ts-ignore: decorator
@inline
function first(word: u32): usize {
  return (word << 2) & 0x3fc;
}
// @ts-ignore: decorator
@inline
function second(word: u32): usize {
  return (word >>> 6) & 0x3fc;
}
// @ts-ignore: decorator
@inline
function third(word: u32): usize {
  return (word >>> 14) & 0x3fc;
}
// @ts-ignore: decorator
@inline
function fourth(word: u32): usize {
  return (word >>> 22) & 0x3fc;
}

/** Returns the state after one more byte. */
// @ts-ignore: decorator
@inline
export function step8(state: u32, byte: u32): u32 {
  return (state >>> 8) ^ load<u32>(first(state ^ byte), T0);
}

/** Returns the state after four more bytes. */
// @ts-ignore: decorator
@inline
export function step32(state: u32, word: u32): u32 {
  const a = state ^ word;
  return load<u32>(first(a), T3) ^ load<u32>(second(a), T2) ^ (load<u32>(third(a), T1) ^ load<u32>(fourth(a), T0));
}

/** Returns the state after eight more bytes. */
// @ts-ignore: decorator
@inline
export function step64(state: u32, low: u32, high: u32): u32 {
  const a = state ^ low;
  return (
    (load<u32>(first(high), T3) ^ load<u32>(second(high), T2) ^ (load<u32>(third(high), T1) ^ load<u32>(fourth(high), T0))) ^
    (load<u32>(first(a), T7) ^ load<u32>(second(a), T6) ^ (load<u32>(third(a), T5) ^ load<u32>(fourth(a), T4)))
  );
}

/** Returns the state after sixteen more bytes. Only the first four lookups depend on `state`. */
// @ts-ignore: decorator
@inline
export function step128(state: u32, a: u32, b: u32, c: u32, d: u32): u32 {
  a ^= state;
  return (
    (load<u32>(first(d), T3) ^ load<u32>(second(d), T2) ^ (load<u32>(third(d), T1) ^ load<u32>(fourth(d), T0))) ^
    (load<u32>(first(c), T7) ^ load<u32>(second(c), T6) ^ (load<u32>(third(c), T5) ^ load<u32>(fourth(c), T4))) ^
    (load<u32>(first(b), T11) ^ load<u32>(second(b), T10) ^ (load<u32>(third(b), T9) ^ load<u32>(fourth(b), T8))) ^
    (load<u32>(first(a), T15) ^ load<u32>(second(a), T14) ^ (load<u32>(third(a), T13) ^ load<u32>(fourth(a), T12)))
  );
}
