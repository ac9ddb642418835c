import { type ErrorPlace, RecordpipeError } from '../../errors.ts';
import { findMalformedUtf8 } from '../utf8.ts';
import type { LineCutting } from './options.ts';

// The functions below handle one line at a time: a line that spans chunks, and, without a kernel,
// any line.

const CR = 13;

/** Reports whether the line `bytes[from, to)` exceeds the size limit. */
export function lineTooLong(
  { cr, maxRecordBytes }: LineCutting,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  const stripped = cr !== 'keep' && to > from && bytes[to - 1] === CR ? 1 : 0;
  return to - from - stripped > maxRecordBytes;
}

/**
 * Returns the length of the line `bytes[from, to)`, which a delimiter follows, excluding the
 * trailing carriage returns to remove.
 */
export function strippedLength({ cr }: LineCutting, bytes: Uint8Array, from: number, to: number): number {
  let end = to;
  if (cr === 'crlf') {
    if (end > from && bytes[end - 1] === CR) end--;
  } else if (cr === 'all') {
    while (end > from && bytes[end - 1] === CR) end--;
  }
  return end - from;
}

/** Reports whether the line `bytes[from, to)` must be changed before it is delivered. */
export function needsChange({ cr, utf8 }: LineCutting, bytes: Uint8Array, from: number, to: number): boolean {
  return (cr === 'all' && hasCr(bytes, from, to)) || (utf8 && findMalformedUtf8(bytes, from, to) >= 0);
}

/** Returns a copy of `bytes[from, to)` without carriage returns. */
export function withoutCr(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const copy = new Uint8Array(to - from);
  let length = 0;
  for (let i = from; i < to; i++) if (bytes[i] !== CR) copy[length++] = bytes[i];
  return copy.subarray(0, length);
}

/** Returns the number of carriage returns in `bytes[from, to)`. */
export function countCr(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (bytes[i] === CR) count++;
  return count;
}

/**
 * Returns the index of the first `delimiter` in `bytes` at or after `from`, or -1 if there is none.
 */
export function findIn(bytes: Uint8Array, from: number, delimiter: Uint8Array): number {
  const { length } = delimiter;
  const first = delimiter[0];
  for (let at = from; ; at++) {
    at = bytes.indexOf(first, at);
    if (at < 0 || at > bytes.length - length) return -1;
    let i = 1;
    while (i < length && bytes[at + i] === delimiter[i]) i++;
    if (i === length) return at;
  }
}

function hasCr(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] === CR) return true;
  return false;
}

/**
 * Returns the error for a line that is too long.
 * @param have number of bytes of the line read so far
 */
export function lineTooLongError(have: number, maxRecordBytes: number, place: ErrorPlace): RecordpipeError {
  const text = `textline: record too large: a line has at least ${have} bytes, but the limit is ${maxRecordBytes} (maxRecordBytes); is this a text file, and is the delimiter correct?`;
  return new RecordpipeError('record-too-large', text, place);
}

/** Returns the error for a line that is not UTF-8. */
export function malformedUtf8Error(line: Uint8Array, place: ErrorPlace): RecordpipeError {
  const at = findMalformedUtf8(line, 0, line.length);
  const byte = line[at].toString(16).padStart(2, '0');
  const text = `textline: malformed text: byte 0x${byte}, ${at} bytes into the line, is not UTF-8; specify the encoding, or pass fatal: false to replace it with U+FFFD`;
  return new RecordpipeError('malformed-text', text, place);
}

/**
 * Returns the error for text that is not valid in its encoding.
 * @param position position in the stream of the first invalid byte
 */
export function malformedTextError(encoding: string, position: number, place: ErrorPlace): RecordpipeError {
  const text = `textline: malformed text: byte ${position} of the stream is not valid ${encoding}; specify the encoding, or pass fatal: false to replace it with U+FFFD; record positions count bytes of the text as UTF-8`;
  return new RecordpipeError('malformed-text', text, place);
}
