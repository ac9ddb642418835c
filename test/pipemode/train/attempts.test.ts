import { expect, test } from 'vitest';
import { RecordpipeError } from '../../../src/errors.ts';
import { type AttemptEnd, afterAttempt } from '../../../src/pipemode/train/attempts.ts';

const outage: AttemptEnd = {
  type: 'data-failed',
  error: new RecordpipeError('retries-exhausted', 'no response for 5 minutes', { uri: 's3://b/k' }),
};
const missing: AttemptEnd = {
  type: 'data-failed',
  error: new RecordpipeError('object-missing', 'no such object', { uri: 's3://b/k' }),
};

test.each<[AttemptEnd, { retriesLeft?: number; spot?: boolean }, boolean, string, string, RegExp]>([
  [{ type: 'completed' }, { retriesLeft: 3 }, false, 'Completed', 'Completed', /exited with code 0/],
  [
    { type: 'program-failed', exitCode: 2 },
    {},
    false,
    'Failed',
    'Failed',
    /^AlgorithmError: .* exit code 2$/,
  ],
  [
    { type: 'program-failed', exitCode: 2 },
    { retriesLeft: 3, spot: true },
    false,
    'Failed',
    'Failed',
    /RetryStrategy does not cover program failures/,
  ],
  [outage, {}, false, 'Failed', 'Failed', /^InternalServerError: no response/],
  [outage, { retriesLeft: 1 }, true, 'InProgress', 'Starting', /restarts; 1 retry is left/],
  [outage, { retriesLeft: 2 }, true, 'InProgress', 'Starting', /2 retries are left/],
  [
    missing,
    { retriesLeft: 3 },
    false,
    'Failed',
    'Failed',
    /^ClientError: no such object.*RetryStrategy does not cover/,
  ],
  [
    { type: 'data-failed', error: new Error('bug') },
    { retriesLeft: 1 },
    false,
    'Failed',
    'Failed',
    /ClientError: bug/,
  ],
  [
    { type: 'interrupted' },
    { spot: true },
    true,
    'InProgress',
    'Interrupted',
    /restarts from its checkpoints/,
  ],
  [
    { type: 'interrupted' },
    { retriesLeft: 3 },
    false,
    'Stopped',
    'Stopped',
    /does not use managed spot training/,
  ],
  [{ type: 'stopped' }, { retriesLeft: 3, spot: true }, false, 'Stopped', 'Stopped', /was stopped/],
  [
    { type: 'max-runtime' },
    { retriesLeft: 3, spot: true },
    false,
    'Stopped',
    'MaxRuntimeExceeded',
    /MaxRuntimeInSeconds/,
  ],
  [{ type: 'max-wait' }, { spot: true }, false, 'Stopped', 'MaxWaitTimeExceeded', /MaxWaitTimeInSeconds/],
])('%j with %j', (end, { retriesLeft = 0, spot = false }, retry, status, secondaryStatus, reason) => {
  const decision = afterAttempt(end, { retriesLeft, spot });
  expect(decision).toMatchObject({ retry, status, secondaryStatus });
  expect(decision.reason).toMatch(reason);
});
