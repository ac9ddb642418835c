import { readU32 } from '../../bytes/binary-data.ts';
import { isRecordpipeError, type RecordpipeError } from '../../errors.ts';
import { RecordBatch } from '../../formats/batch.ts';
import type { ReadStats } from '../../formats/corruption.ts';
import { RecordCursor } from '../../formats/cursor.ts';
import type { DecoderSource, RecordDecoder } from '../../formats/record-format.ts';
import {
  badMagic,
  FIRST,
  MIDDLE,
  PART_HEADER_BYTES,
  partBytes,
  partFlag,
  partLength,
  RECORDIO_MAGIC,
  recordTooLarge,
} from '../../formats/recordio/layout.ts';

/** Maximum number of records in a batch. */
const BATCH_RECORDS = 4096;

/**
 * Decodes RecordIO as `sagemaker_tensorflow` does. Only the magic number of a header is checked. A
 * record continues until a part has a flag other than 1 and 2, regardless of earlier flags. If the
 * stream ends inside a part, the missing bytes are replaced with zeros. If it ends between the
 * parts of a record, that record is lost.
 */
export class SageMakerRecordIODecoder implements RecordDecoder {
  readonly #cursor: RecordCursor;
  readonly #maxRecordBytes: number;
  /** Payloads of the current record's parts, and the offset of the record. */
  readonly #parts: Uint8Array[] = [];
  #partsAt = 0;
  #partsBytes = 0;
  #ended = false;

  constructor(maxRecordBytes: number, source: DecoderSource, stats: ReadStats) {
    this.#cursor = new RecordCursor(source, stats);
    this.#maxRecordBytes = maxRecordBytes;
  }

