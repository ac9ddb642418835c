import { afterEach, expect, test, vi } from 'vitest';
import { clearLiveLine, LIVE_MS, statusLine } from '../../src/cli/progress.ts';

vi.mock('node:tty', () => ({ isatty: () => true }));
afterEach(() => vi.restoreAllMocks());

test('a line of --verbose removes the live line, and the next update shows it again', () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  vi.stubEnv('TERM', 'xterm');
  const written: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const line = statusLine();
  clearLiveLine();
  expect(written).toEqual([]);
  now += 2 * LIVE_MS;
  line.update(() => 'half');
  clearLiveLine();
  clearLiveLine();
  now += 2 * LIVE_MS;
  line.update(() => 'done');
  expect(written).toEqual(['\rhalf\x1b[K', '\r\x1b[K', '\rdone\x1b[K']);
});
