/** What the exit code says, so that batch engines can tell data that is bad from a run that is worth another try. */
export const OK = 0;
/** Data is invalid: trying again does not help. */
export const INVALID = 1;
/** The command line is wrong. */
export const USAGE = 2;
/** A file could not be read or written, or the environment failed: trying again may help. */
export const IO_FAILURE = 3;
/** Nobody read a pipe for too long. */
export const READER_TIMEOUT = 4;
/** A bug in recordpipe: standard error has the stack. (EX_SOFTWARE of sysexits.h) */
export const INTERNAL_ERROR = 70;
