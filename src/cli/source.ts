import { fstatSync } from 'node:fs';
import type { ByteSource } from 'recordpipe';

/** What an argument names, ready to be read, and what errors call it. A pipe on standard input is left to the event loop, which signals can stop. */
export function byteSource(file: string): { source: ByteSource; uri: string } {
  if (file !== '-') return { source: file, uri: file };
  return { source: fstatSync(0).isFile() ? '-' : process.stdin, uri: '<stdin>' };
}
