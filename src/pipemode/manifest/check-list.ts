import { JsonCursor, JsonMistake, type JsonSpan } from './json-cursor.ts';
import type { ManifestNotes } from './manifest-problem.ts';

const MAX_KEY_BYTES = 1024;

/** Looks at a ManifestFile, which is one JSON array: its text as a whole. */
export function checkList(text: string, notes: ManifestNotes, refs: Map<string, number> | undefined): number {
  const places = new Places(text);
  const note = (
    kind: 'error' | 'warn',
    code: Parameters<ManifestNotes['error']>[0],
    at: number,
    message: string,
  ): void => {
    const { line, start, end } = places.lineAt(at);
    notes[kind](code, line, text.slice(start, end), at - start, message);
  };
  const cursor = new JsonCursor(text);
  if (text.startsWith('\ufeff')) {
    const message = 'a byte order mark, which JSON does not have; recordpipe skips it, other readers may not';
    note('warn', 'byte-order-mark', 0, message);
    cursor.at = 1;
  }
  let entries = 0;
  let prefix = '';
  const seen = new Set<string>();
  const suffix = (value: JsonSpan): void => {
    entries++;
    if (value.kind !== 'string') {
      note('error', 'bad-suffix', value.start, `expected the rest of a key, a string, got ${value.kind}`);
      return;
    }
    const rest = JSON.parse(text.slice(value.start, value.end)) as string;
    if (/^(s3|https?):\/\//.test(rest)) {
      note('error', 'bad-suffix', value.start, 'a whole address; only what follows the prefix is listed');
      return;
    }
    if (rest === '') note('warn', 'bad-suffix', value.start, 'nothing follows the prefix');
    if (Buffer.byteLength(prefix.replace(/^s3:\/\/[^/]+\//, '') + rest) > MAX_KEY_BYTES)
      note('error', 'bad-suffix', value.start, `keys have at most ${MAX_KEY_BYTES} bytes`);
    if (seen.has(rest)) note('warn', 'duplicate-suffix', value.start, 'listed twice; it is read twice');
    seen.add(rest);
    if (refs !== undefined && !refs.has(prefix + rest))
      refs.set(prefix + rest, places.lineAt(value.start).line);
  };
  try {
    cursor.expect('[', 'at the beginning of a list');
    for (let index = 0; !cursor.takes(']'); index++) {
      if (index > 0) cursor.expect(',', 'or ] behind a value');
      const value = cursor.value();
      if (index > 0) suffix(value);
      else {
        const found = prefixOf(text, value);
        if (found === undefined)
          note(
            'error',
            'bad-prefix',
            value.start,
            'expected {"prefix": "s3://bucket/…"} as the first element',
          );
        else prefix = found;
        if (found === undefined && value.kind === 'string') suffix(value);
      }
    }
    cursor.expectEnd();
  } catch (error) {
    if (!(error instanceof JsonMistake)) throw error;
    note('error', error.code, error.at, error.message);
    return entries;
  }
  if (entries === 0) note('error', 'empty-manifest', 0, 'no object is listed');
  return entries;
}

function prefixOf(text: string, { kind, start, end }: JsonSpan): string | undefined {
  if (kind !== 'object') return undefined;
  const { prefix } = JSON.parse(text.slice(start, end)) as { prefix?: unknown };
  return typeof prefix === 'string' && /^s3:\/\/[^/]+(\/|$)/.test(prefix) ? prefix : undefined;
}

/** Which line a place is in, for places in their order. */
class Places {
  readonly #text: string;
  #line = 1;
  #start = 0;

  constructor(text: string) {
    this.#text = text;
  }

  lineAt(at: number): { readonly line: number; readonly start: number; readonly end: number } {
    if (at < this.#start) {
      this.#line = 1;
      this.#start = 0;
    }
    for (
      let end = this.#text.indexOf('\n', this.#start);
      end >= 0 && end < at;
      end = this.#text.indexOf('\n', this.#start)
    ) {
      this.#start = end + 1;
      this.#line++;
    }
    const end = this.#text.indexOf('\n', this.#start);
    return { line: this.#line, start: this.#start, end: end < 0 ? this.#text.length : end };
  }
}
