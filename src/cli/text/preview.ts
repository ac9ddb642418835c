import { textOf } from 'recordpipe/check';
import { quoted } from './visible.ts';

const TEXT_CHARACTERS = 200;
const HEX_BYTES = 64;
const ROW_BYTES = 16;

/** The beginning of a payload for people: text in quotes, anything else in hexadecimal. Lines without an indent. */
export function previewLines(payload: Uint8Array): string[] {
  if (payload.length === 0) return ['(empty)'];
  const text = shownText(payload, TEXT_CHARACTERS);
  if (text === undefined) return hexLines(payload);
  return [quoted(text.slice(0, TEXT_CHARACTERS)) + (text.length > TEXT_CHARACTERS ? ' …' : '')];
}

/** Rows of 16 bytes: position, hexadecimal, printable characters. */
export function hexLines(payload: Uint8Array): string[] {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(payload.length, HEX_BYTES); at += ROW_BYTES) {
    const row = payload.subarray(at, at + ROW_BYTES);
    const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const characters = Array.from(row, (byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
    );
    lines.push(
      `${at.toString(16).padStart(8, '0')}  ${hex.padEnd(3 * ROW_BYTES - 1)}  |${characters.join('')}|`,
    );
  }
  if (payload.length > HEX_BYTES) lines.push('…');
  return lines;
}

/** The text that bytes are, as far as it is shown: longer than `characters` if more follows. Undefined for other bytes. */
export function shownText(bytes: Uint8Array, characters: number): string | undefined {
  // A character is 4 bytes at most.
  const most = 4 * (characters + 1);
  let end = Math.min(bytes.length, most);
  // Not inside a character.
  if (end < bytes.length) while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--;
  return textOf(bytes.subarray(0, end));
}
