import { type ErrorPlace, RecordpipeError } from '../errors.ts';

const REBUILD = 'if the data is correct, rebuild the index with recordpipe index --force';

/** The suggested next step if a record is not where the index locates it. */
export const DAMAGED_OR_CHANGED =
  'the data was damaged or changed after it was indexed: run recordpipe validate to check for damage, or recordpipe index --force to rebuild the index';

/**
 * Returns the error for an index that does not match its data.
 * @param what the mismatch, without a period
 */
export function indexMismatch(what: string, place: ErrorPlace, next: string = REBUILD): RecordpipeError {
  return new RecordpipeError('index-mismatch', `the index does not match its data: ${what}; ${next}`, place);
}

/** Returns the error for a file that is a corrupt index, or not an index. */
export function malformedIndex(what: string, place: ErrorPlace): RecordpipeError {
  return new RecordpipeError('malformed-index', `malformed index: ${what}`, place);
}

/** Returns a copy of an error found in a single frame, with the frame's position in the file. */
export function errorAt(error: RecordpipeError, place: ErrorPlace): RecordpipeError {
  const { code, message, cause } = error;
  const end = message.lastIndexOf(' (record ');
  const what = end < 0 ? message : message.slice(0, end);
  const positions = what.includes(' in part ')
    ? "; part positions are relative to the record's first byte"
    : '';
  return new RecordpipeError(code, what + positions, place, cause);
}
