const NAMED: Record<string, number> = { n: 10, r: 13, t: 9, '0': 0, '\\': 92 };
const ESCAPE = /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.|$)/gsu;

/**
 * The bytes that an argument stands for: its text as UTF-8, with `\n`, `\r`, `\t`, `\0`, `\\`, `\xHH` (a byte) and `\uHHHH` (a character) in place of what
 * can hardly be typed. Undefined for any other backslash.
 */
export function parseEscapes(argument: string): Uint8Array | undefined {
  const parts: Buffer[] = [];
  let from = 0;
  for (const { 0: whole, 1: sign, index } of argument.matchAll(ESCAPE)) {
    parts.push(Buffer.from(argument.slice(from, index)));
    from = index + whole.length;
    const code = Number.parseInt(sign.slice(1), 16);
    if (sign.length === 3) parts.push(Buffer.from([code]));
    else if (sign.length === 5) parts.push(Buffer.from(String.fromCharCode(code)));
    else if (Object.hasOwn(NAMED, sign)) parts.push(Buffer.from([NAMED[sign]]));
    else return undefined;
  }
  return new Uint8Array(Buffer.concat([...parts, Buffer.from(argument.slice(from))]));
}
