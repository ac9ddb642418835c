import { isRecordpipeError, RecordpipeError } from '../errors.ts';
import { typeName } from './arguments.ts';
import { asBytes, type BinaryData } from './binary-data.ts';

const used = new WeakSet<object>();

/**
 * Marks a source that can be read only once (a stream, a Response, a generator) as read. Other
 * iterables may be read again.
 *
 * @param what the source, for the error
 * @param next how the caller gets another one
 * @throws RecordpipeError `closed` the second time, because such a source would yield nothing, like
 *   an empty file
 */
function useOnce(source: object, what: string, next: string): void {
  if (!isSingleUse(source)) return;
  if (used.has(source) || hasEnded(source))
    throw new RecordpipeError('closed', `${what} has already been read; ${next}`);
  used.add(source);
}

function isSingleUse(source: object): boolean {
  if ('getReader' in source || 'body' in source) return true;
  if (isNodeStream(source)) return true;
  return /^\[object (Async)?Generator\]$/.test(Object.prototype.toString.call(source));
}

interface NodeStream {
  readonly readableEnded: boolean;
  readonly destroyed: boolean;
  readonly errored?: Error | null;
}

function isNodeStream(source: object): source is NodeStream {
  return 'readableEnded' in source && 'destroyed' in source;
}

/**
 * Reports whether a stream has ended. Returns false for a failed stream, because reading it throws
 * its error.
 */
function hasEnded(source: object): boolean {
  if (!isNodeStream(source)) return false;
  return source.readableEnded || (source.destroyed && !source.errored);
}

/**
 * An open file of `node:fs/promises` (a FileHandle). It is read from its current position and
 * remains open.
 */
export interface OpenFileHandle {
  /** Descriptor of the file; -1 after the handle has been closed. */
  readonly fd: number;
}

/**
 * Any source of bytes: a path or `file:` URL (Node), an open file descriptor or FileHandle (Node;
 * it remains open), `-` for standard input (Node), bytes in memory, a Blob or File, a web
 * ReadableStream, a fetch Response, a Node Readable, or any iterable of byte chunks.
 */
export type ByteSource =
  | string
  | URL
  | number
  | BinaryData
  | OpenFileHandle
  | Blob
  | Response
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>;

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Number of buffers that must alternate so that none is overwritten while its bytes may still be in
 * use: the current chunk, the previous one, whose last bytes may begin an incomplete record, and
 * two that are being read ahead.
 */
export const FILE_BUFFERS = 4;

/** Options for reading files in chunks. */
export interface ChunkReading {
  /** Number of bytes per read. */
  readonly chunkBytes: number;
  /**
   * Returns the memory for the next read: one of FILE_BUFFERS buffers that alternate. If undefined,
   * each read uses new memory. With `blocking`, there may be only one, so the next chunk is read
   * only when it is requested.
   */
  readonly nextBuffer?: (() => Uint8Array) | undefined;
  /** Whether regular files are read on this thread instead of being read ahead on other threads. */
  readonly blocking?: boolean | undefined;
  /**
   * Position in bytes at which reading of a path begins; only for sources that `canSeek` accepts.
   * Default 0.
   */
  readonly start?: number | undefined;
}

/** An open source. */
export interface OpenSource {
  /** Name of the source in errors; undefined if it has none. */
  readonly uri: string | undefined;
  /**
   * Returns the current size in bytes, because a file may grow. Undefined if the size cannot be
   * known.
   */
  readonly size: (() => number) | undefined;
  /** Returns the ETag of an object, once its first chunk has arrived. Undefined if it has none. */
  readonly etag?: (() => string | undefined) | undefined;
  /**
   * The chunks, in order. They are never written to again, unless `nextBuffer` returns the same
   * memory again. Ending the iteration early closes the source.
   */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Opens bytes in memory, a Blob, a stream, a Response or an iterable for reading.
 * @param start position of the first byte to read, for bytes and Blobs; the reported size remains
 *   that of the whole source
 * @throws RecordpipeError `unsupported-source`; `closed` for a stream, Response or generator that
 *   has been read before
 */
export function openBytes(
  source: Exclude<ByteSource, string | number | URL | OpenFileHandle>,
  start = 0,
): OpenSource {
  const bytes = asBytes(source);
  if (bytes !== undefined)
    return {
      uri: undefined,
      size: () => bytes.length,
      chunks: checkedChunks([start > 0 ? bytes.subarray(start) : bytes]),
    };
  if (isBlob(source)) {
    const uri = 'name' in source && typeof source.name === 'string' ? source.name : undefined;
    const rest = start > 0 ? source.slice(start) : source;
    return { uri, size: () => source.size, chunks: streamChunks(rest.stream()) };
  }
  if (typeof source === 'object' && source !== null) {
    // Check this before iterables, because in Node the iterator of a web stream cannot be ended
    // while it waits.
    if ('getReader' in source) {
      const stream = source as ReadableStream<Uint8Array>;
      useOnce(stream, 'the stream', 'create a new stream');
      return { uri: undefined, size: undefined, chunks: streamChunks(stream) };
    }
    if (Symbol.asyncIterator in source || Symbol.iterator in source) {
      useOnce(source, 'the stream or generator', 'create a new one, or pass a path');
      return { uri: undefined, size: undefined, chunks: checkedChunks(source as Chunks) };
    }
    // Recognize a Response by its properties, because the mere name `Response` makes Node load its
    // HTTP client, which takes 16 ms.
    if ('body' in source && 'ok' in source) return responseSource(source as Response);
  }
  throw new RecordpipeError(
    'unsupported-source',
    `expected a path, bytes, a stream or an iterable of bytes, got ${typeName(source)}`,
  );
}

export function isBlob(source: unknown): source is Blob {
  return typeof Blob !== 'undefined' && source instanceof Blob;
}

function responseSource(response: Response): OpenSource {
  const { ok, status, url, body } = response;
  const uri = url || undefined;
  if (!ok) throw new RecordpipeError('io-failure', `the server responded with ${status}`, { uri });
  const next = 'fetch it again, or pass response.clone()';
  if (response.bodyUsed)
    throw new RecordpipeError('closed', `the body of this Response has already been read; ${next}`, { uri });
  useOnce(response, 'the body of this Response', next);
  return { uri, size: undefined, chunks: streamChunks(body ?? new Blob([]).stream()) };
}

// The iterators below are not generators: a generator's return() waits for the pull in progress, so
// a source that no longer sends data would never be closed.

const END: IteratorResult<Uint8Array> = { done: true, value: undefined };

/**
 * Returns the chunks of an iterable, and checks that each of them is bytes. Ending the iteration
 * early closes the source, even while a chunk is being awaited.
 */
export function checkedChunks(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => checkedIterator(source) };
}

