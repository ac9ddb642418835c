import { describe, expect, it } from 'vitest';
import { createWasmKernel } from '../../src/crc32c/wasm-kernel.ts';
import { wasmModule } from '../../src/crc32c/wasm-module.generated.ts';

const kernel = createWasmKernel();
const { exports } = kernel;

/**
 * Returns the raw register after one more byte, computed bit by bit from the definition, without
 * tables.
 */
function step(state: number, byte: number): number {
  let next = state ^ byte;
  for (let bit = 0; bit < 8; bit++) next = (next >>> 1) ^ (0x82f63b78 & -(next & 1));
  return next;
}

/** Returns the CRC of every prefix of `bytes`, starting from `seed`. */
function prefixCrcs(bytes: Uint8Array, seed: number): Uint32Array {
  const crcs = new Uint32Array(bytes.length + 1);
  let state = ~seed;
  crcs[0] = seed;
  for (let i = 0; i < bytes.length; i++) {
    state = step(state, bytes[i]);
    crcs[i + 1] = ~state;
  }
  return crcs;
}

/** Returns reproducible bytes (xorshift). */
function randomBytes(length: number, start: number): Uint8Array {
  let x = start | 1;
  return Uint8Array.from({ length }, () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x & 0xff;
  });
}

/**
 * Lengths just below and above each algorithm switch in native/crc32c.ts, and the staging limit in
 * wasm-kernel.ts.
 */
const THRESHOLDS = [
  64, 320, 384, 416, 1024, 4096, 5632, 8192, 13_824, 16_384, 20_480, 24_576, 32_768, 65_536,
];

describe('kernel CRC-32C against bit-at-a-time', () => {
  it('check value of the CRC catalogue', () => {
    expect(kernel.crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    expect(kernel.crc32c(new Uint8Array())).toBe(0);
    expect(kernel.crc32c(new Uint8Array(), 0x1234_5678)).toBe(0x1234_5678);
  });

  it('every length to 2000 at every alignment to a cache line', () => {
    const at = kernel.allocate(4096);
    const wrong: string[] = [];
    for (let run = 0; run < 640; run++) {
      const alignment = run % 64;
      const bytes = randomBytes(2000, 77 + run);
      const seed = run % 3 === 0 ? 0 : Math.imul(run, 0x9e37_79b9) >>> 0;
      const crcs = prefixCrcs(bytes, seed);
      kernel.heap().set(bytes, at + alignment);
      for (let length = 0; length <= bytes.length; length++) {
        if (exports.crc32c(at + alignment, length, seed) >>> 0 !== crcs[length]) {
          wrong.push(`${length} at ${alignment}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('around every threshold, from JavaScript and in place', () => {
    const bytes = randomBytes(2 ** 20 + 200, 5);
    const crcs = prefixCrcs(bytes, 0);
    const at = kernel.allocate(bytes.length + 64) + 3;
    kernel.heap().set(bytes, at);
    const wrong: number[] = [];
    for (const threshold of [...THRESHOLDS, 2 ** 18, 2 ** 20]) {
      for (let length = Math.max(0, threshold - 66); length <= threshold + 66; length++) {
        const inPlace = exports.crc32c(at, length, 0) >>> 0;
        if (inPlace !== crcs[length] || kernel.crc32c(bytes.subarray(0, length)) !== crcs[length])
          wrong.push(length);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('continues from a seed: crc(b, crc(a)) is crc(a + b)', () => {
    const bytes = randomBytes(100_000, 9);
    const crcs = prefixCrcs(bytes, 0);
    const cuts = randomBytes(400, 3);
    for (let i = 0; i < cuts.length; i += 2) {
      const scale = [1, 10, 100, 390][(i >> 1) % 4];
      const cut = cuts[i] * scale;
      const end = Math.min(bytes.length, cut + cuts[i + 1] * scale);
      expect(kernel.crc32c(bytes.subarray(cut, end), crcs[cut])).toBe(crcs[end]);
    }
  });

  it('takes long messages in parts of any multiple of 256 bytes', () => {
    const bytes = randomBytes(60_000, 21);
    const expected = prefixCrcs(bytes, 99)[bytes.length];
    const at = kernel.allocate(bytes.length);
    for (const part of [256, 512, 768, 2048, 8192, 16_128]) {
      let taken = 0;
      exports.crc32cStart(99);
      for (; bytes.length - taken >= part + 5632; taken += part) {
        kernel.heap().set(bytes.subarray(taken, taken + part), at);
        exports.crc32cPart(at, part);
      }
      kernel.heap().set(bytes.subarray(taken), at);
      expect(exports.crc32cEnd(at, bytes.length - taken) >>> 0).toBe(expected);
    }
  });

  it('reads views of kernel memory in place, and up to its last byte', () => {
    const heap = kernel.heap();
    const bytes = randomBytes(30_000, 4);
    heap.set(bytes, heap.length - bytes.length);
    const crcs = prefixCrcs(bytes, 0);
    expect(kernel.crc32c(heap.subarray(heap.length - bytes.length))).toBe(crcs[bytes.length]);
    for (let length = 0; length < 1200; length++) {
      const tail = bytes.subarray(bytes.length - length);
      expect(exports.crc32c(heap.length - length, length, 7) >>> 0).toBe(kernel.crc32c(tail, 7));
    }
  });

  it('leaves the message unchanged', () => {
    const at = kernel.allocate(70_000);
    const bytes = randomBytes(70_000, 13);
    kernel.heap().set(bytes, at);
    for (const length of [1, 63, 64, 400, 1024, 5000, 20_000, 70_000]) exports.crc32c(at, length, 0);
    expect(Buffer.compare(kernel.heap().subarray(at, at + bytes.length), bytes)).toBe(0);
  });
});

describe('kernel module', () => {
  it('imports nothing and stays small', () => {
    const module = new WebAssembly.Module(Buffer.from(wasmModule, 'hex'));
    expect(WebAssembly.Module.imports(module)).toEqual([]);
    expect(exports.heapBase.value % 64).toBe(0);
  });
});
