import type { ErrorPlace, RecordpipeError } from '../../errors.ts';
import { type Findings, placed } from '../corruption.ts';
import type { OnProgress, RecordSource, WalkCounts } from '../record-format.ts';
import type { RecordIOOptions } from './options.ts';
import { PARTS_BAD, PARTS_WANTED, RecordParts } from './parts.ts';
import type { RecordIOScanner } from './scanner.ts';

/**
 * Scans strictly and in constant memory. One kernel call scans all whole single-part records of a
 * chunk. Multipart records and records that span chunks are followed part by part.
 */
export async function walkRecordIO(
  opened: RecordSource,
  options: RecordIOOptions,
  scanner: RecordIOScanner,
  findings: Findings,
  onProgress: OnProgress,
): Promise<WalkCounts> {
  const walk = new Walk(options, scanner, findings, opened);
  try {
    for await (const chunk of opened.chunks) {
      onProgress?.(opened.stored.bytes);
      walk.check(chunk);
      walk.checkSize();
    }
    walk.end();
  } catch (error) {
    findings.addOrThrow(placed(error, walk.place));
  }
  const { records, payloadBytes, warnings } = walk;
  return { records, payloadBytes, trailingBytes: 0, warnings, next: walk.place };
}

class Walk {
  /** Number of valid records so far. */
  records = 0;
  payloadBytes = 0;
  /** Number of warnings: 1 for an accepted last record without padding. */
  warnings = 0;
  readonly #options: RecordIOOptions;
  readonly #scanner: RecordIOScanner;
  readonly #findings: Findings;
  readonly #source: RecordSource;
  readonly #parts: RecordParts;
  /** Position of the current record in the stream. */
  #offset: number;
  /** Number of the first record. */
  readonly #from: number;
  #skipped = 0;

  constructor(options: RecordIOOptions, scanner: RecordIOScanner, findings: Findings, source: RecordSource) {
    this.#options = options;
    this.#scanner = scanner;
    this.#findings = findings;
    this.#source = source;
    this.#parts = new RecordParts(options);
    const { offset = 0, record = 0 } = source.start ?? {};
    this.#offset = offset;
    this.#from = record;
  }

  get place(): ErrorPlace {
    const { uri, compression } = this.#source;
    const record = this.#from + this.records + this.#skipped;
    return { uri, compressed: compression !== 'none', record, offset: this.#offset };
  }

  /**
   * Checks the records of the next chunk.
   * @throws RecordpipeError if damage hides the position of the next record
   */
  check(chunk: Uint8Array): void {
    const parts = this.#parts;
    let at = 0;
    while (at < chunk.length) {
      if (parts.seen === 0) at = this.#scan(chunk, at);
      at = parts.feed(chunk, at, chunk.length);
      if (parts.status !== PARTS_WANTED) this.#finish();
    }
  }

  /**
   * Checks that the stream is long enough for the current record.
   * @throws RecordpipeError `truncated-record` if it is too short
   */
  checkSize(): void {
    const { size } = this.#source;
    const { seen, missingPayload } = this.#parts;
    if (size === undefined || seen === 0) return;
    const have = size() - this.#offset;
    if (seen + missingPayload > have) throw this.#parts.endError(this.place, have) as RecordpipeError;
  }

  /**
   * Marks the end of the stream.
   * @throws RecordpipeError if the stream ends within a record
   */
  end(): void {
    const parts = this.#parts;
    if (parts.seen === 0) return;
    const error = parts.endError(this.place);
    if (error === undefined) {
      this.warnings = 1;
      this.#count();
    } else if (error.code !== 'truncated-header' || this.#options.onTruncated === 'error') throw error;
  }

  #scan(chunk: Uint8Array, from: number): number {
    const { maxRecordBytes, strictPadding } = this.#options;
    this.#scanner.scan(chunk, from, chunk.length, maxRecordBytes, strictPadding, false);
    const { count, position, payloadBytes } = this.#scanner.result;
    this.records += count;
    this.payloadBytes += payloadBytes;
    this.#offset += position - from;
    return position;
  }

  /** Finishes the current record, which is whole or invalid. */
  #finish(): void {
    const parts = this.#parts;
    const error = parts.error(this.place);
    if (error === undefined) this.#count();
    else if (parts.status === PARTS_BAD) throw error;
    else {
      this.#findings.add(error);
      this.#skipped++;
    }
    this.#offset += parts.seen;
    parts.begin();
  }

  #count(): void {
    this.records++;
    this.payloadBytes += this.#parts.length;
  }
}
