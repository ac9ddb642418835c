// The expected result of the kernel for frames in memory, computed as simply as possible.

export interface Outcome {
  passed: number;
  position: number;
  status: number;
  length: bigint;
  expected: number;
  actual: number;
  index: number[];
}

export const NEED_MORE: number = 0;
export const LENGTH_MISMATCH: number = 1;
export const PAYLOAD_MISMATCH: number = 2;
export const TOO_LONG: number = 3;
export const INDEX_FULL: number = 4;

export const VERIFY_BOTH: number = 3;
export const ANY_LENGTH: number = 0xffffffff;
export const NOT_FOUND: number = 0xffffffff;

const crcOfByte: number[] = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

export function crc(bytes: Uint8Array): number {
  let state = 0xffffffff;
  for (const byte of bytes) state = (state >>> 8) ^ crcOfByte[(state ^ byte) & 0xff]!;
  return ~state >>> 0;
}

export function masked(bytes: Uint8Array): number {
  const value = crc(bytes);
  return (((value >>> 15) | (value << 17)) + 0xa282ead8) >>> 0;
}

export function walk(bytes: Uint8Array, capacity: number, maxBytes: number, mode: number): Outcome {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const outcome: Outcome = {
    passed: 0,
    position: 0,
    status: NEED_MORE,
    length: 0n,
    expected: 0,
    actual: 0,
    index: [],
  };
  const stop = (status: number, expected = 0, actual = 0): Outcome => {
    const hasHeader = bytes.length - outcome.position >= 12;
    const length = hasHeader ? view.getBigUint64(outcome.position, true) : 0n;
    return { ...outcome, status, length, expected, actual };
  };
  for (;;) {
    const at = outcome.position;
    if (bytes.length - at < 12) return stop(NEED_MORE);
    if (outcome.passed === capacity) return stop(INDEX_FULL);
    const length = view.getBigUint64(at, true);
    if (mode & 1) {
      const stored = view.getUint32(at + 8, true);
      const actual = masked(bytes.subarray(at, at + 8));
      if (stored !== actual) return stop(LENGTH_MISMATCH, stored, actual);
    }
    if (length > BigInt(maxBytes)) return stop(TOO_LONG);
    if (BigInt(at) + length + 16n > BigInt(bytes.length)) return stop(NEED_MORE);
    const payload = bytes.subarray(at + 12, at + 12 + Number(length));
    if (mode & 2) {
      const stored = view.getUint32(at + 12 + payload.length, true);
      const actual = masked(payload);
      if (stored !== actual) return stop(PAYLOAD_MISMATCH, stored, actual);
    }
    outcome.index.push(at + 12, payload.length);
    outcome.passed += 1;
    outcome.position = at + 16 + payload.length;
  }
}

export function frame(payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(payload.length + 16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length, true);
  view.setUint32(8, masked(bytes.subarray(0, 8)), true);
  bytes.set(payload, 12);
  view.setUint32(12 + payload.length, masked(payload), true);
  return bytes;
}

/** Returns a header with any 64-bit length and a valid checksum. */
export function header(length: bigint): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, length, true);
  view.setUint32(8, masked(bytes.subarray(0, 8)), true);
  return bytes;
}

export function concat(parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

// ---- reproducible random bytes

export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
}

export function randomBytes(length: number, random: () => number): Uint8Array {
  return Uint8Array.from({ length }, random);
}
