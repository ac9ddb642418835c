const FETCH_AGAIN = 'copy or download the file again, or write it anew';

const ADVICE: Record<string, string> = {
  'length-checksum': `${FETCH_AGAIN}; --recover looks for good records behind the damage`,
  'data-checksum': `${FETCH_AGAIN}; cat --recover leaves such records out`,
  'truncated-header': `${FETCH_AGAIN}, and close its writer; the records before the cut are good`,
  'truncated-record': `${FETCH_AGAIN}, and close its writer; the records before the cut are good`,
  'record-too-large':
    'if records of that size are meant, raise --max-record-size; otherwise the file is damaged',
  'trailing-garbage': `${FETCH_AGAIN}; --trailing ignore accepts what follows the last record`,
  'truncated-compressed-stream': `${FETCH_AGAIN}; --on-truncated stop accepts a missing end`,
  'corrupt-compressed-stream': `${FETCH_AGAIN}; or name the right --compression`,
  'access-denied': 'run as a user who may read it, or change its rights',
  'io-failure': 'check the disk or mount, and try again',
};

/** What to do about an error with this code, in the words of the command line; undefined where its message says all. */
export function advice(code: string): string | undefined {
  return ADVICE[code];
}
