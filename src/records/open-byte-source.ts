import { isObjectUri } from '../bytes/object-uri.ts';
import { type ByteSource, type ChunkReading, type OpenSource, openSource } from '../bytes/sources.ts';
import type { ObjectOptions } from '../objects/object-options.ts';
import { openObjectSource } from './object-io.ts';

/**
 * Opens a source for reading; an `s3://` address is that of an object.
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source`
 */
export function openByteSource(
  source: ByteSource,
  reading: ChunkReading,
  objects: Partial<ObjectOptions> | undefined,
): OpenSource {
  return isObjectUri(source) ? openObjectSource(source, objects) : openSource(source, reading);
}
