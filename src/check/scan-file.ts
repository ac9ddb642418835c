import { fstatSync } from 'node:fs';
import type { ByteSource, OpenSource } from '../bytes/sources.ts';
import type { Compression } from '../formats/codec-options.ts';
import type { FormatName } from '../formats/names/index.ts';
import { recordFormat } from '../formats/registry.ts';
import { identifyPeeked, identifySource } from '../records/identify-source.ts';
import { PeekedSource } from '../records/peeked-source.ts';
import { defaultChunkBytes, type RecordReadOptions } from '../records/read-options.ts';
import { type OnBatch, type RecordScan, type ScanOptions, scanSource } from '../records/scan-source.ts';
import { fileError } from '../storage/local/file-errors.ts';
import { isRemote } from '../storage/registry.ts';
import { openStored } from '../storage/stored-source.ts';
import type { FileTask, Watch } from './file-checker.ts';
import { changedSincePlan, type FileInput, storedBytes, uriOf } from './file-input.ts';

/**
 * Minimum chunk size. Buffers dominate the time and memory of checking thousands of small files.
 */
export const MIN_CHUNK_BYTES: number = 64 * 1024;
/**
 * Size of the scanner's buffers for network data. They hold only records that span two chunks; the
 * chunks themselves are not copied.
 */
export const REMOTE_CHUNK_BYTES: number = 64 * 1024;
/**
 * Minimum file size for read-ahead on another core. For smaller files, waking the other thread
 * costs more than it saves. Read-ahead is used only if checksums keep this thread busy: walking
 * RecordIO headers and counting lines are too fast to benefit (0.8 GB of lines take 130 ms, or 167
 * ms with read-ahead).
 */
const AHEAD_FROM_BYTES = 8 * 1024 * 1024;

/** Detects the format of a file or object and scans all its records. */
export async function scanFile(
  input: FileInput,
  task: FileTask,
  watch: Watch,
  onBatch: OnBatch,
): Promise<RecordScan> {
  const opened = isRemote(input.path)
    ? await openRemote(input, task, watch)
    : await openLocal(input, task, watch, onBatch !== undefined);
  const { format, compression, source, blocking, chunkBytes, size } = opened;
  const options = { ...scanOptions(input, task, watch), compression, blocking, chunkBytes };
  const scanned = await scanSource(recordFormat(format), source, options, onBatch);
  // A scan stops early at damage, but the file size is known.
  return { ...scanned, bytes: Math.max(scanned.bytes, size()) };
}

/** Returns the scan options that do not depend on the kind of source. */
export function scanOptions(
  input: FileInput,
  { reading, check, maxErrors, look }: FileTask,
  { signal, onProgress, onFinding }: Watch,
): Partial<ScanOptions<RecordReadOptions>> {
  // Counting does not verify payloads, unless a filter reads them, or padding.
  const counting = { ...(look === undefined && { checksum: 'length' }), strictPadding: false } as const;
  return {
    ...reading,
    ...(check === 'count' && counting),
    uri: uriOf(input),
    maxErrors,
    signal,
    onProgress,
    onFinding,
  } as Partial<ScanOptions<RecordReadOptions>>;
}

/** A source of known format and compression, with its scanner. */
interface Opened {
  readonly format: FormatName;
  readonly compression: Compression | 'auto';
  readonly source: ByteSource | PeekedSource;
  readonly blocking: boolean;
  readonly chunkBytes: number;
  /** Returns the stored size; 0 if it is unknown. */
  readonly size: () => number;
}

/** Returns a source with its format and compression. */
export async function identified(
  source: ByteSource,
  input: FileInput,
  { reading, blocking }: FileTask,
  signal: AbortSignal | undefined,
): Promise<Pick<Opened, 'format' | 'compression' | 'source'>> {
  const { format = 'auto', compression = 'auto' } = reading;
  if (format !== 'auto') return { format, compression, source };
  const uri = uriOf(input);
  const chunkBytes = MIN_CHUNK_BYTES;
  return identifySource(source, {
    format,
    compression,
    chunkBytes,
    blocking,
    uri,
    objects: undefined,
    signal,
  });
}

