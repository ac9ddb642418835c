const NAMED: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Characters that control a terminal or that nobody sees: control characters, format characters (bidirectional overrides, zero-width characters,
 * byte order marks), line and paragraph separators, lone surrogates and fillers.
 */
const INVISIBLE = '\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}\\u115f\\u1160\\u3164\\uffa0';
const ALL = new RegExp(`[${INVISIBLE}]`, 'gu');
/** The same, or what the program's own text consists of: lines, tabs and colors. */
const ALL_BUT_LAYOUT = new RegExp(`(\\n|\\t|\\x1b\\[\\d{1,2}m)|[${INVISIBLE}]`, 'gu');

/**
 * Text from outside (names, messages, values) for people: characters that control a terminal or that nobody sees become escapes such as `\n`, `\x1b`
 * and `\u202e`. The result is a single line.
 */
export function visible(text: string): string {
  return text.replace(ALL, escaped);
}

/** Text that the program has put together, for people: as `visible`, but keeps newlines, tabs and colors. The last barrier before a terminal. */
export function visibleText(text: string): string {
  return text.replace(ALL_BUT_LAYOUT, (character, layout?: string) => layout ?? escaped(character));
}

/** From U+007F on as JSON has them, so that JSON stays JSON. */
function escaped(character: string): string {
  const named = NAMED[character];
  if (named !== undefined) return named;
  if (character < '\x7f') return `\\x${hex(character, 0, 2)}`;
  return Array.from({ length: character.length }, (_, i) => `\\u${hex(character, i, 4)}`).join('');
}

function hex(text: string, at: number, digits: number): string {
  return text.charCodeAt(at).toString(16).padStart(digits, '0');
}
