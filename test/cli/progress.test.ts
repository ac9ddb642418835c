import { describe, expect, test } from 'vitest';
import type { FilesProgress } from '../../src/check/files-options.ts';
import { progressItems, statusText, uploadItems } from '../../src/cli/progress.ts';
import { previewLines } from '../../src/cli/text/payload.ts';

const GIB = 2 ** 30;

const text = (progress: FilesProgress, seconds: number, columns?: number): string =>
  statusText(progressItems('validate', progress, seconds), columns);

describe('the progress line', () => {
  test.each([
    [
      { files: 12, filesDone: 3, bad: 1, bytes: GIB, totalBytes: 4 * GIB },
      2,
      'validate 3/12 files  25 %  1.00 GiB/4.00 GiB  512 MiB/s  ETA 0:06  1 invalid',
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
      'validate 0/2 files  0 %  0 B/1.00 GiB',
    ],
    [
      { files: 1, filesDone: 0, bad: 0, bytes: 3 * GIB, totalBytes: 2 * GIB },
      1,
      'validate  100 %  3.00 GiB/2.00 GiB  3.00 GiB/s',
    ],
  ])('%o', (progress, seconds, line) => expect(text(progress, seconds)).toBe(line));

  test('fits any width, and drops the rate and the ETA last', () => {
    const progress = { files: 12, filesDone: 3, bad: 1, bytes: GIB, totalBytes: 4 * GIB, retries: 2 };
    expect(text(progress, 2, 79)).toBe(
      'validate 3/12 files  25 %  1.00 GiB/4.00 GiB  512 MiB/s  ETA 0:06  1 invalid',
    );
    expect(text(progress, 2, 60)).toBe('validate 3/12 files  25 %  512 MiB/s  ETA 0:06  1 invalid');
    expect(text(progress, 2, 48)).toBe('validate 3/12 files  25 %  512 MiB/s  ETA 0:06');
    expect(text(progress, 2, 12)).toBe('validate 3/…');
    for (let columns = 1; columns < 100; columns++)
      expect(text(progress, 2, columns).length).toBeLessThanOrEqual(columns);
  });

  test('counts wide characters as two columns', () => {
    expect(statusText([{ text: '日本語', priority: 1 }], 5)).toBe('日本…');
  });
});

test('the progress line of upload separates checking from sending', () => {
  const progress = { files: 12, filesDone: 3, bad: 0, bytes: 5 * GIB, totalBytes: 8 * GIB };
  const state = { ...progress, bytesSent: 2 * GIB, bytesToSend: 4 * GIB };
  expect(statusText(uploadItems(state, true, 10))).toBe(
    'upload 3/12 files  checked 75 %  sent 50 %  2.00 GiB/4.00 GiB  205 MiB/s  ETA 0:06',
  );
  expect(statusText(uploadItems(state, false, 10))).not.toContain('checked');
  const dryRun = { ...progress, totalBytes: 10 * GIB, bytesSent: 0, bytesToSend: 0 };
  expect(statusText(uploadItems(dryRun, true, 10))).toBe('upload 3/12 files  checked 50 %  ETA 0:10');
});

describe('previewLines', () => {
  const text = (payload: string): string[] => previewLines(Buffer.from(payload));

  test('text is quoted, and long text is truncated', () => {
    expect(text('hello "you"\n')).toEqual(['"hello \\"you\\"\\n"']);
    expect(text('x'.repeat(201))).toEqual([`"${'x'.repeat(200)}" …`]);
    expect(text('ü'.repeat(100_000))).toEqual([`"${'ü'.repeat(200)}" …`]);
    expect(text(`x${'ü'.repeat(100_000)}`)[0]).toMatch(/ü" …$/); // The preview ends within a character.
  });

  test('other bytes are shown in hexadecimal, up to 64', () => {
    expect(text('a\0b')).toEqual([`00000000  61 00 62${' '.repeat(39)}  |a.b|`]);
    expect(previewLines(Uint8Array.of(0xc3))).toHaveLength(1);
    expect(previewLines(new Uint8Array(1000))).toHaveLength(5);
    expect(previewLines(new Uint8Array(64))).toHaveLength(4);
  });

  test('an empty payload is shown as (empty)', () => expect(text('')).toEqual(['(empty)']));
});
