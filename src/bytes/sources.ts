import { RecordpipeError } from '../errors.ts';
import { checkedChunks, streamChunks } from './chunk-iterators.ts';
import { openPath } from './host-io.ts';

/**
 * Anything that yields bytes: a path or `file:` URL (Node), an open file descriptor (Node; it is left open), `-` for standard input (Node), bytes,
 * a Blob or File, a web ReadableStream, a fetch Response, a Node Readable, or any iterable of byte chunks.
 */
export type ByteSource =
  | string
  | URL
  | number
  | Uint8Array
  | ArrayBuffer
  | Blob
  | Response
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>;

/** How files are cut into chunks. */
export interface ChunkReading {
  /** Bytes per read. */
  readonly chunkBytes: number;
  /** Memory for the next read, used by one chunk at a time of FILE_BUFFERS; default: fresh memory for each. */
  readonly nextBuffer?: (() => Uint8Array) | undefined;
  /** Whether regular files are read on this thread instead of ahead on others. */
  readonly blocking?: boolean | undefined;
}

/** A source that has been opened. */
export interface OpenSource {
  /** What errors call it; undefined where it has no name. */
  readonly uri: string | undefined;
  /** How many bytes it has now, where that can be known: a file may grow. */
  readonly size: (() => number) | undefined;
  /** The chunks, in order, never written to again (unless `nextBuffer` hands out the same memory again). Ending the iteration early closes the source. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Opens a source for reading.
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source`
 */
export function openSource(source: ByteSource, reading: ChunkReading): OpenSource {
  if (typeof source === 'string' || typeof source === 'number' || source instanceof URL)
    return openPath(source, reading);
  if (source instanceof Uint8Array) return bytesSource(source);
  if (source instanceof ArrayBuffer) return bytesSource(new Uint8Array(source));
  if (typeof Blob !== 'undefined' && source instanceof Blob) {
    const uri = 'name' in source && typeof source.name === 'string' ? source.name : undefined;
    return { uri, size: () => source.size, chunks: streamChunks(source.stream()) };
  }
  if (typeof source === 'object' && source !== null) {
    // Before the iterables: the iterator that web streams have in Node cannot be ended while it waits.
    if ('getReader' in source) {
      return { uri: undefined, size: undefined, chunks: streamChunks(source as ReadableStream<Uint8Array>) };
    }
    if (Symbol.asyncIterator in source || Symbol.iterator in source) {
      return { uri: undefined, size: undefined, chunks: checkedChunks(source) };
    }
    // By its shape: the mere name `Response` makes Node load its HTTP client, 16 ms.
    if ('body' in source && 'ok' in source) return responseSource(source as Response);
  }
  throw new RecordpipeError(
    'unsupported-source',
    `expected a path, bytes, a stream or an iterable of bytes, got ${typeof source}`,
  );
}

function responseSource({ ok, status, url, body }: Response): OpenSource {
  const uri = url || undefined;
  if (!ok) throw new RecordpipeError('io-failure', `the server answered ${status}`, { uri });
  return { uri, size: undefined, chunks: streamChunks(body ?? new Blob([]).stream()) };
}

function bytesSource(bytes: Uint8Array): OpenSource {
  return { uri: undefined, size: () => bytes.length, chunks: checkedChunks([bytes]) };
}
