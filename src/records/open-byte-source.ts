import { asBytes } from '../bytes/binary-data.ts';
import { isObjectUri } from '../bytes/object-uri.ts';
import { type ByteSource, type ChunkReading, isBlob, type OpenSource, openSource } from '../bytes/sources.ts';
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

/**
 * The same from byte `start` on, without reading what lies before. Its size is that of the whole source.
 * @param source a regular file, an object, bytes or a Blob
 * @throws as {@link openByteSource}
 */
export function openByteSourceAt(
  source: ByteSource,
  start: number,
  reading: ChunkReading,
  objects: Partial<ObjectOptions> | undefined,
): OpenSource {
  if (isObjectUri(source)) return openObjectSource(source, objects, undefined, start);
  const data = asBytes(source) ?? (isBlob(source) ? source : undefined);
  if (data === undefined) return openSource(source, { ...reading, start });
  const size = data instanceof Uint8Array ? data.length : data.size;
  const rest = data instanceof Uint8Array ? data.subarray(start) : data.slice(start);
  return { ...openSource(rest, reading), size: () => size };
}
