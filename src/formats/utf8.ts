/**
 * Returns the index in `bytes` of the first byte in [from, to) that is not part of a well-formed
 * UTF-8 sequence (Unicode, table 3-7: no overlong sequences, no surrogates, nothing above
 * U+10FFFF), or -1 if there is none.
 */
export function findMalformedUtf8(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to) {
    if (bytes[at] < 0x80) {
      at++;
      continue;
    }
    const length = sequenceLength(bytes, at, to);
    if (length === 0) return at;
    at += length;
  }
  return -1;
}

/** Returns the length of the well-formed multibyte sequence at `at`, or 0 if there is none. */
function sequenceLength(bytes: Uint8Array, at: number, to: number): number {
  const lead = bytes[at];
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (at + length > to) return 0;
  const second = bytes[at + 1];
  const min = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const max = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < min || second > max) return 0;
  for (let i = 2; i < length; i++) if ((bytes[at + i] & 0xc0) !== 0x80) return 0;
  return length;
}
