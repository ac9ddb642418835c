import { type FileHandle, open, stat, unlink } from 'node:fs/promises';
import { posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FetchFailure } from '../errors.ts';
import { isGlob } from '../glob.ts';
import type { ObjectInfo, Place, RangeRequest, RangeSink, Storage } from '../storage.ts';
import { fileError, fileFailure, overwritten, tooShort } from './file-errors.ts';
import { openFileOutput } from './file-output.ts';
import { infoOf, listFiles, pathOf, statFile } from './list-files.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Reads a range of a file. See Storage.read. */
async function readRange(request: RangeRequest, sink: RangeSink, signal: AbortSignal): Promise<void> {
  const { uri } = request;
  const file = await opened(uri);
  try {
    const before = await stateOf(file, request);
    const { start } = request;
    const end = Math.min(request.end ?? before.size, before.size);
    if (start > end || (start === end && start > 0)) throw tooShort(before.size, start);
    sink.onHead({ ...before, start, end });
    for (let at = start; at < end; ) {
      if (signal.aborted) throw new FetchFailure('aborted', 'reading was aborted', { cause: signal.reason });
      const chunk = new Uint8Array(Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, end - at)).buffer);
      const { bytesRead } = await read(file, chunk, at, uri);
      if (bytesRead === 0) throw tooShort(at, end);
      at += bytesRead;
      // The bytes must belong to the version passed to `onHead`, not to data that overwrote it.
      await stateOf(file, { ...request, etag: before.etag });
      sink.onData(bytesRead === chunk.length ? chunk : chunk.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

async function opened(uri: string): Promise<FileHandle> {
  try {
    return await open(pathOf(uri));
  } catch (error) {
    throw fileFailure(error, uri);
  }
}

async function stateOf(file: FileHandle, { uri, etag }: RangeRequest): Promise<ObjectInfo> {
  let info: ObjectInfo;
  try {
    info = infoOf(uri, await file.stat({ bigint: true }));
  } catch (error) {
    throw fileFailure(error, uri);
  }
  if (etag !== undefined && info.etag !== etag) throw overwritten();
  return info;
}

async function read(
  file: FileHandle,
  chunk: Uint8Array,
  at: number,
  uri: string,
): Promise<{ readonly bytesRead: number }> {
  try {
    return await file.read(chunk, 0, chunk.length, at);
  } catch (error) {
    throw fileFailure(error, uri);
  }
}

/** Returns the storage for local files. Addresses are paths or `file:` URLs. */
export function localStorage(): Storage {
  return {
    place: localPlace,
    list: (prefix, signal, enter) => listFiles(prefix, signal, enter),
    stat: (ref) => statFile(ref),
    read: (request, sink, signal) => readRange(request, sink, signal),
    write: (uri, options) => openFileOutput(uri, options),
    remove: (uri) => removeFile(uri),
  };
}

/** Removes a file. See Storage.remove. */
async function removeFile(uri: string): Promise<void> {
  try {
    await unlink(pathOf(uri));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(error, uri);
  }
}

/** Splits a path or `file:` URL. */
function localPlace(uri: string): Place {
  const asUrl = uri.startsWith('file://');
  const path = pathOf(uri);
  return {
    name: isGlob(path) ? posix.normalize(path) : path,
    uriOf: (name) => (asUrl ? pathToFileURL(name).href : name),
    nameOf: pathOf,
    folder: async (one) => ((await isFolder(pathOf(one))) && !one.endsWith('/') ? `${one}/` : one),
    missing: 'not-found',
  };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
