import { LINE_SHAPES } from './base64-lines.ts';

/** Text turned into bytes at a time: a multiple of four, far from the longest string there can be. */
const PIECE_CHARACTERS = 4 * 16 * 1024;
/** Longer lines than that do not fit into a string, of which JSON is parsed. */
const MAX_JSON_BYTES = 2 ** 29 - 25;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const EQUALS = 0x3d;

/**
 * Decodes the payload that a line stands for into `target`, which has room for the line, at `at`. Strict: base64 with padding (RFC 4648 section 4)
 * that encoding the payload gives again.
 *
 * @returns the payload's length; or, in words, what is wrong with the line
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

/** The text between the quotes of a line that looks as this package writes it. */
function plainData(line: Buffer): Buffer | undefined {
  const { before, after } = LINE_SHAPES.jsonl;
  const end = line.length - after.length;
  if (end < before.length || line.toString('latin1', 0, before.length) !== before) return undefined;
  if (line.toString('latin1', end) !== after) return undefined;
  const inner = line.subarray(before.length, end);
  // Further fields, or an escape: for the parser.
  return inner.includes(QUOTE) || inner.includes(BACKSLASH) ? undefined : inner;
}

function parsedData(line: Buffer): { text: string } | { problem: string } {
  if (line.length === 0) return { problem: 'it is empty, expected an object {"data":"<base64>"}' };
  if (line.length > MAX_JSON_BYTES)
    return { problem: `it has ${line.length} bytes, too many for anything but {"data":"<base64>"}` };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line));
  } catch (error) {
    return { problem: `it is no JSON: ${(error as Error).message}` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { problem: `expected an object {"data":"<base64>"}, got ${kindOf(value)}` };
  if (!Object.hasOwn(value, 'data')) return { problem: 'the object has no field data' };
  const { data } = value as { data: unknown };
  if (typeof data !== 'string') return { problem: `expected base64 in the field data, got ${kindOf(data)}` };
  // Beyond Latin-1 characters would lose their upper half.
  if (/[^\0-\x7f]/.test(data)) return { problem: 'the field data has characters that are not of base64' };
  return { text: data };
}

function decode(text: Buffer, target: Uint8Array, at: number): number | string {
  const { length } = text;
  if (length % 4 !== 0) return `base64 with padding has a multiple of four characters, this has ${length}`;
  const padding = length > 0 && text[length - 1] === EQUALS ? (text[length - 2] === EQUALS ? 2 : 1) : 0;
  const bytes = Buffer.from(target.buffer, target.byteOffset, target.length);
  let to = at;
  for (let from = 0; from < length; from += PIECE_CHARACTERS) {
    const piece = text.toString('latin1', from, Math.min(length, from + PIECE_CHARACTERS));
    const written = bytes.write(piece, to, 'base64');
    // The host's decoder passes over what it does not know; writing it again shows that nothing was.
    if (bytes.toString('base64', to, to + written) !== piece) return badCharacter(piece, from);
    to += written;
  }
  return to - at === (length / 4) * 3 - padding ? to - at : badCharacter('', 0);
}

function badCharacter(piece: string, from: number): string {
  const found = piece.search(/[^A-Za-z0-9+/=]/);
  if (found < 0)
    return 'the base64 text is not as encoding its bytes gives it: padding, or bits behind the end';
  return `character ${from + found} of the base64 text is ${JSON.stringify(piece[found])}`;
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
