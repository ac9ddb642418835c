/** Returns the man pages of the command line by their file names, such as recordpipe-validate.1. */
export function manPages(version: string): Promise<ReadonlyMap<string, string>>;
