import { FILE_BUFFERS } from '../bytes/file-buffers.ts';
import type { ByteSource } from '../bytes/sources.ts';
import type { RecordpipeError } from '../errors.ts';
import { ownTFRecordScanner } from '../framing/tfrecord-scanner.ts';
import { openTFRecordSource } from './compression.ts';
import { type Compression, readOptions, reusedChunkBytes, type TFRecordReadOptions } from './read-options.ts';
import { Findings, searchFrames, walkFrames } from './scan-frames.ts';

/** How a source is scanned: the options of reading that concern checking, and what is told while it runs. */
export interface TFRecordScanOptions
  extends Omit<
    TFRecordReadOptions,
    'reuse' | 'onCorrupt' | 'maxCorruptedRecordsToSkip' | 'maxCorruptedTotal'
  > {
  /** How many findings are kept in `errors`; all are counted. Default 100. */
  readonly maxErrors: number;
  /** Told now and then how many stored bytes have been read. */
  readonly onProgress: ((bytes: number) => void) | undefined;
}

/** What a scan found. */
export interface TFRecordScan {
  readonly uri: string | undefined;
  readonly compression: Compression;
  /** Good records. */
  readonly records: number;
  /** Payload bytes of good records. */
  readonly payloadBytes: number;
  /** Bytes read, as stored: compressed bytes of a compressed file. */
  readonly bytes: number;
  /** The first `maxErrors` findings, in file order. */
  readonly errors: readonly RecordpipeError[];
  /** All findings. */
  readonly errorCount: number;
  /** Bytes after the last record that the `trailing` option accepted. */
  readonly trailingBytes: number;
}

/**
 * Checks every record of a source without handing out any: at several gigabytes a second, in constant memory whatever the size
 * of the file or of a record (one record is held where `recover`, `trailing` or `payloadCrc` differ from their defaults).
 *
 * Damage is a finding, not an exception: a record with a wrong payload checksum is noted and the scan goes on behind it; after damage to a
 * header, or a cut, nothing behind it can be trusted and the scan ends, unless `recover: 'scan'`.
 *
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source`, `aborted`
 * @example
 * ```ts
 * import { encodeTFRecord, scanTFRecords } from 'recordpipe';
 * const { records, errors } = await scanTFRecords([encodeTFRecord(new Uint8Array(3))]);
 * console.log(records, errors.length); // 1 0
 * ```
 */
export async function scanTFRecords(
  source: ByteSource,
  given: Partial<TFRecordScanOptions> = {},
): Promise<TFRecordScan> {
  const { maxErrors = 100, onProgress, ...reading } = given;
  const options = readOptions({ chunkBytes: reusedChunkBytes(reading.blocking), ...reading });
  const lenient =
    options.recover !== 'none' || options.trailing !== 'error' || options.payloadCrc !== 'crc32c';
  // A strict scan is done with a chunk before it asks for the next: where none is read ahead, one buffer does, and stays in the cache.
  const own = ownTFRecordScanner(options.chunkBytes, options.blocking && !lenient ? 1 : FILE_BUFFERS);
  const opened = await openTFRecordSource(source, options, own.nextBuffer);
  const findings = new Findings(maxErrors);
  const counts = await (lenient ? searchFrames : walkFrames)(
    opened,
    options,
    own.scanner,
    findings,
    onProgress,
  );
  return {
    uri: opened.uri,
    compression: opened.compression,
    ...counts,
    bytes: opened.stored.bytes,
    errors: findings.first,
    errorCount: findings.count,
  };
}
