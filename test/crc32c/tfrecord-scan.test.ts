import { beforeAll, describe, expect, test } from 'vitest';
import { wasmModule } from '../../src/crc32c/wasm-module.generated.ts';

interface Exports {
  memory: WebAssembly.Memory;
  heapBase: WebAssembly.Global;
  scanState: WebAssembly.Global;
  scanTFRecords(
    start: number,
    end: number,
    index: number,
    capacity: number,
    max: number,
    mode: number,
  ): number;
  findTFRecordHeader(start: number, end: number, max: number): number;
  sealTFRecord(frame: number, length: number): void;
}

interface Outcome {
  passed: number;
  position: number;
  status: number;
  length: bigint;
  expected: number;
  actual: number;
  index: number[];
}

const NEED_MORE = 0;
const LENGTH_MISMATCH = 1;
const PAYLOAD_MISMATCH = 2;
const TOO_LONG = 3;
const INDEX_FULL = 4;

const VERIFY_BOTH = 3;
const ANY_LENGTH = 0xffffffff;
const NOT_FOUND = 0xffffffff;
const SENTINEL = 0xdeadbeef;

let kernel: Exports;
let heap: number;
let indexAt: number;
let indexCapacity: number;

beforeAll(() => {
  const module = new WebAssembly.Module(Buffer.from(wasmModule, 'base64'));
  kernel = new WebAssembly.Instance(module).exports as unknown as Exports;
  kernel.memory.grow(64);
  indexAt = kernel.heapBase.value as number;
  indexCapacity = 4096;
  heap = indexAt + 8 * indexCapacity + 64;
});

// ---- the oracle: everything as plainly as it can be said

const crcOfByte = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

function crc(bytes: Uint8Array): number {
  let state = 0xffffffff;
  for (const byte of bytes) state = (state >>> 8) ^ crcOfByte[(state ^ byte) & 0xff]!;
  return ~state >>> 0;
}

function masked(bytes: Uint8Array): number {
  const value = crc(bytes);
  return (((value >>> 15) | (value << 17)) + 0xa282ead8) >>> 0;
}

function walk(bytes: Uint8Array, capacity: number, maxBytes: number, mode: number): Outcome {
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

function frame(payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(payload.length + 16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length, true);
  view.setUint32(8, masked(bytes.subarray(0, 8)), true);
  bytes.set(payload, 12);
  view.setUint32(12 + payload.length, masked(payload), true);
  return bytes;
}

/** A header of any 64-bit length with a good checksum. */
function header(length: bigint): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, length, true);
  view.setUint32(8, masked(bytes.subarray(0, 8)), true);
  return bytes;
}

function concat(parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

// ---- the kernel, asked the same question

function memory(): Uint8Array {
  return new Uint8Array(kernel.memory.buffer);
}

function put(bytes: Uint8Array, at: number): void {
  memory().set(bytes, at);
}

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

/** Scans `bytes` where they lie (at `start`), with and without an index, against the oracle. */
function compare(bytes: Uint8Array, start: number, maxBytes = ANY_LENGTH, mode = VERIFY_BOTH): Outcome {
  const wanted = walk(bytes, -1, maxBytes, mode);
  const end = start + bytes.length;
  expect(scan(start, end, indexCapacity, maxBytes, mode)).toStrictEqual(wanted);
  expect(scan(start, end, -1, maxBytes, mode)).toStrictEqual({ ...wanted, index: [] });
  return wanted;
}

// ---- reproducible random bytes

function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
}

function randomBytes(length: number, random: () => number): Uint8Array {
  return Uint8Array.from({ length }, random);
}

