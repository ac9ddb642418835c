import { abortable } from '../bytes/abortable.ts';
import type { ChunkReading, OpenSource } from '../bytes/sources.ts';
import { RecordpipeError } from '../errors.ts';
import { type FileHead, openPath, peekPath } from './local/open-path.ts';
import type { ObjectOptions } from './object-options.ts';
import type { ObjectReader } from './object-reader.ts';
import type { OnTransferEvent } from './prefetch/transfer-control.ts';
import { addressOf, isRemote } from './registry.ts';
import type { Access, ObjectRef } from './storage.ts';

// Bundles for browsers contain no-stored-source.ts instead (package.json, `browser`).

export { isRemote } from './registry.ts';
export type { FileHead };

/**
 * Number of bytes to read at a time from a position in an object, and the number of such concurrent
 * reads.
 */
const STEP_BYTES = 4 * 1024 * 1024;
const STEPS_AHEAD = 4;

/** Options for opening an object. */
export interface RemoteAccess {
  readonly objects?: Partial<ObjectOptions> | undefined;
  /** Called with the events of the transfer, such as retries. */
  readonly onEvent?: OnTransferEvent | undefined;
  /**
   * Whether to reuse the memory of an object's chunks. A chunk is then valid until the second next
   * one is requested, like those of files (FILE_BUFFERS).
   */
  readonly reuse?: boolean | undefined;
}

/**
 * Opens a path, a `file:` URL, an address, a descriptor, or `-` for reading.
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source`
 */
export function openStored(
  source: string | URL | number | ObjectRef,
  reading: ChunkReading,
  access: RemoteAccess = {},
): OpenSource {
  if (typeof source === 'object' && !(source instanceof URL))
    return isRemote(source.uri)
      ? openObjectSource(source, access, reading.start ?? 0)
      : openPath(source.uri, reading);
  if (isRemote(source)) return openObjectSource({ uri: addressOf(source) }, access, reading.start ?? 0);
  return openPath(source, reading);
}

/**
 * Returns the first `bytes` bytes of a regular local file, and its size. Returns undefined for
 * anything else, and for a file that cannot be opened, because reading it reports the error.
 */
export function peekStored(source: string | URL, bytes: number): FileHead | undefined {
  return isRemote(source) ? undefined : peekPath(source, bytes);
}

/**
 * Like {@link peekStored}, but also supports objects, with two requests.
 * @throws the same errors as `openObjectReader`, for objects only
 */
export async function storedHead(
  source: string | URL,
  bytes: number,
  objects: Partial<ObjectOptions> | undefined,
  signal: AbortSignal | undefined,
): Promise<FileHead | undefined> {
  if (!isRemote(source)) return peekPath(source, bytes);
  const { openObjectReader } = await import('./object-reader.ts');
  const reader = await openObjectReader(addressOf(source), { ...objects, signal });
  try {
    return { head: await reader.read(0, Math.min(bytes, reader.size)), size: reader.size };
  } finally {
    await reader.close();
  }
}

/**
 * Returns the text of a small file or object, or of standard input (`-`).
 * @param maxBytes maximum size; longer text is an `unsupported-source` error
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

const END: IteratorResult<Uint8Array> = { done: true, value: undefined };

/**
 * Opens an object for reading. Imports the client and sends the first request when the first chunk
 * is requested.
 * @param start position of the first byte to read
 */
function openObjectSource(object: ObjectRef, access: RemoteAccess, start: number): OpenSource {
  const chunks = new ObjectChunks(object, access, start);
  // Callers request the size after the first chunk.
  const size = (): number => chunks.size ?? Number.POSITIVE_INFINITY;
  const etag = (): string | undefined => chunks.etag;
  return { uri: object.uri, size, etag, chunks: { [Symbol.asyncIterator]: () => chunks } };
}

/**
 * The chunks of an object, which is opened when the first chunk is requested. It is not a
 * generator, whose return() would wait for the request in progress.
 */
class ObjectChunks implements AsyncIterator<Uint8Array> {
  readonly #object: ObjectRef;
  readonly #access: RemoteAccess;
  readonly #start: number;
  readonly #stop = new AbortController();
  #size: (() => number | undefined) | undefined;
  #etag: (() => string | undefined) | undefined;
  #iterator: AsyncIterator<Uint8Array> | undefined;

  constructor(object: ObjectRef, access: RemoteAccess, start: number) {
    this.#object = object;
    this.#access = access;
    this.#start = start;
  }

  get size(): number | undefined {
    return this.#size?.();
  }

  get etag(): string | undefined {
    return this.#etag?.();
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#stop.signal.aborted) return END;
    this.#iterator ??= await this.#open();
    if (this.#stop.signal.aborted) return END;
    try {
      return await this.#iterator.next();
    } catch (error) {
      if (this.#stop.signal.aborted) return END;
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#stop.abort();
    await this.#iterator?.return?.();
    return END;
  }

  async #open(): Promise<AsyncIterator<Uint8Array>> {
    const { objects, onEvent, reuse } = this.#access;
    const options = { ...objects, onEvent, reuse, signal: this.#stop.signal };
    // Imported on demand to keep start-up fast.
    if (this.#start > 0) {
      const { openObjectReader } = await import('./object-reader.ts');
      const reader = await openObjectReader(this.#object, options);
      this.#size = () => reader.size;
      this.#etag = () => reader.etag;
      return rangesFrom(reader, this.#start);
    }
    const { openObject } = await import('./read-objects.ts');
    const opened = openObject(this.#object, options);
    this.#size = () => opened.size();
    this.#etag = () => opened.info()?.etag;
    return opened.chunks[Symbol.asyncIterator]();
  }
}

async function* rangesFrom(reader: ObjectReader, start: number): AsyncGenerator<Uint8Array, void, undefined> {
  const ahead: Promise<Uint8Array>[] = [];
  let at = start;
  try {
    while (at < reader.size || ahead.length > 0) {
      for (; at < reader.size && ahead.length < STEPS_AHEAD; at += STEP_BYTES) {
        const next = reader.read(at, Math.min(at + STEP_BYTES, reader.size));
        next.catch(() => {}); // Thrown when it is awaited.
        ahead.push(next);
      }
      yield (await ahead.shift()) as Uint8Array;
    }
  } finally {
    await reader.close();
  }
}