async function openLocal(
  input: FileInput,
  task: FileTask,
  { signal, source: given, onSize }: Watch,
  examinesRecords: boolean,
): Promise<Opened> {
  const { path } = input;
  const stored = storedBytes(input);
  const found = await identified(given ?? (path === '-' ? standardInput(onSize) : path), input, task, signal);
  const ahead = task.alone && stored >= AHEAD_FROM_BYTES && recordFormat(found.format).hasChecksums;
  const blocking = task.blocking && !ahead;
  // Records that span two chunks are copied for examination. With small chunks, every fifth record
  // of 100 KB spans two chunks, which takes 50% longer.
  const maxChunkBytes = defaultChunkBytes(blocking && !examinesRecords);
  // Powers of two, so that files of different sizes use the same buffers one after another.
  const enough = 2 ** Math.ceil(Math.log2(Math.max(stored, MIN_CHUNK_BYTES)));
  const chunkBytes = Math.min(enough, maxChunkBytes);
  return { ...found, blocking, chunkBytes, size: () => storedBytes(input) };
}

async function openRemote(
  { path: uri, size, etag, frozen }: FileInput,
  { reading }: FileTask,
  { signal, onRetry, onSize }: Watch,
): Promise<Opened> {
  const { format = 'auto', compression = 'auto', objects } = reading;
  let changed = false;
  const onEvent = ({ type }: { readonly type: string }): void => {
    if (type === 'retry') onRetry?.();
    if (type === 'restarted') changed = true;
  };
  const opened = openStored(
    { uri, size, etag },
    { chunkBytes: REMOTE_CHUNK_BYTES },
    { objects, onEvent, reuse: true },
  );
  const source = new PeekedSource(frozen ? unlessChanged(opened, () => changed) : opened, signal);
  const known = format === 'auto' ? 'auto' : recordFormat(format);
  const found = await identifyPeeked(source, { format: known, compression, uri });
  const stored = (): number => {
    const bytes = found.size?.() ?? 0;
    return Number.isFinite(bytes) ? bytes : 0;
  };
  if (found.size !== undefined && Number.isFinite(found.size())) onSize?.(stored());
  return {
    format: found.format,
    compression: found.compression,
    source,
    blocking: false,
    chunkBytes: REMOTE_CHUNK_BYTES,
    size: stored,
  };
}

/**
 * Returns a source that fails if the object differs from its plan. A download that encounters
 * a different version restarts before its first byte is delivered.
 */
function unlessChanged(opened: OpenSource, changed: () => boolean): OpenSource {
  const chunks = opened.chunks[Symbol.asyncIterator]();
  const checked: AsyncIterator<Uint8Array> = {
    next: async () => {
      const step = await chunks.next();
      if (!changed()) return step;
      await chunks.return?.();
      throw changedSincePlan('object-changed', opened.uri!, 'the object was overwritten');
    },
    return: async () => (await chunks.return?.()) ?? { done: true, value: undefined },
  };
  return { ...opened, chunks: { [Symbol.asyncIterator]: () => checked } };
}

/**
 * Opens standard input. The event loop reads pipes, so that waiting for a writer blocks neither a
 * thread nor process exit.
 */
function standardInput(onSize: Watch['onSize']): ByteSource {
  try {
    const stat = fstatSync(0);
    if (stat.isFile()) onSize?.(stat.size);
    // For other file types, such as directories, process.stdin ends immediately, like an empty
    // file.
    const isStream = stat.isFIFO() || stat.isSocket() || stat.isCharacterDevice();
    return isStream ? process.stdin : '-';
  } catch (error) {
    throw fileError(error, '<stdin>');
  }
}
