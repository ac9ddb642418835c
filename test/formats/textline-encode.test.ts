import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { encodeTextLine, encodeTextLineInto, isRecordpipeError } from '../../src/index.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { randomRuns } from '../support/random-runs.ts';
import { bytesOf, decodeLines, texts } from '../support/text-outcome.ts';

const alphabet = fc.constantFrom(97, 98, 13, 10);
const payload = fc.array(alphabet, { maxLength: 8 }).map((list) => Uint8Array.from(list));
const delimiter = fc.array(alphabet, { minLength: 1, maxLength: 4 }).map((list) => Uint8Array.from(list));
const cr = fc.constantFrom('keep' as const, 'crlf' as const, 'all' as const, undefined);

describe('a written line is read back, or rejected', () => {
  test('with any payload, delimiter and handling of carriage returns', () => {
    let refused = 0;
    let written = 0;
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 6 }), delimiter, cr, (payloads, separator, mode) => {
        const options = { delimiter: separator, ...(mode && { cr: mode }) };
        const kept: Uint8Array[] = [];
        const lines: Uint8Array[] = [];
        for (const one of payloads) {
          const line = encodeOrRefuse(one, options);
          const alone = concat([one, separator]);
          const back = decodeLines(alone, { ...options, compression: 'none' }).payloads;
          const same = back.length === 1 && Buffer.compare(back[0], one) === 0;
          // It must be rejected exactly if it would not be read back.
          expect(line !== undefined).toBe(same);
          if (line === undefined) refused++;
          else {
            written++;
            expect(line).toEqual(alone);
            kept.push(one);
            lines.push(line);
          }
        }
        expect(decodeLines(concat(lines), { ...options, compression: 'none' }).payloads).toEqual(kept);
      }),
      { numRuns: randomRuns(3000) },
    );
    expect(refused).toBeGreaterThan(randomRuns(3000) / 6);
    expect(written).toBeGreaterThan(randomRuns(3000) / 6);
  });
});

test('by default: ends with a line feed, contains none, and does not end with a carriage return', () => {
  expect(encodeTextLine(bytesOf('a\rb'))).toEqual(bytesOf('a\rb\n'));
  for (const text of ['a\nb', '\n', 'a\r', '\r']) {
    expect(() => encodeTextLine(bytesOf(text)), JSON.stringify(text)).toThrow(/cannot be written as a line/);
  }
  expect(encodeTextLine(bytesOf('a\r'), { cr: 'keep' })).toEqual(bytesOf('a\r\n'));
  expect(encodeTextLine(bytesOf('a\r'), { delimiter: '\0' })).toEqual(bytesOf('a\r\0'));
  expect(() => encodeTextLine(bytesOf('a\rb'), { cr: 'all' })).toThrow(/contains a carriage return/);
});

test("into the caller's memory", () => {
  const target = new Uint8Array(8).fill(7);
  expect(encodeTextLineInto(bytesOf('ab'), target, 1, { delimiter: '||' })).toBe(5);
  expect(target).toEqual(Uint8Array.of(7, 97, 98, 124, 124, 7, 7, 7));
  for (const at of [-1, 5, 0.5, Number.NaN]) {
    expect(() => encodeTextLineInto(bytesOf('ab'), target, at, { delimiter: '||' })).toThrow(UsageError);
  }
  expect(() => encodeTextLineInto(bytesOf('a\n'), target, 0)).toThrow(/cannot be written as a line/);
  expect(target[0]).toBe(7);
  const overlapping = bytesOf('abcd....');
  expect(encodeTextLineInto(overlapping.subarray(0, 4), overlapping, 2)).toBe(7);
  expect(texts(decodeLines(overlapping.subarray(2)))).toEqual(['abcd', '.']);
});

test('invalid arguments', () => {
  expect(() => encodeTextLine('text' as unknown as Uint8Array)).toThrow(UsageError);
  expect(() => encodeTextLine(new Uint8Array(1), { delimiter: '' })).toThrow(UsageError);
  expect(() => encodeTextLine(new Uint8Array(1), { cr: 'lf' as 'keep' })).toThrow(UsageError);
});

function encodeOrRefuse(one: Uint8Array, options: object): Uint8Array | undefined {
  try {
    return encodeTextLine(one, options);
  } catch (error) {
    if (!isRecordpipeError(error, 'unrepresentable')) throw error;
    return undefined;
  }
}
