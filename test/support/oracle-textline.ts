/** Options of the oracle. By default, it splits at `\n` and keeps every byte. */
export interface OracleOptions {
  readonly delimiter?: Uint8Array;
  readonly cr?: 'keep' | 'crlf' | 'all';
  readonly skipBlank?: boolean;
  readonly stripBom?: boolean;
  readonly dropLastReturns?: boolean;
}

export interface OracleLine {
  readonly payload: Uint8Array;
  readonly offset: number;
}

const CR = 13;

/** Splits lines byte by byte in the simplest way. */
export function oracleLines(bytes: Uint8Array, options: OracleOptions = {}): OracleLine[] {
  const { delimiter = Uint8Array.of(10), cr = 'keep', skipBlank, stripBom, dropLastReturns } = options;
  const lines: OracleLine[] = [];
  const add = (raw: number[], offset: number, last: boolean): void => {
    const payload =
      cr === 'all'
        ? raw.filter((byte) => byte !== CR)
        : cr === 'crlf' && !last && raw.at(-1) === CR
          ? raw.slice(0, -1)
          : raw;
    if (payload.length === 0 && (skipBlank || (last && dropLastReturns))) return;
    lines.push({ payload: Uint8Array.from(payload), offset });
  };
  let at = stripBom && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let start = at;
  let line: number[] = [];
  while (at < bytes.length) {
    if (delimiter.every((byte, i) => bytes[at + i] === byte)) {
      add(line, start, false);
      at += delimiter.length;
      start = at;
      line = [];
    } else {
      line.push(bytes[at++]);
    }
  }
  if (line.length > 0) add(line, start, true);
  return lines;
}
