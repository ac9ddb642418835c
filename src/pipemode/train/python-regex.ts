/**
 * Translates regular expressions from Python's syntax (`re`), which SageMaker's documentation uses
 * for MetricDefinitions, to JavaScript's.
 *
 * @see https://docs.python.org/3/library/re.html#regular-expression-syntax
 */

/** An unsupported or invalid regular expression. The message states the reason. */
export class RegexMistake extends Error {
  override readonly name = 'RegexMistake';
}

/** Escapes that are spelled differently in JavaScript. */
const ESCAPES: Readonly<Record<string, string>> = {
  A: '(?<![\\s\\S])',
  Z: '(?![\\s\\S])',
  a: '\\x07',
};
/** Letters that form an escape in Python. */
const LETTERS = 'AbBdDsSwWZafnrtvxu';
/** Flags without effect: matching is always Unicode-aware, and text has no locale. */
const NEUTRAL_FLAGS = 'auL';
const FLAGS = `ims${NEUTRAL_FLAGS}x`;

/**
 * Compiles a regular expression in Python's syntax. Translates named groups, inline flags at the
 * start, comments, the verbose flag, `\A`, `\Z` and `{,n}`. Everything else has the same meaning in
 * both languages or is rejected, except that `\w`, `\d` and `\b` are ASCII-only.
 * @throws RegexMistake for an invalid pattern, and for syntax that JavaScript does not support
 */
export function pythonRegex(pattern: string): RegExp {
  const { flags, body } = globalFlags(pattern);
  const translation = new Translation(body, flags.includes('x'));
  const source = translation.source();
  try {
    const regex = new RegExp(
      source,
      [...flags].filter((flag) => !`${NEUTRAL_FLAGS}x`.includes(flag)).join(''),
    );
    // JavaScript treats a reference to a missing group as a character.
    if (translation.maxReference <= groupCount(regex)) return regex;
  } catch (error) {
    throw new RegexMistake((error as Error).message.replace(/^Invalid regular expression: /, ''));
  }
  throw new RegexMistake(`group ${translation.maxReference} does not exist`);
}

/** Returns the number of capturing groups of a regular expression. */
export function groupCount({ source, flags }: RegExp): number {
  return (new RegExp(`${source}|`, flags).exec('') as RegExpExecArray).length - 1;
}

/** Splits off flags that apply to the whole pattern: `(?i)`. */
function globalFlags(pattern: string): { flags: string; body: string } {
  let flags = '';
  let body = pattern;
  for (let found = START_FLAGS.exec(body); found !== null; found = START_FLAGS.exec(body)) {
    flags += found[1];
    body = body.slice(found[0].length);
  }
  return { flags: [...new Set(flags)].join(''), body };
}

const START_FLAGS = new RegExp(`^\\(\\?([${FLAGS}]+)\\)`);

/** Translates a pattern from left to right. */
class Translation {
  readonly #pattern: string;
  readonly #verbose: boolean;
  #at = 0;
  /** The largest group number that the pattern refers to. */
  maxReference = 0;

  constructor(pattern: string, verbose: boolean) {
    this.#pattern = pattern;
    this.#verbose = verbose;
  }

  source(): string {
    let source = '';
    while (this.#at < this.#pattern.length) source += this.#next();
    return source;
  }

  /** Translates the next element. */
  #next(): string {
    const sign = this.#pattern[this.#at];
    if (sign === '\\') return this.#escape();
    if (sign === '[') return this.#set();
    if (sign === '(') return this.#group();
    if (this.#verbose && /\s/.test(sign)) return this.#skip(/\s+/y);
    if (this.#verbose && sign === '#') return this.#skip(/.*/y);
    const possessive = this.#match(/(?:[*+?]|\{(?:\d+(?:,\d*)?|,\d+)\})\+/y);
    if (possessive !== undefined)
      throw new RegexMistake(
        `possessive quantifiers (${possessive[0]}) are not supported; write ${possessive[0].slice(0, -1)}`,
      );
    const upTo = this.#match(/\{,(\d*)\}/y);
    if (upTo !== undefined) return `{0,${upTo[1]}}`;
    this.#at++;
    return sign;
  }

  #escape(): string {
    const sign = this.#pattern[this.#at + 1];
    if (sign === undefined) throw new RegexMistake('it ends with a backslash');
    if (sign === 'N' || sign === 'U')
      throw new RegexMistake(`\\${sign} is not supported; write the character itself`);
    if (/[a-zA-Z]/.test(sign) && !LETTERS.includes(sign))
      throw new RegexMistake(`\\${sign} is not an escape sequence; write ${sign}, or \\\\${sign}`);
    const number = this.#match(/\\([1-9]\d?)/y);
    if (number !== undefined) {
      this.maxReference = Math.max(this.maxReference, Number(number[1]));
      return number[0];
    }
    this.#at += 2;
    return ESCAPES[sign] ?? `\\${sign}`;
  }

  /** Translates a character set. In Python, a leading `]` is literal. */
  #set(): string {
    const start = this.#match(/\[\^?\]?/y)!;
    let set = start[0].replace(']', '\\]');
    for (;;) {
      const part = this.#match(/[^\]\\]+|\\[\s\S]/y);
      if (part === undefined) break;
      set += part[0] === '\\a' ? ESCAPES['a'] : part[0];
    }
    if (this.#pattern[this.#at] !== ']') throw new RegexMistake('a set ([…]) is not closed');
    this.#at++;
    return `${set}]`;
  }

  #group(): string {
    const named = this.#match(/\(\?P<([^>]*)>/y);
    if (named !== undefined) return `(?<${named[1]}>`;
    const reference = this.#match(/\(\?P=([^)]*)\)/y);
    if (reference !== undefined) {
      if (!this.#pattern.includes(`(?P<${reference[1]}>`))
        throw new RegexMistake(`group ${reference[1]} does not exist`);
      return `\\k<${reference[1]}>`;
    }
    if (this.#match(/\(\?#[^)]*\)/y) !== undefined) return '';
    if (this.#match(/\(\?>/y) !== undefined)
      throw new RegexMistake('atomic groups, (?>…), are not supported; write (?:…)');
    if (this.#match(/\(\?\(/y) !== undefined)
      throw new RegexMistake('conditional groups, (?(1)…), are not supported; write two definitions');
    if (this.#match(/\(\?[a-zA-Z-]+:/y) !== undefined)
      throw new RegexMistake('flags of a group, (?i:…), are not supported; write (?i) at the start');
    if (this.#match(/\(\?[a-zA-Z-]+\)/y) !== undefined)
      throw new RegexMistake('flags such as (?i) are allowed only at the start');
    this.#at++;
    return '(';
  }

  #skip(part: RegExp): string {
    this.#match(part);
    return '';
  }

  /** Matches a sticky pattern at the current position and advances past it. */
  #match(part: RegExp): RegExpExecArray | undefined {
    part.lastIndex = this.#at;
    const found = part.exec(this.#pattern);
    if (found === null) return undefined;
    this.#at = part.lastIndex;
    return found;
  }
}
