import { EventLoopTurns } from '../../bytes/event-loop-turns.ts';
import { hostModule, requireHostModule } from '../../bytes/host.ts';
import type { ChunkReading, OpenSource } from '../../bytes/sources.ts';
import { RecordpipeError } from '../../errors.ts';
import { fifoChunks, freshBuffer } from './fifo-chunks.ts';
import { fileError, shrunk } from './file-errors.ts';

/**
 * Opens a path, `file:` URL, descriptor or `-` for reading.
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source`
 */
export function openPath(source: string | URL | number, reading: ChunkReading): OpenSource {
  const fs = requireHostModule('node:fs', 'reading a path or descriptor');
  const own = typeof source !== 'number' && source !== '-';
  const uri =
    source === '-' ? '<stdin>' : typeof source === 'number' ? `<descriptor ${source}>` : String(source);
  const path = pathOf(source);
  if (own && isFifo(fs, path)) return openFifo(fs, path, uri, reading);
  let descriptor: number;
  try {
    descriptor = own ? fs.openSync(path, 'r') : source === '-' ? 0 : (source as number);
  } catch (error) {
    throw fileError(error, uri);
  }
  const stat = statOf(fs, descriptor, uri);
  if (stat.isDirectory()) {
    if (own) fs.closeSync(descriptor);
    throw new RecordpipeError('unsupported-source', 'is a directory; specify the files in it', { uri });
  }
  const regular = own && stat.isFile();
  let { size } = stat;
  let open = true;
  // A consumer may request the size again after an abort has closed the file.
  const sizeNow = (): number => {
    if (open) size = fs.fstatSync(descriptor).size;
    return size;
  };
  const onClose = (): void => {
    open = false;
  };
  const file = { descriptor, uri, own, start: regular ? (reading.start ?? 0) : null, size, onClose };
  return { uri, size: regular ? sizeNow : undefined, chunks: fileChunks(fs, file, reading) };
}

/**
 * Opens a named pipe without waiting for its writer, which would block the thread. The pipe is
 * always read ahead, which needs FILE_BUFFERS buffers, and `blocking` readers have fewer.
 */
function openFifo(
  fs: typeof import('node:fs'),
  path: string | URL,
  uri: string,
  { chunkBytes, blocking, nextBuffer }: ChunkReading,
): OpenSource {
  try {
    const descriptor = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const chunks = fifoChunks(descriptor, uri, { chunkBytes, nextBuffer: blocking ? undefined : nextBuffer });
    return { uri, size: undefined, chunks };
  } catch (error) {
    throw fileError(error, uri);
  }
}

function isFifo(fs: typeof import('node:fs'), path: string | URL): boolean {
  try {
    return fs.statSync(path).isFIFO();
  } catch {
    return false; // Opening the file reports the error.
  }
}

function statOf(fs: typeof import('node:fs'), descriptor: number, uri: string): import('node:fs').Stats {
  try {
    return fs.fstatSync(descriptor);
  } catch (error) {
    throw fileError(error, uri);
  }
}

/**
 * Returns the path of a file.
 * @throws RecordpipeError `unsupported-source` for an address that does not name a file
 */
function pathOf(source: string | URL | number): string | URL {
  if (typeof source === 'number') return String(source);
  const scheme = source instanceof URL ? source.protocol : /^([a-z][a-z\d+.-]+:)\/\//i.exec(source)?.[1];
  if (scheme === undefined) return source;
  if (scheme === 'file:') return new URL(source);
  const next = /^https?:$/i.test(scheme)
    ? 'pass the Response: await fetch(url)'
    : 'pass a stream of the data, or download the file';
  throw new RecordpipeError('unsupported-source', `cannot open ${scheme} addresses; ${next}`, {
    uri: String(source),
  });
}

/** The first bytes of a file, and its size. */
export interface FileHead {
  readonly head: Uint8Array;
  readonly size: number;
}

/**
 * Returns the first `bytes` bytes of a regular file. Returns undefined for anything else, and for a
 * file that cannot be opened, because reading it reports the error.
 */
