import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { ChannelMetrics } from 'recordpipe/pipemode/streamer';
import { describe, expect, test } from 'vitest';
import { progressLine, summaryLine } from '../../src/cli/stream-progress.ts';
import { missingProgram } from '../pipemode/reader/programs.ts';
import { cli } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const GIB = 2 ** 30;
const METRICS: ChannelMetrics = {
  channel: 'train',
  state: 'streaming',
  epoch: 0,
  epochBytes: GIB,
  epochTotalBytes: 4 * GIB,
  bytes: GIB,
  epochs: 0,
  epochMs: 2000,
  readerWaitMs: 0,
  sourceWaitMs: 0,
  source: 'S3',
  requests: 10,
  retries: 0,
};

describe('the progress of channels', () => {
  test.each<[string, Partial<ChannelMetrics>]>([
    ['train e0 1.00 GiB/4.00 GiB 512 MiB/s ETA 0:06', {}],
    ['train e0 1.00 GiB/4.00 GiB 512 MiB/s ETA 0:06 waiting for reader 80 %', { readerWaitMs: 1600 }],
    ['train e0 1.00 GiB/4.00 GiB 512 MiB/s ETA 0:06 waiting for S3 80 %', { sourceWaitMs: 1600 }],
    [
      'train e0 1.00 GiB/4.00 GiB 512 MiB/s ETA 0:06 waiting for disk 80 %',
      { sourceWaitMs: 1600, source: 'disk' },
    ],
    ['train e0 1.00 GiB 512 MiB/s 2 retries', { epochTotalBytes: undefined, retries: 2 }],
    ['train e3 no reader yet', { state: 'waiting', epoch: 3 }],
  ])('%s', (text, given) => expect(progressLine([{ ...METRICS, ...given }], 200)).toBe(text));

  test('a narrow terminal shows less detail, then fewer channels', () => {
    const channels = ['a', 'b', 'c', 'd'].map((channel) => ({ ...METRICS, channel, readerWaitMs: 2000 }));
    const line = (columns: number): string => progressLine(channels, columns);
    expect(line(200)).toContain('a e0 25 % 512 MiB/s ETA 0:06 reader 100 % | b');
    expect(line(50)).toBe('a e0 25 % | b e0 25 % | c e0 25 % | d e0 25 %');
    expect(line(30)).toBe('a e0 25 % | +3 more');
    for (let columns = 1; columns < 300; columns++) expect(line(columns).length).toBeLessThanOrEqual(columns);
  });

  test('the summary names epochs, bytes, rate and bottleneck', () => {
    const total = { epochs: 3, early: 1, bytes: 4 * GIB, seconds: 8, sourceWaitMs: 100, source: 'disk' };
    expect(summaryLine('train', { ...total, readerWaitMs: 6000 })).toBe(
      'train: 3 epochs (1 closed early), 4.00 GiB in 8.00 s, 512 MiB/s, waiting for reader 75 %',
    );
  });
});

describe('recordpipe stream', () => {
  const temp = tempDir();
  const data = temp.file('data.txt', Buffer.from('one\n'));
  const words = ['stream', '-c', `train=${data}`, '--root', temp.file('ml'), '--', 'sh', '-c'];
  const PROGRAM = 'printf "no line end: "; cat "$SM_INPUT_DIR/data/train_0"; sleep 0.3; printf "still none"';

  test('prints only a summary if standard error is not a terminal', async () => {
    const { code, stdout, stderr } = await cli([...words, PROGRAM]);
    expect([code, stdout]).toEqual([0, 'no line end: one\nstill none']);
    expect(stderr).toMatch(/^recordpipe: train: 1 epoch, 4 B in [^\n]+\n$/);
  });

  test.skipIf(missingProgram('python3'))('never writes into a line of the program on a terminal', () => {
    const script = join(import.meta.dirname, '../pipemode/streamer/in-terminal.py');
    const main = join(import.meta.dirname, '../../dist/cli.js');
    const { stdout } = spawnSync('python3', [script, '--', process.execPath, main, ...words, PROGRAM], {
      encoding: 'utf8',
    });
    expect(stdout).toMatch(
      /^no line end: one\r\nstill none {80}\rrecordpipe: train: 1 epoch, 4 B in [^\r]+\r\n$/,
    );
  });
});
