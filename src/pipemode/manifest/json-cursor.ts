const MAX_CHARACTERS = 80;
/** Number of characters shown before the position in an excerpt. */
const BEFORE = 20;

/**
 * Returns the column of a position in a line, and an excerpt of up to 80 characters in which
 * invisible characters are escaped.
 */
export function excerptAt(text: string, at: number): { readonly column: number; readonly excerpt: string } {
  const before = Array.from(text.slice(0, at));
  const from = before.length <= BEFORE ? 0 : before.slice(0, -BEFORE).join('').length;
  const rest = text.slice(from);
  const characters = Array.from(rest.slice(0, 2 * MAX_CHARACTERS));
  const cut = characters.length > MAX_CHARACTERS || rest.length > 2 * MAX_CHARACTERS;
  // If the position is near the start, the excerpt begins at the start of the line.
  const shown = (cut ? [...characters.slice(0, MAX_CHARACTERS - 1), '…'] : characters).join('').trimEnd();
  const excerpt = from > 0 ? `…${Array.from(shown).slice(1).join('')}` : shown;
  return { column: before.length + 1, excerpt: withVisible(excerpt) };
}

/** Matches control and format characters, separators, and all spaces except U+0020. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

const NAMED: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** Escapes invisible characters as JSON does. For example, a byte order mark becomes `\ufeff`. */
export function withVisible(text: string): string {
  return text.replace(INVISIBLE, (sign) => {
    if (NAMED[sign] !== undefined) return NAMED[sign];
    let escaped = '';
    for (let i = 0; i < sign.length; i++) escaped += `\\u${sign.charCodeAt(i).toString(16).padStart(4, '0')}`;
    return escaped;
  });
}

/**
 * A syntax error in a JSON text. Not exposed to users, who receive a RecordpipeError or a problem
 * in a report instead.
 */
export class JsonMistake extends Error {
  override readonly name = 'JsonMistake';
  readonly code: 'malformed-json' | 'single-quotes';
  /** Index of the faulty character in the text. */
  readonly at: number;

  constructor(at: number, message: string, code: 'malformed-json' | 'single-quotes' = 'malformed-json') {
    super(message);
    this.at = at;
    this.code = code;
  }
}

export type JsonKind = 'string' | 'number' | 'boolean' | 'null' | 'array' | 'object';

/** The position of a value, which is `text.slice(start, end)`. */
export interface JsonSpan {
  readonly kind: JsonKind;
  readonly start: number;
  readonly end: number;
}

const QUOTE = 34;
const BACKSLASH = 92;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_$][\w$]*/y;
const ESCAPE = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y;
const WORDS: Readonly<Record<string, JsonKind>> = { true: 'boolean', false: 'boolean', null: 'null' };
/** Literals that are valid in other languages but not in JSON, each with an explanation. */
const FOREIGN: Readonly<Record<string, string>> = {
  None: "Python's None is not valid JSON; write null (json.dumps(row), not str(row))",
  True: "Python's True is not valid JSON; write true (json.dumps(row), not str(row))",
  False: "Python's False is not valid JSON; write false (json.dumps(row), not str(row))",
  NaN: 'JSON has no NaN; write null, or omit the line',
  Infinity: 'JSON has no Infinity; write null, or omit the line',
  undefined: 'JSON has no undefined; write null',
};
const SINGLE =
  'JSON does not allow single quotes: write names and strings in double quotes (in Python json.dumps(row), not str(row))';

/** A scanner for JSON text (strict RFC 8259) that reports positions without decoding values. */
export class JsonCursor {
  readonly text: string;
  at: number;

  constructor(text: string, at = 0) {
    this.text = text;
    this.at = at;
  }

