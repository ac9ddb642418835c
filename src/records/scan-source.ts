import type { ByteSource } from '../bytes/sources.ts';
import { FILE_BUFFERS } from '../bytes/sources.ts';
import type { ErrorCode, ErrorPlace, RecordpipeError } from '../errors.ts';
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
  WalkCounts,
} from '../formats/record-format.ts';
import { isRemote } from '../storage/stored-source.ts';
import { putScanning, takeScanning } from './own-scanning.ts';
import { PeekedSource } from './peeked-source.ts';
import { readOptions, type SourceOptions } from './read-options.ts';
import { openRecordSource, wholeSource } from './record-source.ts';

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
  /** Name of the source. */
  readonly uri: string | undefined;
  /** Format of the source. */
  readonly format: FormatName;
  /** Compression of the whole source. */
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
  /**
   * Offset of the damage at which the scan stopped, because the position of the next record is then
   * unknown. The bytes after it were not checked; `recover: 'scan'` checks them. Missing if the scan
   * did not stop at such damage.
   */
  readonly stoppedAt?: number;
}

/** Called with the valid records of a scan. The batch is valid only until the call returns. */
export type OnBatch = ((batch: RecordBatch, format: FormatName) => void) | undefined;

/** The result of scanning a part of a source. */
export interface RangeScan extends RecordScan {
  /** Place of the first record that the scan did not finish, or of the next record. */
  readonly next: ErrorPlace;
  /** Number of findings because the stream ended where it did. */
  readonly atEnd: number;
  /** The last finding, even if `errors` does not list it. */
  readonly last: RecordpipeError | undefined;
}

/** The options of a scan that do not affect reading. */
type ScanWatch = {
  readonly [K in 'maxErrors' | 'onProgress' | 'onFinding']?: ScanOptions<CodecOptions>[K] | undefined;
};

/** A codec and complete reading options, which may serve many scans. */
export interface PreparedScan<O extends CodecOptions> {
  readonly codec: RecordCodec<O>;
  readonly options: O & SourceOptions;
}

/** Imports the codec of a format and completes its options. */
export async function prepareScan<O extends CodecOptions>(
  format: RecordFormat<O> | RecordCodec<O>,
  reading: Partial<O & SourceOptions>,
): Promise<PreparedScan<O>> {
  const options = readOptions(format, {
    ...format.scanDefaults,
    ...reading,
  });
  return { codec: 'codec' in format ? await format.codec() : format, options };
}

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
  const { maxErrors, onProgress, onFinding, ...reading } = given as Partial<ScanOptions<CodecOptions>>;
  const prepared = await prepareScan(format, reading as Partial<O & SourceOptions>);
  return scanPrepared(prepared, source, { maxErrors, onProgress, onFinding }, onBatch);
}

/** Like {@link scanSource}, but with prepared options. */
export async function scanPrepared<O extends CodecOptions>(
  prepared: PreparedScan<O>,
  source: ByteSource | PeekedSource,
  watch: ScanWatch,
  onBatch: OnBatch,
): Promise<RecordScan> {
  const { codec, options } = prepared;
  const open: OpenRange = (nextBuffer) =>
    source instanceof Uint8Array && options.compression === 'none'
      ? wholeSource(source, options.uri)
      : openRecordSource(source, options, codec.detectCompression, nextBuffer);
  const memory: ScanMemory = { buffered: usesBuffers(source), isFile: typeof source === 'string' };
  const { next: _, atEnd: __, last: ___, ...scan } = await scanOpened(prepared, open, watch, onBatch, memory);
  return scan;
}

/** Opens a source, which may be a part of a file, and reads it into the given memory if it can. */
export type OpenRange = (nextBuffer?: () => Uint8Array) => RecordSource | Promise<RecordSource>;

/** How a scan uses its buffers. */
export interface ScanMemory {
  /** Whether the source is read into the buffers. */
  readonly buffered: boolean;
  /**
   * Whether no read into the buffers is in progress after a scan without findings, because it read
   * the source to its end. The next scan may then reuse them.
   */
  readonly isFile: boolean;
}

