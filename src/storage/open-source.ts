import {
  type ByteSource,
  type ChunkReading,
  type OpenFileHandle,
  type OpenSource,
  openBytes,
} from '../bytes/sources.ts';
import { RecordpipeError } from '../errors.ts';
import { openStored, type RemoteAccess } from './stored-source.ts';

/** File handles by the chunks read from them. Node closes a handle that has no references. */
const held = new WeakMap<AsyncIterable<Uint8Array>, OpenFileHandle>();

/**
 * Opens any source of bytes for reading.
 * @param reading if `start` is set, the source must be a regular file, an object, bytes or a Blob;
 *   its size remains that of the whole source
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source`;
 *   `closed` for a stream, Response, generator or file handle that has already been read or closed
 */
export function openSource(source: ByteSource, reading: ChunkReading, access?: RemoteAccess): OpenSource {
  if (typeof source === 'string' || typeof source === 'number' || source instanceof URL)
    return openStored(source, reading, access);
  if (!isHandle(source)) return openBytes(source, reading.start);
  if (source.fd < 0)
    throw new RecordpipeError('closed', 'the file handle is closed; open the file again, or pass its path');
  const opened = openStored(source.fd, reading);
  held.set(opened.chunks, source);
  return opened;
}

function isHandle(source: Exclude<ByteSource, string | number | URL>): source is OpenFileHandle {
  return (
    typeof source === 'object' &&
    source !== null &&
    'fd' in source &&
    typeof source.fd === 'number' &&
    !(Symbol.asyncIterator in source)
  );
}
