import { DATA_ERROR_CODES, type ErrorPlace, isRecordpipeError, type RecordpipeError } from '../errors.ts';
import { CHECK_DATA, CHECK_LENGTH, DATA_CHECKSUM, type FrameScanner } from '../framing/frame-scan.ts';
import { scanError, truncatedHeader, truncatedRecord } from '../framing/tfrecord-errors.ts';
import { OVERHEAD_BYTES } from '../framing/tfrecord-layout.ts';
import { placed, type TFRecordSource } from './compression.ts';
import { FrameChecker } from './frame-checker.ts';
import type { TFRecordReadOptions } from './read-options.ts';
import { TFRecordDecoder } from './tfrecord-decoder.ts';

/** What was counted on the way. */
export interface ScanCounts {
  readonly records: number;
  readonly payloadBytes: number;
  readonly trailingBytes: number;
}

/** Errors found: the first are kept, all are counted. */
export class Findings {
  readonly first: RecordpipeError[] = [];
  count = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(error: RecordpipeError): void {
    if (this.first.length < this.#most) this.first.push(error);
    this.count++;
  }

  /** Damage is a finding; what kept the bytes from being read is thrown. */
  addOrThrow(error: unknown): void {
    if (!isRecordpipeError(error) || !DATA_ERROR_CODES.has(error.code)) throw error;
    this.add(error);
  }
}

type Progress = ((bytes: number) => void) | undefined;

/** Strict: walks from frame to frame, checking what is not whole in one chunk piece by piece. Memory is constant. */
export async function walkFrames(
  opened: TFRecordSource,
  options: TFRecordReadOptions,
  scanner: FrameScanner,
  findings: Findings,
  onProgress: Progress,
): Promise<ScanCounts> {
  const { checksum, maxRecordBytes } = options;
  const { result } = scanner;
  const checks = checksum === 'full' ? CHECK_LENGTH | CHECK_DATA : checksum === 'length' ? CHECK_LENGTH : 0;
  const checker = new FrameChecker(scanner, checks, maxRecordBytes);
  let passedOver = 0;
  const place = (): ErrorPlace => ({
    uri: opened.uri,
    compressed: opened.compression !== 'none',
    record: checker.records + passedOver,
    offset: checker.offset,
  });

  try {
    for await (const chunk of opened.chunks) {
      onProgress?.(opened.stored.bytes);
      for (let bad = checker.check(chunk, 0); bad !== undefined; bad = checker.check(chunk, bad.next)) {
        const error = scanError(result, maxRecordBytes, bad.head, place());
        if (result.stop !== DATA_CHECKSUM) throw error;
        findings.add(error);
        passedOver++;
        checker.passOver();
      }
      if (checker.insideFrame && opened.size !== undefined) {
        const have = opened.size() - checker.offset;
        if (have < checker.length + OVERHEAD_BYTES) throw truncatedRecord(checker.length, have, place());
      }
    }
    if (checker.insideFrame) throw truncatedRecord(checker.length, checker.seen, place());
    if (checker.seen > 0 && options.onTruncated === 'error') throw truncatedHeader(checker.seen, place());
  } catch (error) {
    findings.addOrThrow(placed(error, place()));
  }
  return { records: checker.records, payloadBytes: checker.payloadBytes, trailingBytes: 0 };
}

/** With all leniencies: through the decoder that readers use, which holds one record at a time. */
export async function searchFrames(
  opened: TFRecordSource,
  options: TFRecordReadOptions,
  scanner: FrameScanner,
  findings: Findings,
  onProgress: Progress,
): Promise<ScanCounts> {
  const noting: TFRecordReadOptions = {
    ...options,
    reuse: true,
    maxCorruptedRecordsToSkip: Number.POSITIVE_INFINITY,
    onCorrupt: (error) => findings.add(error),
  };
  const source = { uri: opened.uri, size: opened.size, compressed: opened.compression !== 'none' };
  const decoder = new TFRecordDecoder(noting, source, undefined, scanner);
  const drain = (): void => {
    while (decoder.next() !== null);
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