export function peekPath(source: string | URL, bytes: number): FileHead | undefined {
  const fs = hostModule('node:fs');
  if (fs === undefined) return undefined;
  let descriptor: number | undefined;
  try {
    const path = typeof source === 'string' && source.startsWith('file://') ? new URL(source) : source;
    // Opening a named pipe would wait for its writer.
    if (!fs.statSync(path).isFile()) return undefined;
    descriptor = fs.openSync(path, 'r');
    const { size } = fs.fstatSync(descriptor);
    const head = new Uint8Array(Math.min(bytes, size));
    return { head: head.subarray(0, fs.readSync(descriptor, head, 0, head.length, 0)), size };
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

type FileSystem = typeof import('node:fs');

/**
 * Number of concurrent reads of a regular file. Scans of page-cached 10 KB records are 28% faster
 * than with one read at a time.
 */
const READS_AHEAD = 2;
/** Delay before a descriptor that would block is read again. */
const AGAIN_MS = 5;

/** An open file, pipe or device. */
interface OpenFile {
  readonly descriptor: number;
  readonly uri: string;
  /** Whether to close the descriptor at the end. */
  readonly own: boolean;
  /**
   * Position at which reading starts. Null for pipes and foreign descriptors, which have no
   * positions.
   */
  readonly start: number | null;
  /** Size of the file when it was opened. */
  readonly size: number;
  /** Called when the descriptor is closed, after which its number may refer to another file. */
  readonly onClose?: (() => void) | undefined;
}

interface Read {
  readonly wanted: number;
  readonly done: Promise<Uint8Array>;
}

/** Returns the memory for the read at a position, which is null if the file has no positions. */
type NextBuffer = (position: number | null) => Uint8Array;

/** Size of the memory for reads after the end of a file, which may have grown. */
const MIN_FRESH_BYTES = 64 * 1024;

/** Returns the maximum number of bytes to expect after a position. */
function maxBytesAfter({ size }: OpenFile, position: number | null): number {
  return position === null ? Number.POSITIVE_INFINITY : Math.max(size - position, MIN_FRESH_BYTES);
}

/**
 * Returns the bytes of an open file in chunks. By default, the next chunks are read while one is in
 * use. Can be iterated only once; ending the iteration closes the file, even before the first
 * chunk.
 */
export function fileChunks(fs: FileSystem, file: OpenFile, reading: ChunkReading): AsyncIterable<Uint8Array> {
  const ending = { early: false };
  const { chunkBytes, blocking } = reading;
  const positioned = file.start !== null;
  const nextBuffer: NextBuffer =
    reading.nextBuffer ?? ((position) => freshBuffer(Math.min(chunkBytes, maxBytesAfter(file, position))));
  const depth = blocking ? 0 : positioned ? READS_AHEAD : 1;
  const chunks =
    blocking && positioned
      ? blockingChunks(fs, file, nextBuffer)
      : readAhead(fs, file, depth, nextBuffer, ending);
  let started = false;
  const iterator: AsyncIterator<Uint8Array> = {
    next() {
      started = true;
      return chunks.next();
    },
    return() {
      // A generator that was never started does not run its `finally` block.
      if (!started && !ending.early) closeFile(fs, file);
      ending.early = true;
      return chunks.return(undefined);
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

/**
 * Reads each chunk on this thread when it is requested. The bytes are still in this core's cache
 * when they are used, and no thread waits for another.
 */
async function* blockingChunks(
  fs: FileSystem,
  file: OpenFile,
  nextBuffer: NextBuffer,
): AsyncGenerator<Uint8Array> {
  let position = file.start ?? 0;
  const turns = new EventLoopTurns();
  try {
    for (;;) {
      const chunk = readNow(fs, file, nextBuffer(position), position);
      if (chunk.length === 0) {
        if (position < file.size) throw shrunk(file.size, position);
        return;
      }
      position += chunk.length;
      yield chunk;
      if (turns.due()) await turns.take();
    }
  } finally {
    closeFile(fs, file);
  }
}

/**
 * Reads on threads of the host.
 * @param depth number of reads that are in progress while a chunk is in use. With 0, a chunk is
 *   read when it is requested, because `nextBuffer` may return the memory of the current chunk
 */
async function* readAhead(
  fs: FileSystem,
  file: OpenFile,
  depth: number,
  nextBuffer: NextBuffer,
  ending: { readonly early: boolean },
): AsyncGenerator<Uint8Array> {
  const ahead: Read[] = [];
  let started = file.start;
  let taken = file.start;
  const start = (): void => {
    const target = nextBuffer(started);
    const done = read(fs, file, target, started, ending);
    done.catch(() => {}); // A failure is thrown when it is awaited.
    ahead.push({ wanted: target.length, done });
    if (started !== null) started += target.length;
  };
  try {
    for (;;) {
      while (ahead.length < Math.max(depth, 1)) start();
      const { wanted, done } = ahead[0];
      const chunk = await done;
      ahead.shift();
      if (chunk.length === 0) {
        if (taken !== null && taken < file.size) throw shrunk(file.size, taken);
        return;
      }
      if (taken !== null) taken += chunk.length;
      if (chunk.length < wanted && started !== null) {
        // After a short read, the reads that follow it have started at wrong positions.
        await Promise.allSettled(ahead.splice(0).map((other) => other.done));
        started = taken;
      }
      while (ahead.length < depth) start();
      yield chunk;
    }
  } finally {
    if (file.own) {
      await Promise.allSettled(ahead.map(({ done }) => done));
      closeFile(fs, file);
    }
  }
}

function readNow(fs: FileSystem, file: OpenFile, target: Uint8Array, position: number): Uint8Array {
  try {
    const count = fs.readSync(file.descriptor, target, 0, target.length, position);
    return count === target.length ? target : target.subarray(0, count);
  } catch (error) {
    throw fileError(error, file.uri);
  }
}

function read(
  fs: FileSystem,
  file: OpenFile,
  target: Uint8Array,
  position: number | null,
  ending: { readonly early: boolean },
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    fs.read(file.descriptor, target, 0, target.length, position, (error, count) => {
      if (error === null) resolve(count === target.length ? target : target.subarray(0, count));
      else if (error.code === 'EOF' || ending.early) resolve(target.subarray(0, 0));
      else if (error.code === 'EAGAIN')
        setTimeout(() => resolve(read(fs, file, target, position, ending)), AGAIN_MS);
      else reject(fileError(error, file.uri));
    });
  });
}

function closeFile(fs: FileSystem, { descriptor, own, onClose }: OpenFile): void {
  if (!own) return;
  onClose?.();
  fs.closeSync(descriptor);
}
