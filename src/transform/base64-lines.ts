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
/**
 * Maximum length of a JSON line, in bytes. JSON is parsed from a string, and longer lines exceed
 * the maximum string length.
 */
const MAX_JSON_BYTES = 2 ** 29 - 25;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const EQUALS = 0x3d;

/**
 * Decodes the payload of a line into `target` at `at`. `target` must have room for the whole line.
 * Accepts only canonical base64 with padding (RFC 4648 section 4).
 *
 * @returns the length of the payload, or a description of the problem
 */
export function decodeLine(
  format: 'jsonl' | 'base64',
  line: Uint8Array,
  target: Uint8Array,
  at: number,
): number | string {
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.length);
  if (format === 'base64') return decode(bytes, target, at);
  const inner = plainData(bytes);
  if (inner !== undefined) return decode(inner, target, at);
  const data = parsedData(bytes);
  return 'problem' in data ? data.problem : decode(Buffer.from(data.text, 'latin1'), target, at);
}

/**
 * Returns the base64 text of a line that has the form written by this package; undefined for other
 * forms.
 */
function plainData(line: Buffer): Buffer | undefined {
  const { before, after } = LINE_SHAPES.jsonl;
  const end = line.length - after.length;
  if (end < before.length || line.toString('latin1', 0, before.length) !== before) return undefined;
  if (line.toString('latin1', end) !== after) return undefined;
  const inner = line.subarray(before.length, end);
  // The JSON parser handles lines with more fields or with escapes.
  return inner.includes(QUOTE) || inner.includes(BACKSLASH) ? undefined : inner;
}

function parsedData(line: Buffer): { text: string } | { problem: string } {
  if (line.length === 0) return { problem: 'it is empty; expected an object {"data":"<base64>"}' };
  if (line.length > MAX_JSON_BYTES)
    return { problem: `it has ${line.length} bytes, which is supported only for {"data":"<base64>"}` };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line));
  } catch (error) {
    return { problem: `it is not JSON: ${(error as Error).message}` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { problem: `expected an object {"data":"<base64>"}, got ${kindOf(value)}` };
  if (!Object.hasOwn(value, 'data')) return { problem: 'the object has no field "data"' };
  const { data } = value as { data: unknown };
  if (typeof data !== 'string')
    return { problem: `expected base64 in the field "data", got ${kindOf(data)}` };
  // Reject other characters, because a Latin-1 buffer would drop their upper byte.
  if (/[^\0-\x7f]/.test(data)) return { problem: 'the field "data" contains characters that are not base64' };
  return { text: data };
}

function decode(text: Buffer, target: Uint8Array, at: number): number | string {
  const { length } = text;
  if (length % 4 !== 0) return `expected a multiple of four base64 characters, got ${length}`;
  const padding = length > 0 && text[length - 1] === EQUALS ? (text[length - 2] === EQUALS ? 2 : 1) : 0;
  const bytes = Buffer.from(target.buffer, target.byteOffset, target.length);
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

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

/** Options for decoding base64 lines. */
export interface Base64Decoding {
  readonly format: 'jsonl' | 'base64';
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
  { format, maxRecordBytes = DEFAULT_MAX_RECORD_BYTES }: Base64Decoding,
  problem: string | number,
  record: number,
  place: ErrorPlace,
): RecordpipeError {
  const where = { ...place, record };
  if (typeof problem === 'number') {
    const text = `line ${record + 1}: a payload of ${problem} bytes exceeds the limit of ${maxRecordBytes} (maxRecordBytes)`;
    return new RecordpipeError('record-too-large', text, where);
  }
  const hint = format === 'jsonl' ? '; to read each line as a record, pass the format textline' : '';
  return new RecordpipeError('malformed-jsonl', `line ${record + 1}: ${problem}${hint}`, where);
}

/** Text before and after the base64 in a line. */
export interface LineShape {
  readonly before: string;
  readonly after: string;
}

export const LINE_SHAPES: Readonly<Record<'jsonl' | 'base64', LineShape>> = {
  jsonl: { before: '{"data":"', after: '"}' },
  base64: { before: '', after: '' },
};

/** Returns the writer of a base64 format. */
export function base64Writing(name: 'jsonl' | 'base64'): WriteFormat {
  return {
    name,
    writeOptions,
    checkPayload: (payload) => void new Base64Framer(LINE_SHAPES[name]).frameBytes(payload),
    framer: () => new Base64Framer(LINE_SHAPES[name]),
    checkAppendable: (uri) => {
      throw new RecordpipeError('unsupported-source', `${name} does not support appending`, { uri });
    },
  };
}

/**
 * Number of payload bytes to encode at a time: a multiple of three, so that the encoded pieces can
 * be concatenated, that is far below the maximum string length.
 */
const PIECE_BYTES = 3 * 16 * 1024;

class Base64Framer implements Framer {
  readonly #before: Buffer;
  readonly #after: Buffer;
  #buffers: Uint8Array[] | undefined;

  constructor({ before, after }: LineShape) {
    this.#before = Buffer.from(before);
    this.#after = Buffer.from(`${after}\n`);
  }

  frameBytes({ length }: Uint8Array): number {
    const bytes = this.#before.length + 4 * Math.ceil(length / 3) + this.#after.length;
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
    target.set(this.#before, at);
    let to = at + this.#before.length;
    const { length } = payload;
    const source = asBuffer(payload);
    for (let from = 0; from < length; from += PIECE_BYTES)
      to += target.write(source.toString('base64', from, Math.min(length, from + PIECE_BYTES)), to, 'latin1');
    target.set(this.#after, to);
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
