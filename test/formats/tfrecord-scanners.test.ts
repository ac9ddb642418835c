import { describe, expect, test } from 'vitest';
import { nativeAddon } from '../../src/crc32c/native-addon.ts';
import { createWasmKernel } from '../../src/crc32c/wasm-kernel.ts';
import { CHECK_DATA, CHECK_LENGTH, DATA_CHECKSUM, type FrameScanner } from '../../src/formats/frame-scan.ts';
import { encodeTFRecord } from '../../src/formats/tfrecord/encode.ts';
import { MAX_RECORD_BYTES } from '../../src/formats/tfrecord/layout.ts';
import { TFRecordNativeScanner } from '../../src/formats/tfrecord/native-scanner.ts';
import { TFRecordTableScanner, TFRecordWasmScanner } from '../../src/formats/tfrecord/scanner.ts';
import { offsetView } from '../support/offset-view.ts';
import { oracleCrc32c } from '../support/oracle-crc.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { Random } from '../support/random.ts';

const addon = nativeAddon(false);
const kernels = addon?.kernels.map((name, k) => [name, k] as const) ?? [];
const table = new TFRecordTableScanner();

function outcome(scanner: FrameScanner): unknown {
  const { index, ...rest } = scanner.result;
  return { ...rest, index: [...index.subarray(0, 2 * rest.count)] };
}

/** Compares every result of a scanner with those of the tables. */
function compareWithTables(scanner: FrameScanner, seed: number, runs: number): void {
  const random = new Random(seed);
  for (let run = 0; run < runs; run++) {
    const sizes = Array.from({ length: 1 + random.below(12) }, () =>
      random.below(random.pick([1, 40, 3000])),
    );
    const bytes = concat(sizes.map((size) => encodeTFRecord(random.bytes(size))));
    if (run % 2 === 0) bytes[random.below(bytes.length)] ^= 1 << random.below(8);
    const file = offsetView(bytes, random.below(17));
    const from = run % 5 === 0 ? random.below(Math.min(20, file.length)) : 0;
    const to = run % 3 === 0 ? from + random.below(file.length - from) : file.length;
    const checks = random.pick([0, CHECK_LENGTH, CHECK_DATA, CHECK_LENGTH | CHECK_DATA]);
    const limit = random.pick([30, 2000, MAX_RECORD_BYTES]);
    for (const withIndex of [false, true]) {
      table.scan(file, from, to, checks, limit, withIndex);
      scanner.scan(file, from, to, checks, limit, withIndex);
      const expected = outcome(table) as { index: number[] };
      expect(outcome(scanner)).toEqual(withIndex ? expected : { ...expected, index: expect.anything() });
    }
    expect(scanner.findHeader(file, from, to, limit)).toBe(table.findHeader(file, from, to, limit));
  }
}

test('WebAssembly scans frames like the tables', () => {
  compareWithTables(new TFRecordWasmScanner(createWasmKernel()), 1, 120);
});

describe.skipIf(addon === undefined).each(kernels)('the native kernel %s', (_, kernel) => {
  const native = addon!;

  test('computes every length up to 1600, at any alignment and from any seed', () => {
    native.select(kernel);
    const source = new Random(kernel).bytes(1700);
    const wrong: number[] = [];
    for (let length = 0; length <= 1600; length++) {
      const bytes = source.subarray(length % 67, (length % 67) + length);
      const seed = length % 3 === 0 ? 0 : Math.imul(length, 0x9e3779b9) >>> 0;
      if (native.crc32c(bytes, seed) !== oracleCrc32c(bytes, seed)) wrong.push(length);
    }
    expect(wrong).toEqual([]);
    const long = new Random(3).bytes(300_007);
    expect(native.crc32c(long, 5)).toBe(oracleCrc32c(long, 5));
  });

  test('scans frames like the tables', () => {
    native.select(kernel);
    compareWithTables(new TFRecordNativeScanner(native), 2 + kernel, 120);
  });

  test('indexes more frames than the index has room for at first', () => {
    native.select(kernel);
    const scanner = new TFRecordNativeScanner(native);
    const frames = Array.from({ length: 5000 }, (_, i) => encodeTFRecord(new Uint8Array(i % 3)));
    const file = concat(frames);
    table.scan(file, 0, file.length, 3, 10, true);
    scanner.scan(file, 0, file.length, 3, 10, true);
    expect(outcome(scanner)).toEqual(outcome(table));
    expect(scanner.result.count).toBe(5000);
  });

  test('reads shared memory and ends at the last byte of a buffer', () => {
    native.select(kernel);
    const scanner = new TFRecordNativeScanner(native);
    const frame = encodeTFRecord(new Random(8).bytes(500));
    const shared = new Uint8Array(new SharedArrayBuffer(frame.length));
    shared.set(frame);
    scanner.scan(shared, 0, shared.length, 3, 500, false);
    expect(scanner.result).toMatchObject({ count: 1, position: frame.length });
    shared[200] ^= 4;
    scanner.scan(shared, 0, shared.length, 3, 500, false);
    expect(scanner.result).toMatchObject({ count: 0, position: 0, stop: DATA_CHECKSUM });
  });
});
