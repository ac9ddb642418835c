const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup. Everything else that is interpolated into {@link html} is escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a template can interpolate. */
export type Interpolated = string | number | Markup | readonly Markup[];

/**
 * A template whose interpolated values are escaped, in text and in quoted attributes alike. This is the only way in which values get into a page.
 *
 * @param values markup is inserted as it is, a list of markup without separators, everything else escaped
 */
export function html(parts: TemplateStringsArray, ...values: readonly Interpolated[]): Markup {
  let text = parts[0];
  for (const [i, value] of values.entries()) text += markupOf(value) + parts[i + 1];
  return new Markup(text);
}

export const NOTHING: Markup = new Markup('');

/** Markup with a separator, which is markup too, between its items. */
export function joined(markup: readonly Markup[], separator: string): Markup {
  return new Markup(markup.map(({ text }) => text).join(separator));
}

function markupOf(value: Interpolated): string {
  if (value instanceof Markup) return value.text;
  return Array.isArray(value) ? value.map(markupOf).join('') : escaped(String(value));
}

/** Control characters, which pages must not contain, become pictures of them; format characters, which can disguise text, become visible escapes. */
function escaped(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}]/gu, (character) =>
      character < ' ' ? String.fromCharCode(0x2400 + character.charCodeAt(0)) : '\ufffd',
    )
    .replace(/[\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)
    .replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
