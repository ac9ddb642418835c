import { abortable } from '../bytes/abortable.ts';
import { RecordpipeError } from '../errors.ts';
import type { Access } from './storage.ts';
import { openStored } from './stored-source.ts';

/**
 * The text of a small file or object, or of standard input (`-`).
 * @param maxBytes a longer one is an `unsupported-source` error
 */
export async function readText(
  location: string,
  maxBytes: number,
  { objects, signal }: Access,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const source = openStored(location, { chunkBytes: 64 * 1024 }, { objects });
  for await (const chunk of abortable(source.chunks, signal)) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new RecordpipeError('unsupported-source', `is longer than ${maxBytes} bytes`, { uri: location });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
