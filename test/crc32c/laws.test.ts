import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tableCrc32c } from '../../src/crc32c/crc32c.ts';
import { crc32c, crc32cCombine, maskCrc32c, unmaskCrc32c } from '../../src/crc32c/index.ts';
import { createWasmKernel } from '../../src/crc32c/wasm-kernel.ts';
import { UsageError } from '../../src/errors.ts';
import { offsetView } from '../support/offset-view.ts';
import { oracleCrc32c, oracleMask } from '../support/oracle-crc.ts';
import { Random } from '../support/random.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const bytes = fc.uint8Array({ maxLength: 3000 });
const word = fc.integer({ min: 0, max: 0xffffffff });

const wasm = createWasmKernel();
const kernels: [string, (bytes: Uint8Array, seed?: number) => number][] = [
  ['the one that serves', crc32c],
  ['WebAssembly', (b, seed = 0) => wasm.crc32c(b, seed)],
  ['the tables', (b, seed = 0) => tableCrc32c(b, seed)],
];

describe.each(kernels)('crc32c by %s', (_, sum) => {
  test.each([
    ['', 0],
    ['a', 0xc1d04330],
    ['123456789', 0xe3069283],
    ['The quick brown fox jumps over the lazy dog', 0x22620404],
  ])('%o', (value, expected) => {
    expect(sum(text(value))).toBe(expected);
  });

  test('the vectors of RFC 3720', () => {
    expect(sum(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(sum(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(sum(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(sum(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c);
  });

  test('equals the oracle for any bytes, seed and offset', () => {
    fc.assert(
      fc.property(bytes, word, fc.nat(17), (b, seed, offset) => {
        expect(sum(b, seed)).toBe(oracleCrc32c(b, seed));
        expect(sum(offsetView(b, offset), seed)).toBe(oracleCrc32c(b, seed));
      }),
    );
  });

  test('every length up to 1100, and around the boundaries of staging buffers and blocks', () => {
    const source = new Random(9).bytes(70_000);
    for (let length = 0; length <= 1100; length++) {
      const part = source.subarray(length % 7, (length % 7) + length);
      expect(sum(part)).toBe(tableCrc32c(part, 0));
      if (length % 50 === 0) expect(sum(part)).toBe(oracleCrc32c(part));
    }
    for (const border of [4096, 16384, 24576, 32768, 65536]) {
      for (let length = border - 20; length <= border + 20; length++) {
        expect(sum(source.subarray(1, 1 + length))).toBe(tableCrc32c(source.subarray(1, 1 + length), 0));
      }
    }
  });

  test('continues from a seed: crc(b, crc(a)) = crc(ab)', () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 5 }), (parts) => {
        const whole = Uint8Array.from(parts.flatMap((part) => [...part]));
        expect(parts.reduce((crc, part) => sum(part, crc), 0)).toBe(sum(whole));
      }),
    );
  });

  test('does not change its bytes', () => {
    const b = new Random(2).bytes(20_000);
    const before = b.slice();
    sum(b);
    sum(b.subarray(3, 15_000), 77);
    expect(b).toEqual(before);
  });
});

describe('crc32cCombine', () => {
  test('is the checksum of the concatenation', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const both = Uint8Array.from([...a, ...b]);
        expect(crc32cCombine(oracleCrc32c(a), oracleCrc32c(b), b.length)).toBe(oracleCrc32c(both));
      }),
    );
  });

  test('is associative, and has the empty message as its identity', () => {
    const length = fc.integer({ min: 0, max: 2 ** 51 });
    fc.assert(
      fc.property(word, word, word, length, length, (a, b, c, lengthOfB, lengthOfC) => {
        const left = crc32cCombine(crc32cCombine(a, b, lengthOfB), c, lengthOfC);
        expect(left).toBe(crc32cCombine(a, crc32cCombine(b, c, lengthOfC), lengthOfB + lengthOfC));
        expect(crc32cCombine(a, 0, 0)).toBe(a);
      }),
    );
  });

  test('lengths beyond 2^32', () => {
    // Compute the CRC of 2^33 zero bytes by doubling: crc(zz) from crc(z).
    let zeros = oracleCrc32c(new Uint8Array(1));
    for (let length = 1; length < 2 ** 33; length *= 2) zeros = crc32cCombine(zeros, zeros, length);
    const one = oracleCrc32c(Uint8Array.of(1));
    const direct = crc32cCombine(one, zeros, 2 ** 33);
    let halves = one;
    let half = oracleCrc32c(new Uint8Array(1));
    for (let length = 1; length < 2 ** 31; length *= 2) half = crc32cCombine(half, half, length);
    for (let part = 0; part < 4; part++) halves = crc32cCombine(halves, half, 2 ** 31);
    expect(direct).toBe(halves);
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY])('rejects a length of %d', (length) => {
    expect(() => crc32cCombine(1, 2, length)).toThrow(UsageError);
  });
});

describe('the mask', () => {
  test('follows the format and has an inverse', () => {
    fc.assert(
      fc.property(word, (crc) => {
        expect(maskCrc32c(crc)).toBe(oracleMask(crc));
        expect(unmaskCrc32c(maskCrc32c(crc))).toBe(crc);
        expect(maskCrc32c(unmaskCrc32c(crc))).toBe(crc);
      }),
    );
    for (const crc of [0, 1, 0x7fff, 0x8000, 0x7fffffff, 0x80000000, 0xffffffff]) {
      expect(maskCrc32c(crc)).toBe(oracleMask(crc));
      expect(unmaskCrc32c(maskCrc32c(crc))).toBe(crc);
    }
    expect(maskCrc32c(oracleCrc32c(new Uint8Array(8)))).toBe(0x07980329);
  });
});
