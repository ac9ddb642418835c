import { isUtf8 } from 'node:buffer';
import { RecordpipeError } from '../../errors.ts';
import { findMalformedUtf8 } from '../../formats/utf8.ts';

/**
 * Yields the bytes of a text that must be UTF-8, or UTF-16 with a byte order mark. Decoders would
 * replace other bytes silently.
 *
 * @throws RecordpipeError `malformed-table`
 */
export async function* utf8Chunks(
  chunks: AsyncIterable<Uint8Array>,
  uri: string,
): AsyncGenerator<Uint8Array> {
  /** Bytes of an incomplete character at the end. */
  let rest: Uint8Array = new Uint8Array(0);
  let offset = 0;
  let isUtf16 = false;
  const check = (bytes: Uint8Array): void => {
    if (isUtf16 || isUtf8(bytes)) return;
    const at = findMalformedUtf8(bytes, 0, bytes.length);
    const byte = bytes[at].toString(16).padStart(2, '0');
    const text = `byte 0x${byte} is not UTF-8; convert the file first, for example with iconv -f latin1 -t utf-8`;
    throw new RecordpipeError('malformed-table', text, { uri, offset: offset + at });
  };
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (offset === 0 && bytes[0] === 0xff && bytes[1] === 0xfe) isUtf16 = true;
    const whole = bytes.subarray(0, isUtf16 ? bytes.length : wholeCharacters(bytes));
    check(whole);
    yield whole;
    offset += whole.length;
    rest = new Uint8Array(bytes.subarray(whole.length));
  }
  check(rest);
}

/** Returns the length of bytes without an incomplete character at the end. */
function wholeCharacters(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let i = 1; i <= Math.min(3, length); i++) {
    const byte = bytes[length - i];
    if (byte < 0x80) break;
    if (byte >= 0xc0) return i < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? length - i : length;
  }
  return length;
}
