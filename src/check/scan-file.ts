import { closeSync, fstatSync, openSync } from 'node:fs';
import { checkAborted } from '../bytes/abortable.ts';
import { fileError } from '../bytes/files/file-errors.ts';
import { isObjectUri } from '../bytes/object-uri.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { recordFormat } from '../formats/registry.ts';
import { identifySource } from '../records/identify-source.ts';
import { reusedChunkBytes } from '../records/read-options.ts';
import { type OnBatch, type RecordScan, scanSource } from '../records/scan-source.ts';
import { type FileInput, type FileTask, storedBytes, type Watch } from './file-task.ts';

/**
 * Opens a file for a quick way of counting it. Undefined where the system refuses anything: the scan then says what.
 * @throws RecordpipeError `aborted`
 */
export async function tryFile<T>(
  path: string,
  signal: AbortSignal | undefined,
  count: (file: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    return await count(file);
  } catch (error) {
    checkAborted(signal);
    if (error instanceof Error && 'syscall' in error) return undefined;
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Small files need small buffers only: they are what checking thousands of them spends its time and memory on. */
const MIN_CHUNK_BYTES = 64 * 1024;
/**
 * From this size on, reading ahead on another core gains more than waking its thread costs, where checksums keep this one busy. Walking RecordIO headers and
 * counting lines take so little that it costs: 0.8 GB of lines in 130 ms, 167 ms read ahead.
 */
const AHEAD_FROM_BYTES = 8 * 1024 * 1024;
/** What counting does not look at. */
const COUNTING = { checksum: 'length', strictPadding: false } as const;

/** Finds out what a file is, and walks through all its records. */
export async function scanFile(
  input: FileInput,
  uri: string,
  task: FileTask,
  watch: Watch,
  onBatch?: OnBatch,
): Promise<RecordScan> {
  const { path } = input;
  if (isObjectUri(path)) return (await import('./scan-object.ts')).scanObject(input, task, watch, onBatch);
  const { signal, onProgress, onFinding, source: given } = watch;
  const size = path === '-' ? 0 : storedBytes(input);
  const { format = 'auto', compression = 'auto' } = task.reading;
  const source = given ?? (path === '-' ? standardInput(watch.onSize) : path);
  const found =
    format === 'auto'
      ? await identifySource(source, {
          format,
          compression,
          chunkBytes: MIN_CHUNK_BYTES,
          blocking: task.blocking,
          uri,
          objects: undefined,
          signal,
        })
      : { format, compression, source };
  const ahead = task.alone && size >= AHEAD_FROM_BYTES && found.format === 'tfrecord';
  const blocking = task.blocking && !ahead;
  // Records that straddle two chunks are copied to be looked into: of 100 KB records in small chunks every fifth, and it took half as long again.
  const mostChunkBytes = reusedChunkBytes(blocking && onBatch === undefined);
  const chunkBytes = Math.min(Math.max(size, MIN_CHUNK_BYTES), mostChunkBytes);
  const options = {
    ...task.reading,
    ...(task.check === 'count' && COUNTING),
    uri,
    compression: found.compression,
    maxErrors: task.maxErrors,
    blocking,
    chunkBytes,
    signal,
    onProgress,
    onFinding,
  };
  const scanned = await scanSource(recordFormat(found.format), found.source, options, onBatch);
  // A scan ends early at damage: the size of the file is known all the same.
  const bytes = path === '-' ? scanned.bytes : Math.max(scanned.bytes, storedBytes(input));
  return { ...scanned, bytes };
}

/** A pipe is read by the event loop, so that waiting for its writer keeps neither a thread nor the end of the process waiting. */
function standardInput(onSize: Watch['onSize']): ByteSource {
  try {
    const stat = fstatSync(0);
    if (stat.isFile()) onSize?.(stat.size);
    // For other kinds, such as directories, Node's process.stdin is a stream that ends at once, which would look like an empty file.
    const isStream = stat.isFIFO() || stat.isSocket() || stat.isCharacterDevice();
    return isStream ? process.stdin : '-';
  } catch (error) {
    throw fileError(error, '<stdin>');
  }
}
