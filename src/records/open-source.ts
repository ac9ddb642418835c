import { asBytes } from '../bytes/binary-data.ts';
import { peekPath } from '../bytes/host-io.ts';
import { isObjectUri } from '../bytes/object-uri.ts';
import { type ByteSource, type ChunkReading, isBlob, type OpenSource, openSource } from '../bytes/sources.ts';
import { RecordpipeError } from '../errors.ts';
import type { ObjectOptions } from '../storage/object-options.ts';
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
 * Opens a source at byte `start`, without reading the bytes before it. Its size is that of the whole source.
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

/** The first bytes of a source, and its size. */
export interface SourceHead {
  readonly head: Uint8Array;
  readonly size: number;
}

/**
 * The first `bytes` bytes of a source that can be read again. Undefined for any other source, and for objects,
 * where they cost a request.
 */
export async function sourceHead(source: ByteSource, bytes: number): Promise<SourceHead | undefined> {
  if (isObjectUri(source)) return undefined;
  if ((typeof source === 'string' && source !== '-') || source instanceof URL) return peekPath(source, bytes);
  const data = asBytes(source);
  if (data !== undefined) return { head: data.subarray(0, bytes), size: data.length };
  if (!isBlob(source)) return undefined;
  return { head: new Uint8Array(await source.slice(0, bytes).arrayBuffer()), size: source.size };
}

/** The error for a source that ends before the position where reading starts. */
export function startBeyondEnd(offset: number, size: number, uri: string | undefined): RecordpipeError {
  const text = `reading is to begin at byte ${offset}, the source ends at ${size}; it is not the source that was read before, or it shrank`;
  return new RecordpipeError('source-changed', text, { uri });
}
