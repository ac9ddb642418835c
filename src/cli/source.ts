import { fstatSync } from 'node:fs';
import type { ByteSource } from 'recordpipe';

/** What an argument names, ready to be read, and what errors call it. A pipe on standard input is left to the event loop, which signals can stop. */
export function byteSource(file: string): { source: ByteSource; uri: string } {
  if (file !== '-') return { source: file, uri: file };
  const stdin = fstatSync(0);
  // For other kinds, such as directories, Node's process.stdin is a stream that ends at once, which would look like an empty file.
  const isStream = stdin.isFIFO() || stdin.isSocket() || stdin.isCharacterDevice();
  return { source: isStream ? process.stdin : '-', uri: '<stdin>' };
}
