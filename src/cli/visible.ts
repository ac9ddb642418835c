const NAMED: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Text for people with its control characters, which names of files may hold, as escapes: a line stays a line, and a terminal is told nothing. */
export function visible(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (sign) => NAMED[sign] ?? `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
