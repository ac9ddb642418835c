import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFramesKernel } from '../../src/formats/frames-kernel.ts';
import type { RecordIOScanner } from '../../src/formats/recordio/scanner.ts';
import { RecordIOTableScanner, RecordIOWasmScanner } from '../../src/formats/recordio/scanner.ts';
import { offsetView } from '../support/offset-view.ts';
import { oracleFrameRecordIO, oraclePart } from '../support/oracle-recordio.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { randomRuns } from '../support/random-runs.ts';

/** Returns the whole result of a scan, with the filled part of the index. */
function answer(
  scanner: RecordIOScanner,
  ...call: Parameters<RecordIOScanner['scan']>
): Record<string, unknown> {
  scanner.scan(...call);
  const { index, ...rest } = scanner.result;
  const copy = index.slice(0, call[5] ? 2 * rest.count : 0);
  // As bytes, which are compared faster than numbers.
  return { ...rest, index: new Uint8Array(copy.buffer) };
}

const part = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 30 }).map((payload) => oracleFrameRecordIO(payload)) },
  { weight: 1, arbitrary: fc.constant(oraclePart(new Uint8Array(5).fill(1), 0)).map((p) => p.fill(7, 13)) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 7 }).map((flag) => oraclePart(new Uint8Array(4), flag)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }) },
);
const calls = fc.record({
  bytes: fc.array(part, { maxLength: 12 }).map(concat),
  shift: fc.nat(9),
  from: fc.constantFrom(0, 0, 0, 4, 16),
  cut: fc.nat(10),
  max: fc.constantFrom(2 ** 31 - 1, 2 ** 32 - 64, 12, 0),
  strict: fc.boolean(),
  withIndex: fc.boolean(),
});

const kernel = createFramesKernel();

describe.skipIf(kernel === undefined)('the kernel and the JavaScript scanner', () => {
  const table = new RecordIOTableScanner();
  // Skipped bytes are still collected.
  const wasm = kernel === undefined ? table : new RecordIOWasmScanner(kernel);
  const [buffer] = kernel?.buffers(1 << 16, 1) ?? [new Uint8Array(0)];

  test('return the same result for any bytes, in kernel memory and elsewhere', () => {
    fc.assert(
      fc.property(calls, ({ bytes, shift, from, cut, max, strict, withIndex }) => {
        const end = Math.max(from, bytes.length - cut);
        if (from > bytes.length) return;
        const call = [from, end, max, strict, withIndex] as const;
        const expected = answer(table, offsetView(bytes, shift), ...call);
        expect(answer(wasm, offsetView(bytes, shift), ...call)).toEqual(expected);
        buffer.set(bytes, shift);
        expect(answer(wasm, buffer.subarray(shift, shift + bytes.length), ...call)).toEqual(expected);
      }),
      { numRuns: randomRuns(2000) },
    );
  });

  test("more records than the kernel's index holds, small and large, staged or not", () => {
    for (const size of [0, 3, 100, 255, 256, 1000]) {
      const frame = oracleFrameRecordIO(new Uint8Array(size));
      const count = Math.floor((1 << 20) / frame.length);
      const bytes = new Uint8Array(count * frame.length);
      for (let i = 0; i < count; i++) bytes.set(frame, i * frame.length);
      // Run twice, because earlier data affects how a scanner walks.
      for (let turn = 0; turn < 2; turn++) {
        for (const to of [bytes.length, bytes.length - 1]) {
          const call = [bytes, 0, to, 2 ** 31 - 1, true, true] as const;
          expect(answer(wasm, ...call)).toEqual(answer(table, ...call));
        }
      }
      expect(wasm.result.count).toBe(count - 1);
      expect(wasm.result.payloadBytes).toBe((count - 1) * size);
    }
  });
});
