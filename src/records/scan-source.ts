import type { ByteSource } from '../bytes/sources.ts';
import { FILE_BUFFERS } from '../bytes/sources.ts';
import type { RecordpipeError } from '../errors.ts';
import type { RecordBatch } from '../formats/batch.ts';
import type { CodecOptions, Compression } from '../formats/codec-options.ts';
import { Findings, newReadStats, placed } from '../formats/corruption.ts';
import type { FormatName } from '../formats/names/index.ts';
import type {
  OnProgress,
  OwnScanning,
  RecordCodec,
  RecordFormat,
  RecordSource,
  ScanCounts,
} from '../formats/record-format.ts';
import { putScanning, takeScanning } from './own-scanning.ts';
import type { PeekedSource } from './peeked-source.ts';
import { readOptions, reusedChunkBytes, type SourceOptions } from './read-options.ts';
import { openRecordSource } from './record-source.ts';

/**
 * Returns an object with the names of all options that a scan accepts. Reading options that do not
 * affect a scan are accepted, so that they can be shared with a reader.
 * @param defaults the reading options of the format
 */
export function scanNames(defaults: object): object {
  const { start: _start, ...names } = defaults as { start?: unknown };
  return { ...names, maxErrors: true, onProgress: true };
}

/** Options for scanning a source: the reading options that affect checking, and callbacks. */
export type ScanOptions<O extends CodecOptions> = Omit<
  O & SourceOptions,
  'reuse' | 'copy' | 'start' | 'onCorrupt' | 'maxCorruptedRecordsToSkip' | 'maxCorruptedTotal'
> & {
  /** Maximum number of findings in `errors`; all findings are counted. Default 100. */
  readonly maxErrors: number;
  /** Called periodically with the number of stored bytes read so far. */
  readonly onProgress: OnProgress;
  /** Called immediately with each finding that is kept. */
  readonly onFinding: ((error: RecordpipeError) => void) | undefined;
};

/** The result of a scan. */
export interface RecordScan extends ScanCounts {
  readonly uri: string | undefined;
  readonly format: FormatName;
  readonly compression: Compression;
  /** Number of valid records. */
  readonly records: number;
  /** Number of payload bytes of valid records. */
  readonly payloadBytes: number;
  /** Number of stored bytes read: for a compressed file, the compressed bytes. */
  readonly bytes: number;
  /** The first `maxErrors` findings, in file order. */
  readonly errors: readonly RecordpipeError[];
  /** Total number of findings. */
  readonly errorCount: number;
  /** Number of bytes after the last record that the `trailing` option accepted. */
  readonly trailingBytes: number;
  /**
   * Number of accepted irregularities that lose no data: a last line without a delimiter, or a last
   * RecordIO record without padding.
   */
  readonly warnings: number;
  /** Number of zlib streams after the first one; missing if there are none. */
  readonly nextStreams?: number;
}

/** Called with the valid records of a scan. The batch is valid only until the call returns. */
export type OnBatch = ((batch: RecordBatch, format: FormatName) => void) | undefined;

/**
 * Checks every record of a source without returning any. Passes batches to `onBatch`, if it is
 * given.
 * @param format a codec, or a format whose codec is imported
 */
export async function scanSource<O extends CodecOptions>(
  format: RecordFormat<O> | RecordCodec<O>,
  source: ByteSource | PeekedSource,
  given: Partial<ScanOptions<O>> = {},
  onBatch?: OnBatch,
): Promise<RecordScan> {
  const { maxErrors = 100, onProgress, onFinding, ...reading } = given as Partial<ScanOptions<CodecOptions>>;
  const options = readOptions(format, {
    chunkBytes: reusedChunkBytes(reading.blocking),
    ...format.scanDefaults,
    ...reading,
  } as Partial<O & SourceOptions>);
  const codec = 'codec' in format ? await format.codec() : format;
  const name = codec.name as FormatName;
  const lenient = onBatch !== undefined || (codec.lenient?.(options) ?? true);
  // A strict scan finishes a chunk before it requests the next one. Without read-ahead, one buffer
  // is enough, and it stays in the cache. A decoder needs the previous chunk for a record that
  // spans two chunks.
  const buffers = options.blocking ? (lenient ? 2 : 1) : FILE_BUFFERS;
  const own = takeScanning(codec, options.chunkBytes, buffers);
  const opened = await openRecordSource(source, options, codec.detectCompression, own.nextBuffer);
  const findings = new Findings(maxErrors, onFinding);
  const batches = onBatch && ((batch: RecordBatch) => onBatch(batch, name));
  const counts =
    lenient || own.walk === undefined
      ? await search(own, opened, options, findings, onProgress, batches)
      : await own.walk(opened, options, findings, onProgress);
  // The file was read to its end, so all reads have been awaited.
  if (typeof source === 'string' && findings.count === 0)
    putScanning(codec, options.chunkBytes, buffers, own);
  return {
    uri: opened.uri,
    format: name,
    compression: opened.compression,
    records: counts.records,
    payloadBytes: counts.payloadBytes,
    bytes: opened.stored.bytes,
    errors: findings.first,
    errorCount: findings.count,
    trailingBytes: counts.trailingBytes,
    warnings: counts.warnings ?? 0,
    ...(opened.nextStreams?.count && { nextStreams: opened.nextStreams.count }),
  };
}

/**
 * Scans with the decoder that readers use, which holds one record at a time. Used for lenient
 * options and for inspecting records.
 */
async function search<O extends CodecOptions>(
  own: OwnScanning<O>,
  opened: RecordSource,
  options: O,
  findings: Findings,
  onProgress: OnProgress,
  onBatch: ((batch: RecordBatch) => void) | undefined,
): Promise<ScanCounts> {
  const noting = {
    ...options,
    reuse: true,
    maxCorruptedRecordsToSkip: Number.POSITIVE_INFINITY,
    onCorrupt: (error: RecordpipeError) => findings.add(error),
  };
  const source = { uri: opened.uri, size: opened.size, compressed: opened.compression !== 'none' };
  const decoder = own.decoder(noting, source, newReadStats());
  const drain = (): void => {
    for (let batch = decoder.next(); batch !== null; batch = decoder.next()) onBatch?.(batch);
  };
  try {
    for await (const chunk of opened.chunks) {
      onProgress?.(opened.stored.bytes);
      decoder.push(chunk);
      drain();
      if (decoder.ended) break;
    }
    decoder.end();
    drain();
  } catch (error) {
    findings.addOrThrow(placed(error, decoder.place));
  }
  return decoder.stats;
}
