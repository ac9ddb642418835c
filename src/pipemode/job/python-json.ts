/** Any JSON value. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/**
 * A value as Python's `json.loads` returns it. An integer is a bigint, a float is a number, and a
 * dictionary is a Map in the order of the text.
 */
export type PythonValue = null | boolean | bigint | number | string | readonly PythonValue[] | PythonDict;

/** A dictionary with string keys, in the order in which its keys were added. */
export type PythonDict = ReadonlyMap<string, PythonValue>;

/**
 * Maximum number of digits of an integer in Python 3.11 and later. A longer integer is a
 * ValueError.
 */
const MAX_INTEGER_DIGITS = 4300;
/** Maximum nesting depth. Deeper text is rejected. Python fails near 1,000. */
const MAX_DEPTH = 900;

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings cannot contain them
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const CONSTANTS: readonly (readonly [string, PythonValue])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
];

/**
 * Parses a text as Python's `json.loads` does: integers and floats are distinct, and NaN and
 * Infinity are numbers.
 *
 * @returns undefined for a text that Python does not accept
 */
export function parsePythonJson(text: string): PythonValue | undefined {
  try {
    return new PythonJsonParser(text).parse();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Returns the value of a hyperparameter as SageMaker's toolkit decodes it: as JSON if it is valid,
 * otherwise as the text itself.
 */
export function decodedHyperparameter(text: string): PythonValue {
  const value = parsePythonJson(text);
  return value === undefined ? text : value;
}

class PythonJsonParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): PythonValue {
    const value = this.#value();
    this.#skip(SPACE);
    if (this.#at < this.#text.length) this.#fail();
    return value;
  }

  #value(): PythonValue {
    this.#skip(SPACE);
    const first = this.#text[this.#at];
    if (first === '"') return this.#string();
    if (first === '[') return this.#nested(() => this.#array());
    if (first === '{') return this.#nested(() => this.#object());
    for (const [word, value] of CONSTANTS) if (this.#take(word)) return value;
    return this.#number();
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) this.#fail();
    this.#at++;
    const value = read();
    this.#depth--;
    return value;
  }

  #array(): PythonValue[] {
    const values: PythonValue[] = [];
    if (this.#takeToken(']')) return values;
    do values.push(this.#value());
    while (this.#takeToken(','));
    if (!this.#takeToken(']')) this.#fail();
    return values;
  }

  #object(): PythonDict {
    const members = new Map<string, PythonValue>();
    if (this.#takeToken('}')) return members;
    do {
      this.#skip(SPACE);
      const key = this.#string();
      if (!this.#takeToken(':')) this.#fail();
      members.set(key, this.#value());
    } while (this.#takeToken(','));
    if (!this.#takeToken('}')) this.#fail();
    return members;
  }

  #string(): string {
    return JSON.parse(this.#match(STRING)[0]) as string;
  }

  #number(): bigint | number {
    const [text, fraction, exponent] = this.#match(NUMBER);
    if (fraction !== undefined || exponent !== undefined) return Number(text);
    if (text.replace('-', '').length > MAX_INTEGER_DIGITS) this.#fail();
    return BigInt(text);
  }

  #takeToken(token: string): boolean {
    this.#skip(SPACE);
    return this.#take(token);
  }

  #take(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #skip(pattern: RegExp): void {
    this.#match(pattern);
  }

  #match(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return this.#fail();
    this.#at = pattern.lastIndex;
    return found;
  }

  #fail(): never {
    throw new SyntaxError(`not JSON at ${this.#at}`);
  }
}

/** Converts a value of `parsePythonJson` to a JavaScript value. Rounds large integers. */
export function javaScriptValue(value: PythonValue): JsonValue {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, one]) => [key, javaScriptValue(one)]));
  if (Array.isArray(value)) return value.map(javaScriptValue);
  return value as JsonValue;
}

/**
 * Converts a JSON value to the value that `parsePythonJson` would return. Whole numbers become
 * integers.
 */
export function pythonValue(value: unknown): PythonValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(pythonValue);
  if (typeof value === 'object' && value !== null)
    return new Map(Object.entries(value).map(([key, one]) => [key, pythonValue(one)]));
  return value as PythonValue;
}
