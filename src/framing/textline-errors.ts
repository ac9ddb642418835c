import { type ErrorPlace, RecordpipeError } from '../errors.ts';
import { findMalformedUtf8 } from './utf8.ts';

/** The error for a line of which `have` bytes, more than allowed, are at hand. */
export function lineTooLongError(have: number, maxRecordBytes: number, place: ErrorPlace): RecordpipeError {
  const text = `textline: record too large: a line of ${have} bytes or more, the limit is ${maxRecordBytes} (maxRecordBytes); is this a text file, and is the delimiter the right one?`;
  return new RecordpipeError('record-too-large', text, place);
}

/** The error for a line that is no UTF-8. */
export function malformedUtf8Error(line: Uint8Array, place: ErrorPlace): RecordpipeError {
  const at = findMalformedUtf8(line, 0, line.length);
  const byte = line[at].toString(16).padStart(2, '0');
  const text = `textline: malformed text: byte 0x${byte}, ${at} bytes into the line, is not UTF-8; name the encoding that it has, or read with fatal: false to have U+FFFD in its place`;
  return new RecordpipeError('malformed-text', text, place);
}

/** The error for text that is not in the encoding it was said to have, from the byte at `position` of the stream on. */
export function malformedTextError(encoding: string, position: number, place: ErrorPlace): RecordpipeError {
  const text = `textline: malformed text: byte ${position} of the stream is not ${encoding}; name the encoding that it has, or read with fatal: false to have U+FFFD in its place; places are counted in bytes of the text as UTF-8`;
  return new RecordpipeError('malformed-text', text, place);
}
