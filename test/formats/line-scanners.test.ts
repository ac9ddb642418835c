import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFramesKernel } from '../../src/formats/frames-kernel.ts';
import { strippedLength } from '../../src/formats/textline/cutting.ts';
import type { LineCutting } from '../../src/formats/textline/options.ts';
import {
  LineArea,
  type LineScanner,
  LineTableScanner,
  LineWasmScanner,
} from '../../src/formats/textline/scanner.ts';
import { Random } from '../support/random.ts';
import { randomRuns } from '../support/random-runs.ts';

const kernel = createFramesKernel();
const area = kernel && new LineArea(kernel);
const [buffer] = kernel?.buffers(1 << 20, 1) ?? [];

const alphabet = fc.constantFrom(97, 97, 97, 98, 13, 10, 0xc3, 0xa4);
const file = fc.array(alphabet, { maxLength: 400 }).map((list) => Uint8Array.from(list));
const cutting = fc.record({
  delimiter: fc.oneof(
    fc.constant(Uint8Array.of(10)),
    fc.array(alphabet, { minLength: 1, maxLength: 4 }).map((list) => Uint8Array.from(list)),
  ),
  cr: fc.constantFrom('keep' as const, 'crlf' as const, 'all' as const),
  skipBlank: fc.boolean(),
  maxRecordBytes: fc.constantFrom(0, 3, 20, 2 ** 31 - 1),
  utf8: fc.boolean(),
});

/** Returns the whole result of a scan. */
function scanned(scanner: LineScanner, bytes: Uint8Array, from: number, to: number): unknown {
  scanner.scan(bytes, from, to);
  const { count, position, stop, payloadBytes, index, marks, markCount } = scanner.result;
  return {
    count,
    position,
    stop,
    payloadBytes,
    index: index.slice(0, 2 * count),
    marks: marks.slice(0, markCount),
  };
}

/** Returns the hash of all whole lines, their total size, and the position after them. */
function scannedToEnd(scanner: LineScanner, bytes: Uint8Array, to: number): unknown {
  const pairs = createHash('sha256');
  let payloadBytes = 0;
  let from = 0;
  let lines = 0;
  for (;;) {
    scanner.scan(bytes, from, to);
    const { count, position, index } = scanner.result;
    pairs.update(index.subarray(0, 2 * count));
    payloadBytes += scanner.result.payloadBytes;
    lines += count;
    if (position > from) {
      from = position;
      continue;
    }
    const end = scanner.find(bytes, from, to);
    if (end < 0) return { from, lines, payloadBytes, pairs: pairs.digest('hex') };
    // The line is longer than a staging buffer, so the reader finds its end.
    pairs.update(Uint32Array.of(from, strippedLength(scanner.cutting, bytes, from, end)));
    payloadBytes += strippedLength(scanner.cutting, bytes, from, end);
    lines++;
    from = end + scanner.cutting.delimiter.length;
  }
}

describe.skipIf(area === undefined)('the kernel returns the same results as JavaScript', () => {
  test.each(['in place', 'through the stage'])('%s', (how) => {
    fc.assert(
      fc.property(file, cutting, fc.nat(70), fc.nat(30), (content, given: LineCutting, from, cutOff) => {
        const bytes = how === 'in place' ? buffer.subarray(64, 64 + content.length) : content;
        // Surrounding bytes must not matter.
        if (how === 'in place') buffer.fill(13, 0, 600).set(content, 64);
        const start = Math.min(from, content.length);
        const end = Math.max(start, content.length - cutOff);
        const wasm = new LineWasmScanner(area!, given);
        const table = new LineTableScanner(given);
        expect(scanned(wasm, bytes, start, end)).toEqual(scanned(table, content, start, end));
        expect(wasm.find(bytes, start, end)).toBe(table.find(content, start, end));
        const whole = content.lastIndexOf(given.delimiter[0], end - 1) + 1;
        if (given.delimiter.length > 1 || whole <= start || end === 0) return;
        expect(wasm.count(bytes, start, whole)).toBe(table.count(content, start, whole));
        expect(wasm.counted).toBe(table.counted);
      }),
      { numRuns: randomRuns(4000) },
    );
  });

  test.each([1, 2, 17, 256])('delimiters of %i bytes, more bytes than the staging buffer holds', (length) => {
    const random = new Random(length);
    const delimiter = Uint8Array.from({ length }, (_, i) => (i % 3 === 0 ? 10 : 13));
    const content = Uint8Array.from({ length: 1 << 19 }, () => random.pick([97, 10, 13, 98]));
    for (let at = 1000; at < content.length - 600; at += 300 + random.below(60_000))
      content.set(delimiter, at);
    buffer.set(content);
    for (const cr of ['keep', 'crlf', 'all'] as const) {
      const given: LineCutting = {
        delimiter,
        cr,
        skipBlank: false,
        maxRecordBytes: 2 ** 31 - 1,
        utf8: false,
      };
      const table = new LineTableScanner(given);
      const wasm = new LineWasmScanner(area!, given);
      // The number of lines per call may differ.
      const expected = scannedToEnd(table, content, content.length);
      expect(scannedToEnd(wasm, buffer, content.length)).toEqual(expected);
      expect(scannedToEnd(wasm, content, content.length)).toEqual(expected);
      for (let from = 0; from < content.length; from += 50_021) {
        expect(wasm.find(content, from, content.length)).toBe(table.find(content, from, content.length));
      }
      const last = content.lastIndexOf(10) + 1;
      if (length > 1) continue;
      expect(wasm.count(content, 0, last)).toBe(table.count(content, 0, last));
      expect(wasm.counted).toBe(table.counted);
      expect(wasm.count(buffer, 0, last)).toBe(table.count(content, 0, last));
      expect(wasm.counted).toBe(table.counted);
    }
  });

  test('only delimiters, more than one index holds', () => {
    const content = new Uint8Array(300_000).fill(10);
    const given: LineCutting = {
      delimiter: Uint8Array.of(10),
      cr: 'crlf',
      skipBlank: false,
      maxRecordBytes: 5,
      utf8: false,
    };
    const wasm = new LineWasmScanner(area!, given);
    for (let from = 0; from < content.length; from = wasm.result.position) {
      wasm.scan(content, from, content.length);
      const { count, position, index } = wasm.result;
      expect(position - from).toBe(count);
      expect(count).toBeGreaterThan(0);
      for (let i = 0; i < count; i++)
        if (index[2 * i] !== from + i || index[2 * i + 1] !== 0) throw new Error(`line ${i}`);
    }
    wasm.count(content, 0, content.length);
    expect(wasm.counted).toBe(0);
  });
});
