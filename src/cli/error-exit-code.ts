import { DATA_ERROR_CODES, type ErrorCode } from 'recordpipe';
import { INVALID, IO_FAILURE } from './exit-codes.ts';

/** The exit code for an error with this code. */
export function exitCodeOf(code: ErrorCode): number {
  return DATA_ERROR_CODES.has(code) ? INVALID : IO_FAILURE;
}
