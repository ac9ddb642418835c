import { withVisible } from './invisible.ts';

const MAX_CHARACTERS = 80;
/** Of them, so many stand before the place that is meant. */
const BEFORE = 20;

/** The column of a place in a line, and the text around it: up to 80 characters, invisible ones escaped. */
export function excerptAt(text: string, at: number): { readonly column: number; readonly excerpt: string } {
  const before = Array.from(text.slice(0, at));
  const from = before.length <= BEFORE ? 0 : before.slice(0, -BEFORE).join('').length;
  const rest = text.slice(from);
  const characters = Array.from(rest.slice(0, 2 * MAX_CHARACTERS));
  const cut = characters.length > MAX_CHARACTERS || rest.length > 2 * MAX_CHARACTERS;
  // A line whose mistake comes early is shown from its beginning.
  const shown = (cut ? [...characters.slice(0, MAX_CHARACTERS - 1), '…'] : characters).join('').trimEnd();
  const excerpt = from > 0 ? `…${Array.from(shown).slice(1).join('')}` : shown;
  return { column: before.length + 1, excerpt: withVisible(excerpt) };
}
