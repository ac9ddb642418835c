import { fstatSync } from 'node:fs';
import { fileError } from '../bytes/file-errors.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { recordFormat } from '../records/formats.ts';
import { identifySource } from '../records/identify-source.ts';
import { reusedChunkBytes } from '../records/read-options.ts';
import type { FormatName } from '../records/record-format.ts';
import { type RecordScan, scanSource } from '../records/scan-source.ts';
import { type FileTask, storedBytes, type Watch } from './file-task.ts';

/** What was found in a file. */
export type Examined = Omit<RecordScan, 'payloadBytes' | 'trailingBytes'>;

/** Small files need small buffers only: they are what checking thousands of them spends its time and memory on. */
const MIN_CHUNK_BYTES = 64 * 1024;
/** From this size on, reading ahead on another core gains more than waking its thread costs. */
const AHEAD_FROM_BYTES = 8 * 1024 * 1024;

/** Finds out what a file is, and validates or counts its records. @param path `-` for standard input */
export async function examineFile(
  path: string,
  uri: string,
  task: FileTask,
  watch: Watch,
): Promise<Examined> {
  const size = path === '-' ? 0 : storedBytes(path);
  const blocking = task.blocking && !(task.alone && size >= AHEAD_FROM_BYTES);
  const chunkBytes = Math.min(Math.max(size, MIN_CHUNK_BYTES), reusedChunkBytes(blocking));
  const { reading } = task;
  const { format = 'auto', compression = 'auto' } = reading;
  const source = path === '-' ? standardInput() : path;
  const { signal, onProgress } = watch;
  const found =
    format === 'auto'
      ? await identifySource(source, { format, compression, chunkBytes, blocking, uri, signal })
      : { format, compression, source };
  const hops = size > 0 ? await countByHops(path, uri, found, task, watch) : undefined;
  if (hops !== undefined) return hops;
  const scanned = await scanSource(recordFormat(found.format), found.source, {
    ...reading,
    ...(task.check === 'count' && COUNTING),
    uri,
    compression: found.compression,
    maxErrors: task.maxErrors,
    blocking,
    chunkBytes,
    signal,
    onProgress,
  });
  // A scan ends early at damage: the size of the file is known all the same.
  const bytes = path === '-' ? scanned.bytes : Math.max(scanned.bytes, storedBytes(path));
  return { ...scanned, bytes };
}

/** What counting does not look at. */
const COUNTING = { checksum: 'length', strictPadding: false } as const;

async function countByHops(
  path: string,
  uri: string,
  found: { readonly format: FormatName; readonly compression: RecordScan['compression'] | 'auto' },
  task: FileTask,
  watch: Watch,
): Promise<Examined | undefined> {
  const { format, compression } = found;
  if (task.check !== 'count' || format === 'textline') return undefined;
  if (compression !== 'none' && compression !== 'auto') return undefined;
  const { hopCount } = await import('./hop-count.ts');
  const hops = await hopCount(path, { ...task.reading, format, compression }, watch);
  return hops && { ...hops, uri, format, compression: 'none', errors: [], errorCount: 0, warnings: 0 };
}

/** A pipe is read by the event loop, so that waiting for its writer keeps neither a thread nor the end of the process waiting. */
function standardInput(): ByteSource {
  try {
    return fstatSync(0).isFile() ? '-' : process.stdin;
  } catch (error) {
    throw fileError(error, '<stdin>');
  }
}