/**
 * Returns the chunks of a web stream, which is not yet iterable on every host. Ending the iteration
 * early cancels it.
 */
export function streamChunks(stream: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => streamIterator(stream) };
}

function checkedIterator(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncIterator<Uint8Array> {
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let pulling = false;
  let ended = false;
  const close = async (): Promise<IteratorResult<Uint8Array>> => {
    if (ended) return END;
    ended = true;
    // The iterator of a Node stream cannot be ended while it waits, so destroy the stream.
    if (pulling && isDestroyable(source)) source.destroy();
    else await iterator.return?.();
    return END;
  };
  return {
    async next() {
      if (ended) return END;
      pulling = true;
      const step = await pull(iterator).catch((error: unknown) => {
        ended = true;
        throw sourceFailure(error);
      });
      pulling = false;
      if (step.done) {
        ended = true;
        return END;
      }
      if (step.value instanceof Uint8Array) return step;
      const bytes = asBytes(step.value);
      if (bytes !== undefined) return { done: false, value: bytes };
      await close();
      throw notBytes(step.value);
    },
    return: close,
  };
}

async function pull(
  iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>,
): Promise<IteratorResult<Uint8Array>> {
  return await iterator.next();
}

function streamIterator(stream: ReadableStream<Uint8Array>): AsyncIterator<Uint8Array> {
  if (stream.locked) {
    throw new RecordpipeError(
      'unsupported-source',
      'the stream is locked by another reader; release that reader (releaseLock), or pass one branch of stream.tee()',
    );
  }
  const reader = stream.getReader();
  let ended = false;
  const close = async (): Promise<IteratorResult<Uint8Array>> => {
    if (ended) return END;
    ended = true;
    await reader.cancel().catch(() => {});
    reader.releaseLock();
    return END;
  };
  return {
    async next() {
      if (ended) return END;
      const { done, value } = await reader.read().catch((error: unknown) => {
        ended = true;
        throw sourceFailure(error);
      });
      if (done) {
        ended = true;
        reader.releaseLock();
        return END;
      }
      const bytes = asBytes(value);
      if (bytes !== undefined) return { done: false, value: bytes };
      await close();
      throw notBytes(value);
    },
    return: close,
  };
}

function isDestroyable(source: object): source is { destroy(): void } {
  return 'destroy' in source && typeof source.destroy === 'function';
}

/**
 * Returns the typed error for an error thrown by the caller's stream or iterable. It has no
 * position, which the reader adds.
 */
function sourceFailure(error: unknown): RecordpipeError {
  if (isRecordpipeError(error)) return error;
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  if (name === 'AbortError')
    return new RecordpipeError('aborted', `the source was aborted: ${message}`, {}, error);
  const text = `the source failed: ${message}; open the source again, and resume with the \`start\` option`;
  return new RecordpipeError('io-failure', text, {}, error);
}

function notBytes(value: unknown): RecordpipeError {
  const why =
    typeof value === 'string'
      ? 'is the stream decoded to text (setEncoding)? To read several files, pass their paths to readRecords'
      : 'is the stream in object mode?';
  return new RecordpipeError(
    'unsupported-source',
    `expected chunks of bytes (Uint8Array), got ${typeName(value)}; ${why}`,
  );
}
