import { type ErrorPlace, RecordpipeError } from '../errors.ts';

/** The error for an index file that is no index, or a damaged one. */
export function malformedIndex(what: string, place: ErrorPlace): RecordpipeError {
  return new RecordpipeError('malformed-index', `malformed index: ${what}`, place);
}

/** The error for an index that does not fit its data. @param what differs, as a sentence without an end */
export function indexMismatch(what: string, place: ErrorPlace, next: string = REMAKE): RecordpipeError {
  return new RecordpipeError('index-mismatch', `the index does not fit its data: ${what}; ${next}`, place);
}

/** What to do where the data is as it should be. */
const REMAKE = 'if the data is correct, rebuild the index with recordpipe index --force';

/** The next step where a record does not lie where the index says. */
export const DAMAGED_OR_CHANGED =
  'the data was damaged, or changed after it was indexed: recordpipe validate finds damage, recordpipe index --force rebuilds the index';

/** An error of a part of a file that was read by itself, at its place in the whole file. */
export function errorAt(error: RecordpipeError, place: ErrorPlace): RecordpipeError {
  const { code, message, cause } = error;
  const end = message.lastIndexOf(' (record ');
  const what = end < 0 ? message : message.slice(0, end);
  const positions = what.includes(' in part ')
    ? "; positions of parts count from the record's first byte"
    : '';
  return new RecordpipeError(code, what + positions, place, cause);
}
