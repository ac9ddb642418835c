import { DATA_ERROR_CODES, type ErrorCode } from 'recordpipe/errors';

// Exit codes tell batch engines whether another attempt can help.

export const OK = 0;
/** Data is invalid: another attempt has the same result. */
export const INVALID = 1;
/** The command line is wrong. */
export const USAGE = 2;
/** A file, an object or the environment failed, memory included: another attempt may succeed. */
export const IO_FAILURE = 3;
/** No reader opened a pipe in time. */
export const READER_TIMEOUT = 4;
/** A bug in recordpipe. Standard error has the stack. (EX_SOFTWARE of sysexits.h) */
export const INTERNAL_ERROR = 70;

/** The exit code for an error with this code. */
export function exitCodeOf(code: ErrorCode): number {
  if (code === 'reader-timeout') return READER_TIMEOUT;
  if (code === 'invalid-argument') return USAGE;
  return DATA_ERROR_CODES.has(code) ? INVALID : IO_FAILURE;
}

/**
 * The exit code of two results: invalid data takes precedence over files that could not be read.
 */
export function worse(one: number, other: number): number {
  return one === INVALID || other === OK ? one : other;
}