  get stats(): ReadStats {
    return this.#cursor.stats;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get place(): ReturnType<RecordCursor['place']> {
    return this.#cursor.place(this.#parts.length > 0 ? this.#partsAt : undefined);
  }

  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#cursor.window.push(chunk);
  }

  end(): void {
    this.#cursor.final = true;
  }

  next(): RecordBatch | null {
    try {
      return this.#next();
    } catch (error) {
      this.#ended = true;
      throw error;
    }
  }

  #next(): RecordBatch | null {
    const { window, final } = this.#cursor;
    for (;;) {
      if (this.#ended) return null;
      window.advance();
      if (this.#parts.length === 0) {
        const batch = this.#wholeRecords();
        if (batch !== null) return batch;
      }
      if (window.want(PART_HEADER_BYTES)) {
        const wanted = this.#partAt(window.at);
        if (window.want(wanted)) {
          const record = this.#takePart(wanted);
          if (record !== null) return record;
          continue;
        }
        // The last part may lack its padding.
        if (!final) return null;
      } else if (!final) return null;
      return this.#truncated();
    }
  }

  /**
   * Returns the complete single-part records at the start of the window as views, or null if there
   * are none.
   */
  #wholeRecords(): RecordBatch | null {
    const cursor = this.#cursor;
    const { bytes, at, end, base } = cursor.window;
    const index = new Uint32Array(
      2 * Math.min(BATCH_RECORDS, 1 + Math.floor((end - at) / PART_HEADER_BYTES)),
    );
    let count = 0;
    let payloadBytes = 0;
    let next = at;
    while (2 * count < index.length && next + PART_HEADER_BYTES <= end) {
      const word = readU32(bytes, next + 4);
      const length = partLength(word);
      const flag = partFlag(word);
      const whole = flag !== FIRST && flag !== MIDDLE && next + partBytes(length) <= end;
      if (!whole || readU32(bytes, next) !== RECORDIO_MAGIC || length > this.#maxRecordBytes) break;
      index[2 * count] = next + PART_HEADER_BYTES;
      index[2 * count + 1] = length;
      payloadBytes += length;
      count++;
      next += partBytes(length);
    }
    if (count === 0) return null;
    const first = cursor.record;
    cursor.window.at = next;
    cursor.count(count, payloadBytes);
    return new RecordBatch(bytes, index, count, first, base, PART_HEADER_BYTES);
  }

  /** Checks the header at `at`. @returns the size of its part in bytes */
  #partAt(at: number): number {
    const { bytes, end } = this.#cursor.window;
    if (readU32(bytes, at) !== RECORDIO_MAGIC)
      throw this.#badMagic(bytes.subarray(at, Math.min(end, at + 512)));
    const length = partLength(readU32(bytes, at + 4));
    this.#checkLimit(length);
    return partBytes(length);
  }

  /** Consumes a complete part. @returns the record if the part ends one */
  #takePart(wanted: number): RecordBatch | null {
    const { window } = this.#cursor;
    const { bytes, at } = window;
    const word = readU32(bytes, at + 4);
    const payload = bytes.subarray(at + PART_HEADER_BYTES, at + PART_HEADER_BYTES + partLength(word));
    return this.#add(payload, word, wanted);
  }

  /** Handles the end of the stream: either nothing remains, or a part that is padded with zeros. */
  #truncated(): RecordBatch | null {
    const { window } = this.#cursor;
    const have = window.unread;
    this.#ended = true;
    if (have === 0) return null;
    const rest = window.bytes.subarray(window.at, window.end);
    const header = new Uint8Array(PART_HEADER_BYTES);
    header.set(rest.subarray(0, PART_HEADER_BYTES));
    if (readU32(header, 0) !== RECORDIO_MAGIC) throw this.#badMagic(header);
    const word = readU32(header, 4);
    this.#checkLimit(partLength(word));
    const payload = new Uint8Array(partLength(word));
    payload.set(rest.subarray(PART_HEADER_BYTES, PART_HEADER_BYTES + payload.length));
    return this.#add(payload, word, have);
  }

  #add(payload: Uint8Array, word: number, taken: number): RecordBatch | null {
    const cursor = this.#cursor;
    const { window } = cursor;
    if (this.#parts.length === 0) this.#partsAt = window.position;
    // The payload is copied, because the buffer may be reused before the last part arrives.
    this.#parts.push(payload.slice());
    this.#partsBytes += payload.length;
    window.at += taken;
    const flag = partFlag(word);
    if (flag === FIRST || flag === MIDDLE) return null;
    const record = new Uint8Array(this.#partsBytes);
    let at = 0;
    for (const part of this.#parts) {
      record.set(part, at);
      at += part.length;
    }
    const first = cursor.record;
    this.#parts.length = 0;
    this.#partsBytes = 0;
    cursor.count(1, record.length);
    return new RecordBatch(record, Uint32Array.of(0, record.length), 1, first, this.#partsAt, 0);
  }

  #checkLimit(length: number): void {
    if (this.#partsBytes + length <= this.#maxRecordBytes) return;
    throw recordTooLarge(this.#partsBytes + length, this.#maxRecordBytes, this.#partPlace());
  }

  #badMagic(head: Uint8Array): RecordpipeError {
    return badMagic(head, this.#partPlace());
  }

  #partPlace(): Parameters<typeof badMagic>[1] {
    return { ...this.place, part: this.#parts.length, partOffset: this.#cursor.window.position };
  }
}

/**
 * Decodes TFRecord as `sagemaker_tensorflow` does: a truncated last record counts as a record with
 * a wrong checksum. If the budget for corrupted records covers it, the stream ends without an
 * error.
 */
export class SageMakerTFRecordDecoder implements RecordDecoder {
  readonly #strict: RecordDecoder;
  readonly #budget: number;
  /** Number of corrupted records before the last valid one. */
  #corruptedBefore = 0;
  #ended = false;

  /**
   * Creates a decoder that wraps `strict`.
   * @param budget the maximum number of consecutive corrupted records to skip
   */
  constructor(strict: RecordDecoder, budget: number) {
    this.#strict = strict;
    this.#budget = budget;
  }

  get stats(): ReadStats {
    return this.#strict.stats;
  }

  get ended(): boolean {
    return this.#ended || this.#strict.ended;
  }

  get place(): RecordDecoder['place'] {
    return this.#strict.place;
  }

  push(chunk: Uint8Array): void {
    this.#strict.push(chunk);
  }

  end(): void {
    this.#strict.end();
  }

  next(): RecordBatch | null {
    try {
      const batch = this.#strict.next();
      if (batch !== null) this.#corruptedBefore = this.stats.corrupted;
      return batch;
    } catch (error) {
      const consecutive = this.stats.corrupted - this.#corruptedBefore;
      if (!isRecordpipeError(error, 'truncated-record') || consecutive >= this.#budget) throw error;
      this.stats.corrupted++;
      this.#ended = true;
      return null;
    }
  }
}
