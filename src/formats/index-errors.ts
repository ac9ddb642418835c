import { type ErrorPlace, RecordpipeError } from '../errors.ts';

const REBUILD = 'if the data is correct, rebuild the index with recordpipe index --force';

/** The suggested next step if a record is not at the position that the index states. */
export const DAMAGED_OR_CHANGED =
  'the data was damaged, or changed after it was indexed: recordpipe validate finds damage, recordpipe index --force rebuilds the index';

/**
 * Returns the error for an index that does not match its data.
 * @param what the difference, without a full stop
 */
export function indexMismatch(what: string, place: ErrorPlace, next: string = REBUILD): RecordpipeError {
  return new RecordpipeError('index-mismatch', `the index does not fit its data: ${what}; ${next}`, place);
}

/** Returns the error for a file that is not an index, or is a corrupt one. */
export function malformedIndex(what: string, place: ErrorPlace): RecordpipeError {
  return new RecordpipeError('malformed-index', `malformed index: ${what}`, place);
}

/** Returns an error that was found in one frame, with its position in the whole file. */
export function errorAt(error: RecordpipeError, place: ErrorPlace): RecordpipeError {
  const { code, message, cause } = error;
  const end = message.lastIndexOf(' (record ');
  const what = end < 0 ? message : message.slice(0, end);
  const positions = what.includes(' in part ')
    ? "; positions of parts count from the record's first byte"
    : '';
  return new RecordpipeError(code, what + positions, place, cause);
}
