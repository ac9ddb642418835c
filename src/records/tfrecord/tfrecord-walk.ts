import type { ErrorPlace } from '../../errors.ts';
import { CHECK_DATA, CHECK_LENGTH, DATA_CHECKSUM, type FrameScanner } from '../../framing/frame-scan.ts';
import { scanError, truncatedHeader, truncatedRecord } from '../../framing/tfrecord-errors.ts';
import { OVERHEAD_BYTES } from '../../framing/tfrecord-layout.ts';
import type { Findings } from '../findings.ts';
import type { OnProgress, ScanCounts } from '../record-format.ts';
import { placed, type RecordSource } from '../record-source.ts';
import { FrameChecker } from './tfrecord-checker.ts';
import type { TFRecordReadOptions } from './tfrecord-options.ts';

/** Strict: walks from frame to frame, checking what is not whole in one chunk piece by piece. Memory is constant. */
export async function walkTFRecords(
  opened: RecordSource,
  options: TFRecordReadOptions,
  scanner: FrameScanner,
  findings: Findings,
  onProgress: OnProgress,
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
