const NAMED: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
/** What a terminal does not show, or obeys: control and format characters, such as byte order marks and bidi overrides, and spaces that are not U+0020. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]|(?![ \u3000])\p{Zs}/gu;

/** Text for people with invisible characters as escapes: a line stays a line, and the terminal obeys none of them. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (character) => NAMED[character] ?? escaped(character));
}

/** Text in quotes, with escapes for invisible characters. */
export function quoted(text: string): string {
  return visible(JSON.stringify(text));
}

/** What the program's own text consists of besides visible characters: lines, tabs and colors. */
const LAYOUT = '\\n|\\t|\\x1b\\[\\d{1,2}m';
const LAYOUT_OR_UNSEEN = new RegExp(`(${LAYOUT})|${UNSEEN.source}`, 'gu');

/**
 * Text that the program has put together, for people: keeps newlines, tabs and colors, and escapes everything else that `visible` escapes. The last
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
