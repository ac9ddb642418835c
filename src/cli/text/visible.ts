const NAMED: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
/**
 * Characters that a terminal hides or obeys: control and format characters, such as byte order
 * marks and bidi overrides, and spaces other than U+0020 and U+3000.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]|(?![ \u3000])\p{Zs}/gu;

/** Escapes invisible characters, so that a line stays a line and cannot control the terminal. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (character) => NAMED[character] ?? escaped(character));
}

/** A text in quotes, with escapes for invisible characters. */
export function quoted(text: string): string {
  return visible(JSON.stringify(text));
}

/** Layout characters of the program's own text: newlines, tabs and colors. */
const LAYOUT = '\\n|\\t|\\x1b\\[\\d{1,2}m';
const LAYOUT_OR_UNSEEN = new RegExp(`(${LAYOUT})|${UNSEEN.source}`, 'gu');

/**
 * Escapes invisible characters in a complete text, except newlines, tabs and colors. The last
 * barrier before a terminal. JSON stays JSON.
 */
export function visibleText(text: string): string {
  return text.replace(LAYOUT_OR_UNSEEN, (character, layout?: string) => layout ?? jsonEscaped(character));
}

function jsonEscaped(text: string): string {
  return Array.from(text.split(''), (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(
    '',
  );
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}
