import type { StreamChannel } from '../job/stream-channel.ts';
import { parseManifestLine, type SourceLine } from '../manifest/manifest-lines.ts';

/**
 * Number of bytes of a manifest whose lines are parsed before the first epoch. Parsing them took
 * one second on a busy machine. Of all other lines, only the first and last characters are checked.
 */
const PARSED_BYTES = 16 * 1024 * 1024;
const SPACE = 32;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/**
 * Returns a check for the lines of an augmented manifest. For an invalid line, it throws the error
 * that an epoch would throw when it reaches the line.
 */
export function lineCheck({
  uri,
  attributeNames,
}: Pick<StreamChannel, 'uri' | 'attributeNames'>): (line: SourceLine) => void {
  return ({ number: line, offset, bytes }) => {
    if (offset < PARSED_BYTES || !hasBraces(bytes))
      parseManifestLine(bytes, attributeNames, { uri, line, offset }, 'any');
  };
}

/** Reports whether a line starts and ends like a JSON object. */
function hasBraces(bytes: Uint8Array): boolean {
  let start = 0;
  let end = bytes.length - 1;
  while (bytes[start] <= SPACE) start++;
  while (bytes[end] <= SPACE) end--;
  return bytes[start] === OPENING_BRACE && bytes[end] === CLOSING_BRACE;
}
