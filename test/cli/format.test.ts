import { expect, test } from 'vitest';
import {
  formatBytes,
  formatClock,
  formatCount,
  formatNumberOf,
  formatRate,
  formatSeconds,
} from '../../src/cli/text/format.ts';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.00 KiB'],
  [10 * 1024, '10.0 KiB'],
  [1024 ** 2 - 1, '1.00 MiB'],
  [3.4 * 1024 ** 3, '3.40 GiB'],
  [2 ** 60, '1024 PiB'],
])('formatBytes(%d) is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [0, '0 ms'],
  [0.0012, '2 ms'],
  [0.0994, '100 ms'],
  [0.25, '0.25 s'],
  [9.999, '10.0 s'],
  [99.97, '100 s'],
  [127, '2:07'],
  [10_927, '3:02:07'],
])('formatSeconds(%d) is %s', (seconds, text) => expect(formatSeconds(seconds)).toBe(text));

test('counts, numbers of things, clocks and rates', () => {
  expect(formatCount(999)).toBe('999');
  expect(formatCount(1_234_567)).toBe('1,234,567');
  expect(formatNumberOf(1, 'file')).toBe('1 file');
  expect(formatNumberOf(0, 'file')).toBe('0 files');
  expect(formatClock(59.6)).toBe('1:00');
  expect(formatRate(2 ** 30, 2)).toBe('512 MiB/s');
  expect(formatRate(1, 0)).toBeUndefined();
  expect(formatRate(0, 1)).toBeUndefined();
});
