import { describe, expect, test } from 'vitest';
import { DOES_ALL_RUNS, randomRuns } from '../support/random-runs.ts';
import { heap, indexAt, indexCapacity, kernel, memory, put } from './tfrecord-kernel.ts';
import {
  ANY_LENGTH,
  concat,
  crc,
  frame,
  generator,
  header,
  INDEX_FULL,
  LENGTH_MISMATCH,
  NEED_MORE,
  type Outcome,
  PAYLOAD_MISMATCH,
  randomBytes,
  TOO_LONG,
  VERIFY_BOTH,
  walk,
} from './tfrecord-oracle.ts';

const SENTINEL = 0xdeadbeef;

function scan(start: number, end: number, capacity: number, maxBytes: number, mode: number): Outcome {
  const indexed = capacity >= 0;
  const index = new Uint32Array(kernel.memory.buffer, indexAt, 2 * indexCapacity);
  const passed =
    kernel.scanTFRecords(start, end, indexed ? indexAt : 0, indexed ? capacity : 7, maxBytes, mode) >>> 0;
  const state = new DataView(kernel.memory.buffer, kernel.scanState.value as number, 24);
  return {
    passed,
    position: state.getUint32(0, true) - start,
    status: state.getUint32(4, true),
    length: state.getBigUint64(8, true),
    expected: state.getUint32(16, true),
    actual: state.getUint32(20, true),
    index: indexed ? [...index.subarray(0, 2 * passed)] : [],
  };
}

/**
 * Scans `bytes` in place (at `start`), with and without an index, and compares the result with the
 * oracle's.
 */
function compare(bytes: Uint8Array, start: number, maxBytes = ANY_LENGTH, mode = VERIFY_BOTH): Outcome {
  const wanted = walk(bytes, -1, maxBytes, mode);
  const end = start + bytes.length;
  expect(scan(start, end, indexCapacity, maxBytes, mode)).toStrictEqual(wanted);
  expect(scan(start, end, -1, maxBytes, mode)).toStrictEqual({ ...wanted, index: [] });
  return wanted;
}

