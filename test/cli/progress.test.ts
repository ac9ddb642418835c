import { describe, expect, test } from 'vitest';
import { previewLines } from '../../src/cli/preview.ts';
import { progressText } from '../../src/cli/progress.ts';

const GIB = 2 ** 30;

describe('progressText', () => {
  test.each([
    [
      { files: 12, filesDone: 3, bad: 1, bytes: GIB, totalBytes: 4 * GIB },
      2,
      'validate 3/12 files  1.00 GiB/4.00 GiB (25 %)  512 MiB/s  ETA 0:06  1 bad',
    ],
    [
      { files: 1, filesDone: 0, bad: 0, bytes: GIB, totalBytes: undefined },
      1,
      'validate  1.00 GiB  1.00 GiB/s',
    ],
    [{ files: 2, filesDone: 0, bad: 0, bytes: 0, totalBytes: 0 }, 0, 'validate 0/2 files  0 B'],
    [
      { files: 2, filesDone: 0, bad: 0, bytes: 0, totalBytes: GIB },
      1,
      'validate 0/2 files  0 B/1.00 GiB (0 %)',
    ],
    [
      { files: 1, filesDone: 0, bad: 0, bytes: 3 * GIB, totalBytes: 2 * GIB },
      1,
      'validate  3.00 GiB/2.00 GiB (100 %)  3.00 GiB/s',
    ],
  ])('%o', (progress, seconds, text) => expect(progressText('validate', progress, seconds)).toBe(text));
});

describe('previewLines', () => {
  const text = (payload: string): string[] => previewLines(Buffer.from(payload));

  test('text is quoted, long text is cut', () => {
    expect(text('hello "you"\n')).toEqual(['"hello \\"you\\"\\n"']);
    expect(text('x'.repeat(201))).toEqual([`"${'x'.repeat(200)}" …`]);
    expect(text('ü'.repeat(100_000))).toEqual([`"${'ü'.repeat(200)}" …`]);
    expect(text(`x${'ü'.repeat(100_000)}`)[0]).toMatch(/ü" …$/); // the head ends within a character
  });

  test('what is no text is shown in hexadecimal, 64 bytes of it', () => {
    expect(text('a\0b')).toEqual([`00000000  61 00 62${' '.repeat(39)}  |a.b|`]);
    expect(previewLines(Uint8Array.of(0xc3))).toHaveLength(1);
    expect(previewLines(new Uint8Array(1000))).toHaveLength(5);
    expect(previewLines(new Uint8Array(64))).toHaveLength(4);
  });

  test('nothing is said to be empty', () => expect(text('')).toEqual(['(empty)']));
});