/** Like {@link scanPrepared}, for a source that the caller opens. */
export async function scanOpened<O extends CodecOptions>(
  { codec, options }: PreparedScan<O>,
  open: OpenRange,
  { maxErrors = 100, onProgress, onFinding }: ScanWatch,
  onBatch: OnBatch,
  memory: ScanMemory,
): Promise<RangeScan> {
  const name = codec.name as FormatName;
  const lenient = onBatch !== undefined || (codec.lenient?.(options) ?? true);
  // A strict scan finishes a chunk before it requests the next one. Without read-ahead, one buffer
  // is enough, and it stays in the cache. A decoder needs the previous chunk for a record that
  // spans two chunks.
  const buffers = options.blocking ? (lenient ? 2 : 1) : FILE_BUFFERS;
  const own = memory.buffered ? takeScanning(codec, options.chunkBytes, buffers) : undefined;
  const opened = await open(own?.nextBuffer);
  const findings = new Findings(maxErrors, onFinding);
  const batches = onBatch && ((batch: RecordBatch) => onBatch(batch, name));
  const scanning = own ?? codec;
  const counts =
    lenient || scanning.walk === undefined
      ? await search(scanning, opened, options, findings, onProgress, batches)
      : await scanning.walk(opened, options, findings, onProgress);
  if (own !== undefined && memory.isFile && findings.count === 0)
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
    ...stopOf(findings.end, options.recover),
    next: counts.next,
    atEnd: counts.atEnd ?? 0,
    last: findings.last,
  };
}

/** Damage that hides the position of the next record, but after which `recover` can find one. */
const HIDES_NEXT: ReadonlySet<ErrorCode> = new Set([
  'length-checksum',
  'truncated-record',
  'bad-magic',
  'unexpected-part',
  'record-too-large',
]);

/** Returns where a scan stopped before its end, if `recover` would have continued it. */
function stopOf(
  end: RecordpipeError | undefined,
  recover: CodecOptions['recover'],
): Pick<RecordScan, 'stoppedAt'> {
  if (end?.offset === undefined || recover !== 'none' || !HIDES_NEXT.has(end.code)) return {};
  return { stoppedAt: end.offset };
}

/**
 * Reports whether a source is read into buffers of the scanner. Objects, streams and bytes have
 * memory of their own, and share one scanner, because a separate one takes longer than checking a
 * small object.
 */
function usesBuffers(source: ByteSource | PeekedSource): boolean {
  if (source instanceof PeekedSource) return source.usesBuffers;
  if (source instanceof Uint8Array) return false;
  if (typeof source === 'object' && source !== null && Symbol.asyncIterator in source) return false;
  return !isRemote(source);
}

/**
 * Scans with the decoder that readers use, which holds one record at a time. Used for lenient
 * options and for inspecting records.
 */
async function search<O extends CodecOptions>(
  scanning: Pick<OwnScanning<O>, 'decoder'>,
  opened: RecordSource,
  options: O,
  findings: Findings,
  onProgress: OnProgress,
  onBatch: ((batch: RecordBatch) => void) | undefined,
): Promise<WalkCounts> {
  const noting = {
    ...options,
    reuse: true,
    maxCorruptedRecordsToSkip: Number.POSITIVE_INFINITY,
    onCorrupt: (error: RecordpipeError) => findings.add(error),
  };
  const { uri, size, start } = opened;
  const source = { uri, size, start, compressed: opened.compression !== 'none' };
  const decoder = scanning.decoder(noting, source, newReadStats());
  const drain = (): void => {
    for (let batch = decoder.next(); batch !== null; batch = decoder.next()) onBatch?.(batch);
  };
  let atEnd = 0;
  try {
    for await (const chunk of opened.chunks) {
      onProgress?.(opened.stored.bytes);
      decoder.push(chunk);
      drain();
      if (decoder.ended) break;
    }
    const before = findings.count;
    decoder.end();
    drain();
    atEnd = findings.count - before;
  } catch (error) {
    findings.addOrThrow(placed(error, decoder.place));
  }
  return { ...decoder.stats, next: decoder.place, atEnd };
}
