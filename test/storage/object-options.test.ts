import { expect, test } from 'vitest';
import { objectOptions } from '../../src/storage/object-options.ts';

test.each([
  [3000, 3000, 3000, 3000],
  [10, 1000, 1000, 1000],
  [60_000, 3000, 10_000, 10_000],
])(
  'with retryTimeoutMs %i, each attempt is limited to that time, but at least 1 s',
  (retryTimeoutMs, connect, headers, idle) => {
    const { connectTimeoutMs, headersTimeoutMs, idleTimeoutMs } = objectOptions({ retryTimeoutMs });
    expect([connectTimeoutMs, headersTimeoutMs, idleTimeoutMs]).toEqual([connect, headers, idle]);
  },
);
