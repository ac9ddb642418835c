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

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}
