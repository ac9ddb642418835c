import { hostModule, requireHostModule } from '../../bytes/host.ts';
import type { ChunkReading, OpenSource } from '../../bytes/sources.ts';
import { RecordpipeError } from '../../errors.ts';
import { fifoChunks } from './fifo-chunks.ts';
import { fileChunks } from './file-chunks.ts';
import { fileError } from './file-errors.ts';

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
    throw new RecordpipeError('unsupported-source', 'is a directory; name the files in it', { uri });
  }
  const regular = own && stat.isFile();
  let { size } = stat;
  let open = true;
  // Whoever is still busy with a chunk when the file is closed, by an abort, asks once more.
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

/** A named pipe. Opened without waiting for its writer, which would hold up the thread. */
function openFifo(
  fs: typeof import('node:fs'),
  path: string | URL,
  uri: string,
  reading: ChunkReading,
): OpenSource {
  try {
    const descriptor = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    return { uri, size: undefined, chunks: fifoChunks(descriptor, uri, reading) };
  } catch (error) {
    throw fileError(error, uri);
  }
}

function isFifo(fs: typeof import('node:fs'), path: string | URL): boolean {
  try {
    return fs.statSync(path).isFIFO();
  } catch {
    return false; // opening it says what is wrong
  }
}

function statOf(fs: typeof import('node:fs'), descriptor: number, uri: string): import('node:fs').Stats {
  try {
    return fs.fstatSync(descriptor);
  } catch (error) {
    throw fileError(error, uri);
  }
}

/** @throws RecordpipeError `unsupported-source` for an address that is not of a file */
function pathOf(source: string | URL | number): string | URL {
  if (typeof source === 'number') return String(source);
  const scheme = source instanceof URL ? source.protocol : /^([a-z][a-z\d+.-]+:)\/\//i.exec(source)?.[1];
  if (scheme === undefined) return source;
  if (scheme === 'file:') return new URL(source);
  const next = /^https?:$/i.test(scheme)
    ? 'pass the Response: await fetch(url)'
    : 'pass a stream of its bytes, or download the file';
  throw new RecordpipeError('unsupported-source', `cannot open ${scheme} addresses; ${next}`, {
    uri: String(source),
  });
}

/** The beginning of a file, and how long the file is. */
export interface FileHead {
  readonly head: Uint8Array;
  readonly size: number;
}

/**
 * The first `bytes` bytes of a regular file. Undefined for everything that is none or cannot be opened: what it is, or what is wrong with it, is
 * found when it is read.
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
