import { expect, test } from 'vitest';
import { warningLine } from '../../src/cli/stream-warnings.ts';

const warning = (code: string, message: string) =>
  ({ event: 'warning', channel: 'train', code, message }) as const;

test('-q hides warnings, except that a program waits forever', () => {
  expect(warningLine(warning('object-missing', 'gone'), true)).toBeUndefined();
  expect(warningLine(warning('object-missing', 'gone'), false)).toBe('recordpipe: warning: train: gone');
  expect(warningLine(warning('idle-reader', 'idle'), true)).toBe('recordpipe: warning: train: idle');
});

test('a warning names the options of the command line', () => {
  const { message } = warning('no-more-epochs', 'pass epochs: 3 or more, or firstEpoch: 1');
  expect(warningLine(warning('no-more-epochs', message), true)).toContain(
    'pass --epochs 3 or more, or --first-epoch 1',
  );
});
