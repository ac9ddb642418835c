import { RecordpipeError } from '../errors.ts';
import { checkedChunks, streamChunks } from './chunk-iterators.ts';
import { fileChunks } from './file-chunks.ts';
import { fileError } from './file-errors.ts';
import { requireHostModule } from './host.ts';

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
  /** Memory for the next read, used by one chunk at a time of {@link FILE_BUFFERS}; default: fresh memory for each. */
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
  if (typeof Response !== 'undefined' && source instanceof Response) {
    if (!source.ok)
      throw new RecordpipeError('io-failure', `the server answered ${source.status}`, { uri: source.url });
    return {
      uri: source.url || undefined,
      size: undefined,
      chunks: streamChunks(source.body ?? new Blob([]).stream()),
    };
  }
  if (typeof ReadableStream !== 'undefined' && source instanceof ReadableStream) {
    return { uri: undefined, size: undefined, chunks: streamChunks(source) };
  }
  if (
    typeof source === 'object' &&
    source !== null &&
    (Symbol.asyncIterator in source || Symbol.iterator in source)
  ) {
    return { uri: undefined, size: undefined, chunks: checkedChunks(source) };
  }
  throw new RecordpipeError(
    'unsupported-source',
    `expected a path, bytes, a stream or an iterable of bytes, got ${typeof source}`,
  );
}

function bytesSource(bytes: Uint8Array): OpenSource {
  return { uri: undefined, size: () => bytes.length, chunks: checkedChunks([bytes]) };
}

function openPath(source: string | URL | number, reading: ChunkReading): OpenSource {
  const fs = requireHostModule('node:fs', 'reading a path or descriptor');
  const own = typeof source !== 'number' && source !== '-';
  const uri =
    source === '-' ? '<stdin>' : typeof source === 'number' ? `<descriptor ${source}>` : String(source);
  let descriptor: number;
  try {
    descriptor = own ? fs.openSync(pathOf(source), 'r') : source === '-' ? 0 : (source as number);
  } catch (error) {
    throw fileError(error, uri);
  }
  const stat = statOf(fs, descriptor, uri);
  if (stat.isDirectory()) {
    if (own) fs.closeSync(descriptor);
    throw new RecordpipeError('unsupported-source', 'is a directory; name the files in it', { uri });
  }
  const regular = stat.isFile();
  return {
    uri,
    size: own && regular ? () => fs.fstatSync(descriptor).size : undefined,
    chunks: fileChunks(fs, { descriptor, uri, own, start: own && regular ? 0 : null }, reading),
  };
}

function statOf(fs: typeof import('node:fs'), descriptor: number, uri: string): import('node:fs').Stats {
  try {
    return fs.fstatSync(descriptor);
  } catch (error) {
    throw fileError(error, uri);
  }
}

function pathOf(source: string | URL | number): string | URL {
  if (typeof source === 'string' && source.startsWith('file://')) return new URL(source);
  if (source instanceof URL && source.protocol !== 'file:') {
    throw new RecordpipeError(
      'unsupported-source',
      `expected a file: URL, got ${source.protocol}; pass the Response of fetch() instead`,
      { uri: source.href },
    );
  }
  return source as string | URL;
}