describe('scanTFRecords', () => {
  test('the oracle knows the published check value', () => {
    expect(crc(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  });

  test('no bytes, and fewer bytes than a header', () => {
    for (let length = 0; length < 12; length++) {
      const outcome = compare(new Uint8Array(length), heap);
      expect(outcome).toMatchObject({ passed: 0, position: 0, status: NEED_MORE, length: 0n });
    }
  });

  test('one frame of every length, at every residue of the address', () => {
    const random = generator(1);
    // Every third length still occurs at each alignment.
    for (let length = 0; length <= 700; length += DOES_ALL_RUNS ? 1 : 3) {
      const bytes = frame(randomBytes(length, random));
      const start = heap + (random() % 64);
      put(bytes, start);
      expect(compare(bytes, start)).toMatchObject({ passed: 1, position: bytes.length, status: NEED_MORE });
    }
  });

  test('lengths around powers of two', () => {
    const random = generator(2);
    const lengths = [1023, 1024, 1025, 2047, 2048, 4095, 4096, 4097, 16384, 65535, 65536, 65537, 300_001];
    for (const length of lengths) {
      const bytes = concat([frame(randomBytes(length, random)), frame(randomBytes(3, random))]);
      put(bytes, heap + 5);
      expect(compare(bytes, heap + 5).passed).toBe(2);
      const damaged = heap + 5 + 12 + (random() % length);
      memory()[damaged]! ^= 1 << (random() % 8);
      expect(compare(memory().slice(heap + 5, heap + 5 + bytes.length), heap + 5).status).toBe(
        PAYLOAD_MISMATCH,
      );
    }
  });

  test('frames truncated at every byte, with the rest directly after the end', () => {
    const random = generator(3);
    for (let length = 0; length <= 700; length++) {
      const bytes = concat([frame(randomBytes(length % 37, random)), frame(randomBytes(length, random))]);
      const start = heap + (random() % 16);
      put(bytes, start);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const wanted = walk(bytes.subarray(0, cut), -1, ANY_LENGTH, VERIFY_BOTH);
        const got = scan(start, start + cut, indexCapacity, ANY_LENGTH, VERIFY_BOTH);
        // Compare by hand first, because calling `expect` a hundred thousand times takes longer
        // than everything else.
        if (
          got.passed !== wanted.passed ||
          got.position !== wanted.position ||
          got.status !== wanted.status
        ) {
          expect({ cut, ...got }).toStrictEqual({ cut, ...wanted });
        }
      }
      compare(bytes.subarray(0, bytes.length - 1), start);
    }
  });

  test('every single byte flipped, in every mode', () => {
    const random = generator(4);
    const lengths = [0, 1, 4, 15, 16, 17, 63, 64, 65, 100, 0, 130, 200, 31];
    const good = concat(lengths.map((length) => frame(randomBytes(length, random))));
    for (let at = 0; at < good.length; at++) {
      const bytes = good.slice();
      bytes[at]! ^= 1 + (random() % 255);
      put(bytes, heap + 3);
      for (let mode = 0; mode < 4; mode++) {
        const outcome = compare(bytes, heap + 3, ANY_LENGTH, mode);
        if (mode === VERIFY_BOTH) expect([LENGTH_MISMATCH, PAYLOAD_MISMATCH]).toContain(outcome.status);
      }
    }
  });

  test('many frames of mixed lengths, one damaged, some truncated', () => {
    const random = generator(5);
    for (let round = 0; round < randomRuns(600); round++) {
      const count = random() % 150;
      const longest = [8, 40, 120, 150, 300, 1200][random() % 6]!;
      const parts = Array.from({ length: count }, () => frame(randomBytes(random() % longest, random)));
      const bytes = concat(parts);
      const damage = random() % 4;
      if (bytes.length > 0 && damage === 1) bytes[random() % bytes.length]! ^= 1 << (random() % 8);
      const kept = damage === 2 ? bytes.subarray(0, random() % (bytes.length + 1)) : bytes;
      const start = heap + (random() % 64);
      put(bytes, start);
      compare(
        kept,
        start,
        damage === 3 ? random() % longest : ANY_LENGTH,
        random() % 8 === 0 ? random() % 4 : VERIFY_BOTH,
      );
    }
  });

  test('long runs of one length, with a damaged record at any position', () => {
    const random = generator(6);
    for (const length of [0, 1, 16, 48, 49, 64, 100, 128, 129, 256, 257, 511, 512, 513]) {
      const parts = Array.from({ length: 70 }, () => frame(randomBytes(length, random)));
      const bytes = concat(parts);
      put(bytes, heap + 1);
      expect(compare(bytes, heap + 1).passed).toBe(70);
      for (let record = 0; record < 70; record++) {
        const at = heap + 1 + record * (length + 16) + 12 + (random() % (length + 4));
        memory()[at]! ^= 0x10;
        const outcome = compare(memory().slice(heap + 1, heap + 1 + bytes.length), heap + 1);
        expect(outcome).toMatchObject({ passed: record, status: PAYLOAD_MISMATCH });
        memory()[at]! ^= 0x10;
      }
    }
  });

  test('absurd lengths with a valid length checksum', () => {
    const good = frame(new Uint8Array(20));
    const absurd = [
      0xfffffff0n,
      0xfffffffen,
      0xffffffffn,
      1n << 32n,
      (1n << 32n) + 5n,
      1n << 53n,
      1n << 63n,
      (1n << 64n) - 1n,
    ];
    for (const length of absurd) {
      for (const before of [[], [good], [good, good, good, good, good]]) {
        const bytes = concat([...before, header(length), new Uint8Array(40)]);
        put(bytes, heap);
        const wanted = { passed: before.length, length };
        for (const mode of [0, 1, 2, 3]) {
          const status = length > BigInt(ANY_LENGTH) ? TOO_LONG : NEED_MORE;
          expect(compare(bytes, heap, ANY_LENGTH, mode)).toMatchObject({ ...wanted, status });
          expect(compare(bytes, heap, 1000, mode)).toMatchObject({ ...wanted, status: TOO_LONG });
        }
      }
    }
  });

  test('a length is compared with maxBytes after its checksum and before its payload', () => {
    const bytes = concat([frame(new Uint8Array(10)), frame(new Uint8Array(11)), frame(new Uint8Array(12))]);
    put(bytes, heap);
    for (const maxBytes of [0, 9, 10, 11, 12, 13, ANY_LENGTH]) {
      const outcome = compare(bytes, heap, maxBytes);
      expect(outcome.passed).toBe(Math.max(0, Math.min(3, maxBytes - 9)));
      expect(outcome.status).toBe(outcome.passed < 3 ? TOO_LONG : NEED_MORE);
    }
    const onlyHeader = header(11n);
    put(onlyHeader, heap);
    expect(compare(onlyHeader, heap, 10).status).toBe(TOO_LONG);
    expect(compare(onlyHeader, heap, 11).status).toBe(NEED_MORE);
    onlyHeader[9]! ^= 1;
    put(onlyHeader, heap);
    expect(compare(onlyHeader, heap, 10).status).toBe(LENGTH_MISMATCH);
  });

  test('stops when the index is full, and writes no further entry', () => {
    const random = generator(7);
    const parts = Array.from({ length: 70 }, () => frame(randomBytes(random() % 90, random)));
    const bytes = concat(parts);
    put(bytes, heap);
    const index = new Uint32Array(kernel.memory.buffer, indexAt, 2 * indexCapacity);
    for (let capacity = 0; capacity <= 72; capacity++) {
      index.fill(SENTINEL);
      const wanted = walk(bytes, capacity, ANY_LENGTH, VERIFY_BOTH);
      expect(scan(heap, heap + bytes.length, capacity, ANY_LENGTH, VERIFY_BOTH)).toStrictEqual(wanted);
      expect(wanted.status).toBe(capacity < 70 ? INDEX_FULL : NEED_MORE);
      expect(index.subarray(2 * wanted.passed).every((word) => word === SENTINEL)).toBe(true);
    }
  });

  test('continues where it stopped', () => {
    const random = generator(8);
    const parts = Array.from({ length: 200 }, () => frame(randomBytes(random() % 200, random)));
    const bytes = concat(parts);
    put(bytes, heap);
    let at = 0;
    let passed = 0;
    while (at < bytes.length) {
      const outcome = scan(heap + at, heap + bytes.length, 7, ANY_LENGTH, VERIFY_BOTH);
      passed += outcome.passed;
      at += outcome.position;
    }
    expect(passed).toBe(200);
  });

  test('frames at the end of the memory', () => {
    const random = generator(9);
    const top = memory().length;
    for (const length of [0, 1, 3, 16, 50, 100, 127, 128, 129, 255, 256, 300, 600, 2000]) {
      const bytes = concat([frame(randomBytes(length, random)), frame(randomBytes(length, random))]);
      put(bytes, top - bytes.length);
      expect(compare(bytes, top - bytes.length).passed).toBe(2);
      compare(bytes.subarray(5), top - bytes.length + 5);
    }
    expect(scan(top, top, -1, ANY_LENGTH, VERIFY_BOTH).status).toBe(NEED_MORE);
  });
});
