/** Control and format characters, separators and spaces other than the plain one: what cannot be told from nothing. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

const NAMED: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A text with its invisible characters as JSON would escape them: a byte order mark as `\ufeff`. */
export function withVisible(text: string): string {
  return text.replace(INVISIBLE, (sign) => {
    if (NAMED[sign] !== undefined) return NAMED[sign];
    let escaped = '';
    for (let i = 0; i < sign.length; i++) escaped += `\\u${sign.charCodeAt(i).toString(16).padStart(4, '0')}`;
    return escaped;
  });
}
