import { type FileHandle, open, stat } from 'node:fs/promises';
import { fileError } from '../../bytes/files/file-errors.ts';
import { FetchFailure } from '../errors.ts';
import type { ObjectInfo, ObjectRef, ObjectSource, ObjectStat, RangeRequest, RangeSink } from '../storage.ts';
import { fileFailure, infoOf, overwritten, pathOf, tooShort } from './file-state.ts';
import { listFiles } from './list-files.ts';

/** See ObjectSource.stat. */
export async function statFile({ uri }: ObjectRef): Promise<ObjectStat> {
  try {
    return { ...infoOf(uri, await stat(pathOf(uri), { bigint: true })), checksums: [], metadata: {} };
  } catch (error) {
    throw fileError(error, uri);
  }
}

const CHUNK_BYTES = 1024 * 1024;

/** See ObjectSource.fetch. */
export async function fetchFile(request: RangeRequest, sink: RangeSink, signal: AbortSignal): Promise<void> {
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
      // Of the state that the sink was told of, not of what it is being overwritten with.
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

/** Local files behind the face of object stores. Addresses are paths or `file:` URLs. */
export function localSource(): ObjectSource {
  return {
    list: (prefix, signal, enter) => listFiles(prefix, signal, enter),
    stat: (ref) => statFile(ref),
    fetch: (request, sink, signal) => fetchFile(request, sink, signal),
  };
}