describe('scanTFRecords', () => {
  test('the oracle knows the published check value', () => {
    expect(crc(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  });

  test('nothing at all, and fewer bytes than a header', () => {
    for (let length = 0; length < 12; length++) {
      const outcome = compare(new Uint8Array(length), heap);
      expect(outcome).toMatchObject({ passed: 0, position: 0, status: NEED_MORE, length: 0n });
    }
  });

  test('one frame of every length, at every residue of the address', () => {
    const random = generator(1);
    for (let length = 0; length <= 700; length++) {
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

  test('cut at every byte, the rest of the frame lying right behind the end', () => {
    const random = generator(3);
    for (let length = 0; length <= 700; length += length < 130 ? 1 : 19) {
      const bytes = concat([frame(randomBytes(length % 37, random)), frame(randomBytes(length, random))]);
      const start = heap + (random() % 16);
      put(bytes, start);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const wanted = walk(bytes.subarray(0, cut), -1, ANY_LENGTH, VERIFY_BOTH);
        const got = scan(start, start + cut, indexCapacity, ANY_LENGTH, VERIFY_BOTH);
        // Comparing by hand first: `expect` a hundred thousand times takes longer than all else.
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

  test('many frames of mixed lengths, one of them damaged, some cut short', () => {
    const random = generator(5);
    for (let round = 0; round < 600; round++) {
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

  test('long runs of one length, the damaged record anywhere in them', () => {
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

  test('absurd lengths with a good length checksum', () => {
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

  test('stops when the index is full, and writes not one entry more', () => {
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

  test('goes on where it stopped', () => {
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

  test('frames that end with the memory itself', () => {
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

describe('findTFRecordHeader', () => {
  test('finds the first believable header at every distance', () => {
    const random = generator(10);
    const good = frame(randomBytes(30, random));
    for (let distance = 0; distance < 200; distance++) {
      const bytes = concat([randomBytes(distance, random), good]);
      put(bytes, heap);
      expect(kernel.findTFRecordHeader(heap, heap + bytes.length, 1000) - heap).toBe(distance);
      expect(kernel.findTFRecordHeader(heap, heap + distance + 12, 30) - heap).toBe(distance);
      expect(kernel.findTFRecordHeader(heap, heap + distance + 11, 30) >>> 0).toBe(NOT_FOUND);
      expect(kernel.findTFRecordHeader(heap, heap + bytes.length, 29) >>> 0).toBe(NOT_FOUND);
    }
  });

  test('agrees with trying every address, in bytes full of zeros', () => {
    const random = generator(11);
    for (let round = 0; round < 2000; round++) {
      const bytes = Uint8Array.from({ length: random() % 80 }, () => (random() % 3 === 0 ? random() : 0));
      const before = random() % 40;
      const all = concat([bytes, header(BigInt(random() >>> (random() % 32))), bytes]).subarray(before);
      put(all, heap);
      const maxBytes = random() >>> (random() % 32);
      let wanted = NOT_FOUND;
      for (let at = 0; at + 12 <= all.length && wanted === NOT_FOUND; at++) {
        const view = new DataView(all.buffer, all.byteOffset + at, 12);
        const fits = view.getBigUint64(0, true) <= BigInt(maxBytes);
        if (fits && view.getUint32(8, true) === masked(all.subarray(at, at + 8))) wanted = heap + at;
      }
      expect(kernel.findTFRecordHeader(heap, heap + all.length, maxBytes) >>> 0).toBe(wanted);
    }
  });

  test('nothing, and a header that ends with the memory', () => {
    expect(kernel.findTFRecordHeader(heap, heap, ANY_LENGTH) >>> 0).toBe(NOT_FOUND);
    const top = memory().length;
    memory().fill(0xff, top - 100);
    put(header(5n), top - 12);
    expect(kernel.findTFRecordHeader(top - 100, top, 5) >>> 0).toBe(top - 12);
    expect(kernel.findTFRecordHeader(top - 11, top, 5) >>> 0).toBe(NOT_FOUND);
  });
});

describe('sealTFRecord', () => {
  test('writes the same frame as the oracle, and nothing around it', () => {
    const random = generator(12);
    for (let length = 0; length <= 700; length++) {
      const payload = randomBytes(length, random);
      const at = heap + 64 + (random() % 64);
      memory().fill(0x5a, at - 64, at + length + 80);
      put(payload, at + 12);
      kernel.sealTFRecord(at, length);
      expect(Buffer.compare(memory().subarray(at, at + length + 16), frame(payload))).toBe(0);
      expect(
        memory()
          .subarray(at - 64, at)
          .every((byte) => byte === 0x5a),
      ).toBe(true);
      expect(
        memory()
          .subarray(at + length + 16, at + length + 80)
          .every((byte) => byte === 0x5a),
      ).toBe(true);
    }
  });
});
