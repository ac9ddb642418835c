import { type ErrorPlace, RecordpipeError } from '../errors.ts';
import { RecordBatch } from '../formats/batch.ts';
import { MAX_RECORD_BYTES } from '../formats/codec-options.ts';
import { leavePlainBuffers, plainBuffers } from '../formats/frame-buffers.ts';
import type { Framer } from '../formats/record-format.ts';
import type { Batches } from '../records/record-reader.ts';
import type { WriteFormat } from '../records/write/record-writer.ts';
import { writeOptions } from '../records/write/write-options.ts';

/**
 * Number of characters to decode at a time: a multiple of four that is far below the maximum string
 * length.
 */
const PIECE_CHARACTERS = 4 * 16 * 1024;
const EQUALS = 0x3d;

/**
 * Decodes the payload of a line into `target` at `at`. `target` must have room for the whole line.
 * Accepts only canonical base64 with padding (RFC 4648 section 4).
 *
 * @returns the length of the payload, or a description of the problem
 */
function decodeLine(line: Uint8Array, target: Uint8Array, at: number): number | string {
  const text = asBuffer(line);
  const { length } = text;
  if (length % 4 !== 0) return `expected a multiple of four base64 characters, got ${length}`;
  const padding = length > 0 && text[length - 1] === EQUALS ? (text[length - 2] === EQUALS ? 2 : 1) : 0;
  const bytes = asBuffer(target);
  let to = at;
  for (let from = 0; from < length; from += PIECE_CHARACTERS) {
    const piece = text.toString('latin1', from, Math.min(length, from + PIECE_CHARACTERS));
    const written = bytes.write(piece, to, 'base64');
    // Node's decoder skips invalid characters. Encoding the result again detects this.
    if (bytes.toString('base64', to, to + written) !== piece) return badCharacter(piece, from);
    to += written;
  }
  return to - at === (length / 4) * 3 - padding ? to - at : badCharacter('', 0);
}

function badCharacter(piece: string, from: number): string {
  const found = piece.search(/[^A-Za-z0-9+/=]/);
  if (found < 0) return 'the base64 text is not canonical: it has incorrect padding, or bits after the end';
  return `character ${from + found} of the base64 text is ${JSON.stringify(piece[found])}`;
}

/** Options for decoding base64 lines. */
export interface Base64Decoding {
  readonly maxRecordBytes: number | undefined;
  /** Called for each skipped line. If undefined, the first invalid line is an error. */
  readonly onCorrupt: ((error: RecordpipeError) => void) | undefined;
  readonly place: ErrorPlace;
}

const DEFAULT_MAX_RECORD_BYTES = 2 ** 31 - 1;

/**
 * Decodes batches of lines into batches of records. Each record keeps the index of its line, in a
 * buffer of the same size, so offsets refer to lines. A batch is valid until the next one is
 * requested.
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
      const length = decodeLine(batch.record(i), scratch, at);
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

/** Decodes lines `from` to `to` of a batch. */
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
  { maxRecordBytes = DEFAULT_MAX_RECORD_BYTES }: Base64Decoding,
  problem: string | number,
  record: number,
  place: ErrorPlace,
): RecordpipeError {
  const where = { ...place, record };
  if (typeof problem === 'number') {
    const text = `line ${record + 1}: a payload of ${problem} bytes exceeds the limit of ${maxRecordBytes} (maxRecordBytes)`;
    return new RecordpipeError('record-too-large', text, where);
  }
  return new RecordpipeError('malformed-base64', `line ${record + 1}: ${problem}`, where);
}

/** Writes records as base64 lines. */
export const BASE64_WRITING: WriteFormat = {
  name: 'base64',
  writeOptions,
  checkPayload: (payload) => void new Base64Framer().frameBytes(payload),
  framer: () => new Base64Framer(),
  checkAppendable: (uri) => {
    throw new RecordpipeError('unsupported-source', 'base64 does not support appending', { uri });
  },
};

const NEWLINE = 0x0a;
/**
 * Number of payload bytes to encode at a time: a multiple of three, so that the encoded pieces can
 * be concatenated, that is far below the maximum string length.
 */
const PIECE_BYTES = 3 * 16 * 1024;

class Base64Framer implements Framer {
  #buffers: Uint8Array[] | undefined;

  frameBytes({ length }: Uint8Array): number {
    const bytes = 4 * Math.ceil(length / 3) + 1;
    if (bytes > MAX_RECORD_BYTES) {
      const text = `a payload of ${length} bytes exceeds the maximum for a base64 line, ${MAX_RECORD_BYTES}`;
      throw new RecordpipeError('record-too-large', text);
    }
    return bytes;
  }

  buffers(bytes: number, count: number): readonly Uint8Array[] {
    this.#buffers = plainBuffers(bytes, count);
    return this.#buffers;
  }

  release(reusable: boolean): void {
    if (reusable && this.#buffers !== undefined) leavePlainBuffers(this.#buffers);
    this.#buffers = undefined;
  }

  frame(payload: Uint8Array, buffer: Uint8Array, at: number): void {
    const target = asBuffer(buffer);
    let to = at;
    const { length } = payload;
    const source = asBuffer(payload);
    for (let from = 0; from < length; from += PIECE_BYTES)
      to += target.write(source.toString('base64', from, Math.min(length, from + PIECE_BYTES)), to, 'latin1');
    target[to] = NEWLINE;
  }

  encode(payload: Uint8Array): Uint8Array {
    const line = Buffer.allocUnsafeSlow(this.frameBytes(payload));
    this.frame(payload, line, 0);
    return line;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
