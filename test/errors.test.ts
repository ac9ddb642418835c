import { describe, expect, test } from 'vitest';
import { isItemFailure, isOutOfMemory, RecordpipeError, UsageError } from '../src/errors.ts';

describe('toJSON', () => {
  test('has name, code, place and message', () => {
    const error = new RecordpipeError('data-checksum', 'wrong', { uri: 'a.tfrecord', record: 3, offset: 40 });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'RecordpipeError',
      code: 'data-checksum',
      uri: 'a.tfrecord',
      record: 3,
      offset: 40,
      message: 'wrong (record 3 at byte 40 of a.tfrecord)',
    });
  });

  test('has null for unknown properties', () => {
    expect(new UsageError('jobs: expected an integer').toJSON()).toEqual({
      name: 'UsageError',
      code: 'invalid-argument',
      uri: null,
      record: null,
      offset: null,
      message: 'jobs: expected an integer',
    });
  });
});

test('only failures of a single item allow work on others to continue', () => {
  expect(isItemFailure(new RecordpipeError('not-found', 'x'))).toBe(true);
  for (const error of [new UsageError('x'), new RecordpipeError('aborted', 'x'), new TypeError('x'), 'x'])
    expect(isItemFailure(error)).toBe(false);
});

test('running out of memory is distinguished from other host errors', () => {
  let failure: unknown;
  try {
    new WebAssembly.Memory({ initial: 65_536, maximum: 65_536 }).grow(1);
  } catch (error) {
    failure = error;
  }
  expect(isOutOfMemory(failure)).toBe(false); // Growing beyond its own maximum is a bug.
  expect(isOutOfMemory(new RangeError('Array buffer allocation failed'))).toBe(true);
  expect(isOutOfMemory(new RangeError('WebAssembly.Memory(): could not allocate memory'))).toBe(true);
  expect(isOutOfMemory(Object.assign(new Error('x'), { code: 'ERR_WORKER_OUT_OF_MEMORY' }))).toBe(true);
  for (const message of ['Invalid typed array length: -1', 'Maximum call stack size exceeded'])
    expect(isOutOfMemory(new RangeError(message))).toBe(false);
});
