import { expect, test } from 'vitest';
import { parseEscapes } from '../../src/cli/options/option.ts';

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
])('%j', (argument, bytes) => expect([...(parseEscapes(argument) ?? [])]).toEqual(bytes));

test.each(['\\', 'a\\', '\\q', '\\x1', '\\u12', '\\x', '\\ü'])('%j is none', (argument) =>
  expect(parseEscapes(argument)).toBeUndefined(),
);
