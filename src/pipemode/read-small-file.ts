import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { RecordpipeError } from '../errors.ts';

/** Reads a text file that may have been planted: a named pipe or device in its place is an error, and never waited for. */
export function readSmallFile(path: string, encoding: 'utf8' | 'latin1' = 'utf8'): string {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(descriptor);
    if (stat.isDirectory() || stat.isFile()) return readFileSync(descriptor, encoding);
    const what = 'expected a file, and found a named pipe or device; remove it';
    throw new RecordpipeError('unsupported-source', what, { uri: path });
  } finally {
    closeSync(descriptor);
  }
}
