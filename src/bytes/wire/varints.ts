import { WireFault } from './wire-reader.ts';

/** Which of two words of a 64-bit number comes first in the memory of this machine. */
export const LITTLE_ENDIAN: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
const LOW = LITTLE_ENDIAN ? 0 : 1;
const HIGH = 1 - LOW;

/** The halves of each varint of a packed run into `words`, from `to` on; gives where the next goes. There is room for all of them. */
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
    let byte = bytes[at];
    let low = byte;
    if (byte >= 0x80) {
      byte = bytes[at + 1];
      low = (low & 0x7f) | ((byte & 0x7f) << 7);
      if (byte >= 0x80) {
        byte = bytes[at + 2];
        low |= (byte & 0x7f) << 14;
        if (byte >= 0x80) {
          byte = bytes[at + 3];
          low |= (byte & 0x7f) << 21;
          if (byte >= 0x80) {
            at = longVarint(bytes, at, words, to);
            to += 2;
            continue;
          }
          at++;
        }
        at++;
      }
      at++;
    }
    at++;
    words[to + LOW] = low;
    words[to + HIGH] = 0;
    to += 2;
  }
  return to;
}

/** After this no varint of the run goes beyond it, and no byte needs asking. */
function checkEnd(bytes: Uint8Array, start: number, end: number): void {
  if (end > start && bytes[end - 1] >= 0x80)
    throw new WireFault(end - 1, 'wanted a varint, found the end of its packed run inside it');
}

/** The halves of one varint of any length into `words`; gives where the next begins. What is beyond 64 bits is dropped, as protobuf does. */
export function longVarint(bytes: Uint8Array, start: number, words: Int32Array, to: number): number {
  let low = 0;
  let high = 0;
  let at = start;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = bytes[at++];
    const bits = byte & 0x7f;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high = bits >> 4;
    } else high |= bits << (shift - 32);
    if (byte < 0x80) {
      words[to + LOW] = low;
      words[to + HIGH] = high;
      return at;
    }
  }
  throw new WireFault(start, 'wanted a varint of at most 10 bytes, found a longer one');
}

/** Makes 64-bit halves, [from, to) of `words`, numbers in the same place; gives the index of the first that is none (beyond 2^53 - 1), or -1. */
export function numbersInPlace(words: Int32Array, numbers: Float64Array, from: number, to: number): number {
  for (let i = from; i < to; i += 2) {
    const high = words[i + HIGH];
    if (high >= 0x200000 || high < -0x200000 || (high === -0x200000 && words[i + LOW] === 0))
      return (i - from) / 2;
  }
  for (let i = from; i < to; i += 2)
    numbers[(i - from) >> 1] = words[i + HIGH] * 2 ** 32 + (words[i + LOW] >>> 0);
  return -1;
}

/**
 * Each varint of a packed run as a number, from `to` on; gives where the next goes; -1 if one is none (beyond 2^53 - 1). There is room for all of them.
 * The loop of {@link varintsInto} once more: halves first, and numbers of them afterwards, is a second pass over all of them.
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
    let byte = bytes[at];
    let low = byte;
    if (byte >= 0x80) {
      byte = bytes[at + 1];
      low = (low & 0x7f) | ((byte & 0x7f) << 7);
      if (byte >= 0x80) {
        byte = bytes[at + 2];
        low |= (byte & 0x7f) << 14;
        if (byte >= 0x80) {
          byte = bytes[at + 3];
          low |= (byte & 0x7f) << 21;
          if (byte >= 0x80) {
            at = longVarint(bytes, at, one, 0);
            const number = one[HIGH] * 2 ** 32 + (one[LOW] >>> 0);
            if (!Number.isSafeInteger(number)) return -1;
            numbers[to++] = number;
            continue;
          }
          at++;
        }
        at++;
      }
      at++;
    }
    at++;
    numbers[to++] = low;
  }
  return to;
}

/** The same of unsigned 64-bit integers. */
export function unsignedNumbersInPlace(words: Int32Array, numbers: Float64Array): number {
  for (let i = 0; i < words.length; i += 2) if (words[i + HIGH] >>> 0 >= 0x200000) return i / 2;
  for (let i = 0; i < words.length; i += 2)
    numbers[i >> 1] = words[i + HIGH] * 2 ** 32 + (words[i + LOW] >>> 0);
  return -1;
}

const one = new Int32Array(2);

/** Each varint of a packed run as an integer of 32 bits into `target`, from `to` on; gives where the next goes. Of larger ones the low bits are kept, as protobuf does. */
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
      target[to++] = one[LOW];
    }
  }
  return to;
}

/** How many varints a packed run has. */
export function countVarints(bytes: Uint8Array, start: number, end: number): number {
  checkEnd(bytes, start, end);
  let count = 0;
  for (let at = start; at < end; at++) count += 1 - (bytes[at] >> 7);
  return count;
}
