import { describe, expect, test } from 'vitest';
import { heap, kernel, memory, put } from './tfrecord-kernel.ts';
import {
  ANY_LENGTH,
  concat,
  frame,
  generator,
  header,
  masked,
  NOT_FOUND,
  randomBytes,
} from './tfrecord-oracle.ts';

describe('findTFRecordHeader', () => {
  test('finds the first plausible header at every distance', () => {
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

  test('no header, and a header at the end of the memory', () => {
    expect(kernel.findTFRecordHeader(heap, heap, ANY_LENGTH) >>> 0).toBe(NOT_FOUND);
    const top = memory().length;
    memory().fill(0xff, top - 100);
    put(header(5n), top - 12);
    expect(kernel.findTFRecordHeader(top - 100, top, 5) >>> 0).toBe(top - 12);
    expect(kernel.findTFRecordHeader(top - 11, top, 5) >>> 0).toBe(NOT_FOUND);
  });
});

describe('sealTFRecord', () => {
  test('writes the same frame as the oracle, and nothing outside it', () => {
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
