import { type ErrorPlace, RecordpipeError } from '../errors.ts';
import { RecordBatch } from '../records/batch.ts';
import type { Batches } from '../records/record-reader.ts';
import { decodeLine } from './base64-decode.ts';

/** How lines of base64 become records. */
export interface Base64Decoding {
  readonly format: 'jsonl' | 'base64';
  readonly maxRecordBytes: number | undefined;
  /** Told of each line that is passed over; undefined: the first bad line is an error. */
  readonly onCorrupt: ((error: RecordpipeError) => void) | undefined;
  readonly place: ErrorPlace;
}

const DEFAULT_MAX_RECORD_BYTES = 2 ** 31 - 1;

/**
 * The records that batches of lines stand for. Each lies where its line lies, in memory of the same size, so that offsets are those of the lines.
 * A batch is valid until the next one is asked for.
 */
export async function* base64Batches(lines: Batches, decoding: Base64Decoding): Batches {
  const { maxRecordBytes = DEFAULT_MAX_RECORD_BYTES, onCorrupt, place } = decoding;
  let scratch: Uint8Array = new Uint8Array(0);
  for await (const batch of lines) {
    const { index } = batch;
    const last = batch.length - 1;
    const start = index[0];
    const span = index[2 * last] + index[2 * last + 1] - start;
    if (scratch.length < span) scratch = Buffer.allocUnsafeSlow(span);
    const records = new Uint32Array(2 * batch.length);
    let first = 0;
    for (let i = 0; i <= last; i++) {
      const at = index[2 * i] - start;
      const length = decodeLine(decoding.format, batch.record(i), scratch, at);
      const good = typeof length === 'number' && length <= maxRecordBytes;
      if (good) {
        records[2 * i] = at;
        records[2 * i + 1] = length;
        continue;
      }
      if (i > first) yield part(batch, scratch, records, first, i);
      first = i + 1;
      const error = lineError(decoding, length, batch.firstRecord + i, { ...place, offset: batch.offset(i) });
      if (onCorrupt === undefined) throw error;
      onCorrupt(error);
    }
    if (first <= last) yield part(batch, scratch, records, first, last + 1);
  }
}

/** The records `from` to `to` of a batch of lines. */
function part(
  lines: RecordBatch,
  bytes: Uint8Array,
  records: Uint32Array,
  from: number,
  to: number,
): RecordBatch {
  const index = records.subarray(2 * from, 2 * to);
  return new RecordBatch(bytes, index, to - from, lines.firstRecord + from, lines.offset(0), 0);
}

function lineError(
  { format, maxRecordBytes = DEFAULT_MAX_RECORD_BYTES }: Base64Decoding,
  problem: string | number,
  record: number,
  place: ErrorPlace,
): RecordpipeError {
  const where = { ...place, record };
  if (typeof problem === 'number') {
    const text = `line ${record + 1}: a payload of ${problem} bytes is over the limit of ${maxRecordBytes} (maxRecordBytes)`;
    return new RecordpipeError('record-too-large', text, where);
  }
  const hint =
    format === 'jsonl' ? '; lines that are to be records as they are have the format textline' : '';
  return new RecordpipeError('malformed-jsonl', `line ${record + 1}: ${problem}${hint}`, where);
}
