import { DATA_ERROR_CODES, type ErrorCode } from 'recordpipe/errors';
import { INVALID, IO_FAILURE, READER_TIMEOUT, USAGE } from './exit-codes.ts';

/** The exit code for an error with this code. */
export function exitCodeOf(code: ErrorCode): number {
  if (code === 'reader-timeout') return READER_TIMEOUT;
  if (code === 'invalid-argument') return USAGE;
  return DATA_ERROR_CODES.has(code) ? INVALID : IO_FAILURE;
}
