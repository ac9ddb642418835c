import { DATA_ERROR_CODES, type ErrorCode } from 'recordpipe/errors';

// Batch engines use the exit codes to decide whether a retry can succeed.

/** Exit code for success. */
export const OK = 0;
/** Exit code for invalid data: another attempt would fail again. */
export const INVALID = 1;
/** Exit code for an invalid command line. */
export const USAGE = 2;
/**
 * Exit code for a failure of a file, an object or the environment, including running out of memory:
 * another attempt may succeed.
 */
export const IO_FAILURE = 3;
/** Exit code if no reader opened a pipe in time. */
export const READER_TIMEOUT = 4;
/**
 * Exit code for a bug in recordpipe, whose stack is on standard error. (EX_SOFTWARE in sysexits.h)
 */
export const INTERNAL_ERROR = 70;

/** Returns the exit code for an error code. */
export function exitCodeOf(code: ErrorCode): number {
  if (code === 'reader-timeout') return READER_TIMEOUT;
  if (code === 'invalid-argument') return USAGE;
  return DATA_ERROR_CODES.has(code) ? INVALID : IO_FAILURE;
}

/**
 * Returns the more severe of two exit codes. Invalid data takes precedence over unreadable files.
 */
export function worse(one: number, other: number): number {
  return one === INVALID || other === OK ? one : other;
}
