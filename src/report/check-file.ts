import { fstatSync, statSync } from 'node:fs';
import { fileError } from '../bytes/file-errors.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { isRecordpipeError, type RecordpipeError } from '../errors.ts';
import { reusedChunkBytes } from '../records/read-options.ts';
import type { RecordScan } from '../records/scan-source.ts';
import { scanTFRecords } from '../records/scan-tfrecords.ts';
import type { CheckedReading } from './report-options.ts';
import type { FileReport } from './validate-report.ts';

/** What is done to each file; can be sent to a worker. */
export interface FileTask {
  /** `count` verifies the length checksums only. */
  readonly check: 'validate' | 'count';
  readonly maxErrors: number;
  /** Whether the thread that checks also reads. */
  readonly blocking: boolean;
  /** Whether it is the only job, so that another core is free to read ahead for it. */
  readonly alone?: boolean | undefined;
  readonly reading: CheckedReading;
}

/** Who watches while a file is checked. */
export interface Watch {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** Small files need small buffers only: they are what checking thousands of them spends its time and memory on. */
const MIN_CHUNK_BYTES = 64 * 1024;
/** From this size on, reading ahead on another core gains more than waking its thread costs. */
const AHEAD_FROM_BYTES = 8 * 1024 * 1024;

/**
 * Checks one file. What is wrong with it, and what keeps it from being read, is in the report.
 * @throws RecordpipeError `aborted`
 */
export async function checkFile(path: string, task: FileTask, watch: Watch): Promise<FileReport> {
  const start = performance.now();
  const seconds = (): number => Math.round((performance.now() - start) * 1000) / 1e6;
  const uri = path === '-' ? '<stdin>' : path;
  try {
    const found = (await countByHops(path, task, watch)) ?? (await scan(path, uri, task, watch));
    const { compression, records, bytes, errors, errorCount } = found;
    return {
      uri,
      format: 'tfrecord',
      compression,
      ok: errorCount === 0,
      records,
      bytes,
      seconds: seconds(),
      errors: errors.map((error) => error.toJSON()),
      errorCount,
      unreadable: false,
    };
  } catch (error) {
    if (!isRecordpipeError(error) || error.code === 'aborted') throw error;
    const { compression } = task.reading;
    return unreadableFile(uri, error, {
      seconds: seconds(),
      compression: compression === 'auto' ? null : compression,
    });
  }
}

/** The report of a file that could not be read. */
export function unreadableFile(
  uri: string,
  error: RecordpipeError,
  known: Partial<Pick<FileReport, 'seconds' | 'compression'>> = {},
): FileReport {
  return {
    uri,
    format: 'tfrecord',
    compression: known.compression ?? null,
    ok: false,
    records: 0,
    bytes: storedBytes(uri),
    seconds: known.seconds ?? 0,
    errors: [error.toJSON()],
    errorCount: 1,
    unreadable: true,
  };
}

/** Size of a regular file as stored; 0 for everything else. */
export function storedBytes(path: string): number {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isFile() ? stat.size : 0;
  } catch {
    return 0;
  }
}

type Found = Pick<RecordScan, 'compression' | 'records' | 'bytes' | 'errors' | 'errorCount'>;

async function countByHops(path: string, task: FileTask, watch: Watch): Promise<Found | undefined> {
  if (task.check !== 'count' || path === '-') return undefined;
  const { hopCount } = await import('./hop-count.ts');
  const hops = storedBytes(path) > 0 ? await hopCount(path, task.reading, watch) : undefined;
  return hops && { ...hops, compression: 'none', errors: [], errorCount: 0 };
}

async function scan(path: string, uri: string, task: FileTask, watch: Watch): Promise<Found> {
  const size = path === '-' ? 0 : storedBytes(path);
  const blocking = task.blocking && !(task.alone && size >= AHEAD_FROM_BYTES);
  const found = await scanTFRecords(path === '-' ? standardInput() : path, {
    ...task.reading,
    uri,
    checksum: task.check === 'count' ? 'length' : 'full',
    maxErrors: task.maxErrors,
    blocking,
    chunkBytes: Math.min(Math.max(size, MIN_CHUNK_BYTES), reusedChunkBytes(blocking)),
    signal: watch.signal,
    onProgress: watch.onProgress,
  });
  // A scan ends early at damage: the size of the file is known all the same.
  const bytes = path === '-' ? found.bytes : Math.max(found.bytes, storedBytes(path));
  return { ...found, bytes };
}

/** A pipe is read by the event loop, so that waiting for its writer keeps neither a thread nor the end of the process waiting. */
function standardInput(): ByteSource {
  try {
    return fstatSync(0).isFile() ? '-' : process.stdin;
  } catch (error) {
    throw fileError(error, '<stdin>');
  }
}
