import { MAX_VARINT_BYTES, WireFault } from './wire-reader.ts';

/** Whether this machine stores the low word of a 64-bit number first. */
export const LITTLE_ENDIAN: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
export const LOW_WORD: 0 | 1 = LITTLE_ENDIAN ? 0 : 1;
export const HIGH_WORD: 0 | 1 = LITTLE_ENDIAN ? 1 : 0;

const one = new Int32Array(2);

/**
 * Writes the two words of each varint of a packed run to `words`, starting at `to`. Returns the
 * word after the last one.
 *
 * @throws WireFault for a run that ends inside a varint, and for a varint of more than ten bytes
 */
export function varintsInto(
  bytes: Uint8Array,
  start: number,
  end: number,
  words: Int32Array,
  to: number,
): number {
  checkEnd(bytes, start, end);
  let at = start;
  while (at < end) {
    let low = bytes[at++];
    if (low >= 0x80) {
      // XOR with 1 clears the continuation bit of the previous byte.
      let byte = bytes[at++];
      low ^= (byte ^ 1) << 7;
      if (byte >= 0x80) {
        byte = bytes[at++];
        low ^= (byte ^ 1) << 14;
        if (byte >= 0x80) {
          byte = bytes[at++];
          low ^= (byte ^ 1) << 21;
          if (byte >= 0x80) {
            at = longVarint(bytes, at - 4, words, to);
            to += 2;
            continue;
          }
        }
      }
    }
    words[to + LOW_WORD] = low;
    words[to + HIGH_WORD] = 0;
    to += 2;
  }
  return to;
}

/**
 * Writes each varint of a packed run as a number, starting at `to`. Returns the index after the
 * last one, or -1 if a number exceeds 2^53 - 1. It duplicates the loop of {@link varintsInto},
 * because converting the words afterwards would require a second pass.
 *
 * @throws WireFault for a run that ends inside a varint, and for a varint of more than ten bytes
 */
export function numbersFrom(
  bytes: Uint8Array,
  start: number,
  end: number,
  numbers: Float64Array,
  to: number,
): number {
  checkEnd(bytes, start, end);
  let at = start;
  while (at < end) {
    let low = bytes[at++];
    if (low >= 0x80) {
      // XOR with 1 clears the continuation bit of the previous byte.
      let byte = bytes[at++];
      low ^= (byte ^ 1) << 7;
      if (byte >= 0x80) {
        byte = bytes[at++];
        low ^= (byte ^ 1) << 14;
        if (byte >= 0x80) {
          byte = bytes[at++];
          low ^= (byte ^ 1) << 21;
          if (byte >= 0x80) {
            at = longVarint(bytes, at - 4, one, 0);
            const number = one[HIGH_WORD] * 2 ** 32 + (one[LOW_WORD] >>> 0);
            if (!Number.isSafeInteger(number)) return -1;
            numbers[to++] = number;
            continue;
          }
        }
      }
    }
    numbers[to++] = low;
  }
  return to;
}

/**
 * Writes each varint of a packed run as a 32-bit integer, starting at `to`. Returns the index after
 * the last one. Larger values are reduced to their low 32 bits, as in protobuf.
 */
export function int32sInto(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Int32Array,
  to: number,
): number {
  let at = start;
  while (at < end) {
    const byte = bytes[at];
    if (byte < 0x80) {
      target[to++] = byte;
      at++;
    } else {
      at = longVarint(bytes, at, one, 0);
      target[to++] = one[LOW_WORD];
    }
  }
  return to;
}

/** Receives 64-bit integers without copying them. */
export interface VarintSink {
  /**
   * Receives one integer.
   * @param high upper 32 bits, signed
   * @param low lower 32 bits, unsigned
   */
  int64(high: number, low: number): void;
}

/** Sends each varint of a valid packed run to `sink`. */
export function sendVarints(bytes: Uint8Array, start: number, end: number, sink: VarintSink): void {
  let at = start;
  while (at < end) {
    let low = bytes[at++];
    if (low >= 0x80) {
      let byte = bytes[at++];
      low ^= (byte ^ 1) << 7;
      for (let shift = 14; byte >= 0x80 && shift < 28; shift += 7) {
        byte = bytes[at++];
        low ^= (byte ^ 1) << shift;
      }
      if (byte >= 0x80) {
        at = longVarint(bytes, at - 4, one, 0);
        sink.int64(one[HIGH_WORD], one[LOW_WORD] >>> 0);
        continue;
      }
    }
    sink.int64(0, low);
  }
}

/**
 * Returns the number of varints in a packed run.
 * @throws WireFault for a run that ends inside a varint
 */
export function countVarints(bytes: Uint8Array, start: number, end: number): number {
  checkEnd(bytes, start, end);
  let count = 0;
  for (let at = start; at < end; at++) count += 1 - (bytes[at] >> 7);
  return count;
}

/** Reports whether the bytes [start, end) are whole varints of at most ten bytes each. */
export function areVarints(bytes: Uint8Array, start: number, end: number): boolean {
  let length = 0;
  for (let at = start; at < end; at++) {
    if (bytes[at] < 0x80) length = 0;
    else if (++length >= MAX_VARINT_BYTES) return false;
  }
  return length === 0;
}

/**
 * Returns the index of the first 64-bit integer in [from, to) of `words` that a number cannot
 * represent exactly, or -1 if there is none.
 */
export function findUnsafe(words: Int32Array, from: number, to: number): number {
  for (let i = from; i < to; i += 2) {
    const high = words[i + HIGH_WORD];
    if (high >= 0x200000 || high < -0x200000 || (high === -0x200000 && words[i + LOW_WORD] === 0))
      return (i - from) / 2;
  }
  return -1;
}

/** Converts the first `count` 64-bit integers of `words` to numbers, in the same memory. */
export function wordsToNumbers(words: Int32Array, numbers: Float64Array, count: number): void {
  for (let i = 0; i < count; i++)
    numbers[i] = words[2 * i + HIGH_WORD] * 2 ** 32 + (words[2 * i + LOW_WORD] >>> 0);
}

/**
 * Returns the index of the first unsigned 64-bit integer in `words` that exceeds 2^53 - 1, or -1 if
 * there is none.
 */
export function findUnsafeUnsigned(words: Int32Array): number {
  for (let i = 0; i < words.length; i += 2) if (words[i + HIGH_WORD] >>> 0 >= 0x200000) return i / 2;
  return -1;
}

/** Checks that a run does not end inside a varint, so that the loops need not check for its end. */
function checkEnd(bytes: Uint8Array, start: number, end: number): void {
  if (end > start && bytes[end - 1] >= 0x80)
    throw new WireFault(end - 1, 'expected a varint, but its packed run is truncated');
}

/**
 * Writes the two words of one varint to `words`. Returns the index of the next varint. Bits beyond
 * 64 are dropped, as in protobuf.
 *
 * @throws WireFault for a varint of more than ten bytes
 */
export function longVarint(bytes: Uint8Array, start: number, words: Int32Array, to: number): number {
  let low = 0;
  let high = 0;
  let at = start;
  for (let shift = 0; shift < 7 * MAX_VARINT_BYTES; shift += 7) {
    const byte = bytes[at++];
    const bits = byte & 0x7f;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high = bits >> 4;
    } else high |= bits << (shift - 32);
    if (byte < 0x80) {
      words[to + LOW_WORD] = low;
      words[to + HIGH_WORD] = high;
      return at;
    }
  }
  throw new WireFault(start, `expected a varint of at most ${MAX_VARINT_BYTES} bytes, got a longer varint`);
}
