import { expect, test } from 'vitest';
import { parseDuration, parseEscapes, parseSize } from '../../src/cli/options/option.ts';

test.each([
  ['0', 0],
  ['4096', 4096],
  ['8MiB', 8 * 2 ** 20],
  ['8M', 8 * 2 ** 20],
  ['8mib', 8 * 2 ** 20],
  ['8MB', 8_000_000],
  ['1.5k', 1536],
  ['2 GiB', 2 ** 31],
  ['1TiB', 2 ** 40],
  ['12B', 12],
])('parseSize(%s) is %i', (text, bytes) => expect(parseSize(text)).toBe(bytes));

test.each(['', '8XB', '-1', 'MiB', '1e3', '8iB', '0x10', '1.5', '99999999TiB', 'NaN'])(
  'parseSize(%s) is undefined',
  (text) => expect(parseSize(text)).toBeUndefined(),
);

test.each([
  ['500ms', 500],
  ['30s', 30_000],
  ['30', 30_000],
  ['1.5 s', 1500],
  ['5m', 300_000],
  ['5min', 300_000],
  ['2h', 7_200_000],
  ['0', 0],
])('parseDuration(%s) is %i', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test.each(['', 'm', '-1s', '5d', '1e3', '5 m s'])('parseDuration(%j) is undefined', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  ['\\n', [10]],
  ['\\r\\n', [13, 10]],
  ['\\0', [0]],
  ['\\t', [9]],
  ['\\\\n', [92, 110]],
  ['\\x1e', [30]],
  ['\\xff', [255]],
  ['\\u00fc', [0xc3, 0xbc]],
  ['ü||', [0xc3, 0xbc, 124, 124]],
  ['a\\nb', [97, 10, 98]],
  ['\n', [10]],
  ['', []],
])('parseEscapes(%j) is %j', (argument, bytes) => expect([...(parseEscapes(argument) ?? [])]).toEqual(bytes));

test.each(['\\', 'a\\', '\\q', '\\x1', '\\u12', '\\x', '\\ü'])('parseEscapes(%j) is undefined', (argument) =>
  expect(parseEscapes(argument)).toBeUndefined(),
);