  /** Skips white space. @returns the code of the next character, or NaN at the end */
  peek(): number {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return code;
      this.at++;
    }
  }

  /** Consumes the next character if it equals `sign`. @returns whether it was consumed */
  takes(sign: string): boolean {
    if (this.peek() !== sign.charCodeAt(0)) return false;
    this.at++;
    return true;
  }

  /** Consumes `sign`. @throws JsonMistake if the next character is a different one */
  expect(sign: string, where: string): void {
    if (!this.takes(sign)) throw this.mistake(`expected ${sign} ${where}`);
  }

  /** Checks that only white space follows. @throws JsonMistake if anything else follows */
  expectEnd(): void {
    if (!Number.isNaN(this.peek())) throw this.mistake('expected the end of the text after the value');
  }

  /** Consumes a string. @throws JsonMistake if the string is missing or invalid */
  string(where: string): JsonSpan {
    const { text } = this;
    if (this.peek() !== QUOTE) throw this.mistake(`expected " ${where}`);
    const start = this.at++;
    for (;;) {
      const code = text.charCodeAt(this.at);
      if (code === QUOTE) break;
      if (Number.isNaN(code)) throw new JsonMistake(start, 'the string has no closing quote');
      if (code < 32)
        throw new JsonMistake(this.at, 'unescaped control character in a string; write \\n, \\t or \\u00XX');
      this.at++;
      if (code === BACKSLASH) this.#escape();
    }
    return { kind: 'string', start, end: ++this.at };
  }

  /**
   * Consumes a value.
   * @param onToken called for each bracket, comma, colon and scalar in the value
   * @throws JsonMistake if the value is missing or invalid
   */
  value(onToken?: (start: number, end: number) => void): JsonSpan {
    const kind = this.#kind();
    const start = this.at;
    if (kind === 'array' || kind === 'object') this.#container(onToken);
    else {
      this.#scalar(kind);
      onToken?.(start, this.at);
    }
    return { kind, start, end: this.at };
  }

  /** Returns the error for an unexpected next character. */
  mistake(expected: string): JsonMistake {
    const { text, at } = this;
    if (at >= text.length) return new JsonMistake(at, `${expected}, got the end of the text`);
    if (text[at] === "'") return new JsonMistake(at, SINGLE, 'single-quotes');
    const sign = String.fromCodePoint(text.codePointAt(at)!);
    return new JsonMistake(at, `${expected}, got ${withVisible(sign)}`);
  }

  #escape(): void {
    ESCAPE.lastIndex = this.at;
    const [found] = ESCAPE.exec(this.text) ?? [];
    if (found === undefined)
      throw new JsonMistake(this.at - 1, `invalid JSON escape \\${this.text[this.at] ?? ''}`);
    this.at += found.length;
  }

  #kind(): JsonKind {
    const code = this.peek();
    if (code === QUOTE) return 'string';
    if (code === 0x7b) return 'object';
    if (code === 0x5b) return 'array';
    if (code === 0x2d || (code >= 0x30 && code <= 0x39)) return 'number';
    WORD.lastIndex = this.at;
    const [word] = WORD.exec(this.text) ?? [];
    if (word === undefined) throw this.mistake('expected a value');
    if (Object.hasOwn(WORDS, word)) return WORDS[word];
    throw new JsonMistake(
      this.at,
      FOREIGN[word] ?? `expected a value, got ${withVisible(word.slice(0, 20))}`,
    );
  }

  #scalar(kind: JsonKind): void {
    if (kind === 'string') this.string('before a string');
    else if (kind === 'number') this.#number();
    else {
      WORD.lastIndex = this.at;
      this.at += WORD.exec(this.text)![0].length;
    }
  }

  #number(): void {
    NUMBER.lastIndex = this.at;
    const [found] = NUMBER.exec(this.text) ?? [];
    const end = this.at + (found?.length ?? 0);
    if (found === undefined || /[\w.+-]/.test(this.text[end] ?? ''))
      throw new JsonMistake(
        this.at,
        'invalid JSON number (no leading zeros or +; digits on both sides of the decimal point)',
      );
    this.at = end;
  }

  /**
   * Consumes an array or object. Iterates instead of recursing, because the input determines the
   * nesting depth.
   */
  #container(onToken: ((start: number, end: number) => void) | undefined): void {
    /** For each open container, whether it is an object. */
    const open: boolean[] = [];
    const sign = (): void => {
      onToken?.(this.at, this.at + 1);
      this.at++;
    };
    const enter = (object: boolean): void => {
      open.push(object);
      sign();
    };
    enter(this.text[this.at] === '{');
    let first = true;
    while (open.length > 0) {
      const object = open[open.length - 1];
      const closing = object ? 0x7d : 0x5d;
      const next = this.peek();
      if (next === closing) {
        sign();
        open.pop();
        first = false;
        continue;
      }
      if (!first) {
        if (next !== 0x2c) throw this.mistake(`expected , or ${object ? '}' : ']'}`);
        sign();
      }
      if (object) {
        const name = this.string('before a name');
        onToken?.(name.start, name.end);
        if (this.peek() !== 0x3a) throw this.mistake('expected : after a name');
        sign();
      }
      const kind = this.#kind();
      if (kind === 'object' || kind === 'array') {
        enter(kind === 'object');
        first = true;
        continue;
      }
      const start = this.at;
      this.#scalar(kind);
      onToken?.(start, this.at);
      first = false;
    }
  }
}

/** Returns the text of a value without the white space between its tokens. */
export function compactJson(text: string, { kind, start, end }: JsonSpan): string {
  if (kind !== 'array' && kind !== 'object') return text.slice(start, end);
  const parts: string[] = [];
  new JsonCursor(text, start).value((from, to) => parts.push(text.slice(from, to)));
  return parts.join('');
}

/** A member of a JSON object. */
export interface JsonMember {
  readonly name: string;
  /** Position of the member's name. */
  readonly at: number;
  readonly value: JsonSpan;
}

/**
 * Returns the members of a JSON object in text order.
 * @throws JsonMistake if the text is not a JSON object
 */
export function jsonMembers(text: string): JsonMember[] {
  const cursor = new JsonCursor(text);
  cursor.expect('{', 'at the start of a line');
  const members: JsonMember[] = [];
  for (let first = true; !cursor.takes('}'); first = false) {
    if (!first) cursor.expect(',', 'or } after a value');
    const { start, end } = cursor.string('before a name');
    const name = JSON.parse(text.slice(start, end)) as string;
    cursor.expect(':', 'after a name');
    members.push({ name, at: start, value: cursor.value() });
  }
  cursor.expectEnd();
  return members;
}
