const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it is written into a page, attributes included; control characters, which pages must not hold, as their pictures. */
export function esc(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}]/gu, (sign) =>
      sign < ' ' ? String.fromCharCode(0x2400 + sign.charCodeAt(0)) : '\ufffd',
    )
    .replace(/[&<>"']/g, (sign) => ENTITIES[sign]);
}
