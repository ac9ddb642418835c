import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../src/cli/options/option.ts';

describe('times on the command line', () => {
  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['30', 30_000],
    ['1.5 s', 1500],
    ['5m', 300_000],
    ['5min', 300_000],
    ['2h', 7_200_000],
    ['0', 0],
  ])('%s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each(['', 'm', '-1s', '5d', '1e3', '5 m s'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
