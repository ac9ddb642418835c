const TEXT_CHARACTERS = 200;
const HEX_BYTES = 64;
const ROW_BYTES = 16;

/** A look at a payload for people: the text it is, or else its first bytes in hexadecimal. Lines without an indent. */
export function previewLines(payload: Uint8Array): string[] {
  if (payload.length === 0) return ['(empty)'];
  const text = asText(payload);
  if (text === undefined) return hexLines(payload);
  const shown = text.slice(0, TEXT_CHARACTERS);
  const more = shown.length < text.length || payload.length > 4 * TEXT_CHARACTERS;
  return [JSON.stringify(shown) + (more ? ' …' : '')];
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

/** The text that the first bytes are, if they are UTF-8 without control characters. */
function asText(payload: Uint8Array): string | undefined {
  const cut = payload.length > 4 * TEXT_CHARACTERS;
  const head = cut ? payload.subarray(0, 4 * TEXT_CHARACTERS) : payload;
  try {
    // As a stream, so that a character cut in two at the end is no error.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: cut });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    return /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
