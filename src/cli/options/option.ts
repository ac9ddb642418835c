import { InvalidArgumentError, Option } from 'commander';

/** An option of a command. Its value in the action has type `T`. */
export interface TypedOption<T> extends Option {
  /** Never set; only carries the type. */
  readonly valueType?: () => T;
}

/** Options, keyed by their property names in the action. */
export type OptionTable = Readonly<Record<string, TypedOption<unknown>>>;

/** Declarations of the options in an interface. */
export type OptionsOf<T> = { readonly [K in keyof Required<T>]: TypedOption<T[K]> };

/** Values of declared options. */
export type Values<O extends OptionTable> = Defined<{
  readonly [K in keyof O]: O[K] extends TypedOption<infer T> ? T : never;
}>;

/** The same object type, but properties that may be undefined are optional. */
type Defined<T> = { readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/**
 * Returns the properties that are not undefined. The library applies its defaults for the others.
 */
export function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** Declares an option without an argument. Its value is true or undefined. */
export function flag(flags: string, text: string): TypedOption<true | undefined> {
  return new Option(flags, text);
}

/** Declares an option `--no-NAME`. The value of NAME is true unless the option is specified. */
export function negation(flags: string, text: string): TypedOption<boolean> {
  return new Option(flags, text);
}

/**
 * Declares an option with an argument. The argument of a path or prefix must not be empty, which it is
 * if a script passes an unset variable.
 */
export function value(flags: string, text: string): TypedOption<string | undefined> {
  const option = new Option(flags, text);
  return /<(file|dir|prefix)>$/.test(flags) ? option.argParser(notEmpty) : option;
}

function notEmpty(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('Expected a value, got an empty one.');
}

/** Parses an argument. `previous` is the value from an earlier occurrence of the option. */
type Parse<T> = (text: string, previous?: T) => T;

/** Declares an option whose argument is parsed. */
export function parsed<T>(flags: string, text: string, parse: Parse<T>): TypedOption<T | undefined>;
export function parsed<T>(flags: string, text: string, parse: Parse<T>, preset: T): TypedOption<T>;
export function parsed<T>(
  flags: string,
  text: string,
  parse: Parse<T>,
  preset?: T,
): TypedOption<T | undefined> {
  const option = new Option(flags, text).argParser(parse);
  return preset === undefined ? option : option.default(preset);
}

/** Declares an option whose argument is one of a fixed set of words. */
export function choice<C extends string>(
  flags: string,
  text: string,
  words: readonly C[],
): TypedOption<C | undefined>;
export function choice<C extends string>(
  flags: string,
  text: string,
  words: readonly C[],
  preset: NoInfer<C>,
): TypedOption<C>;
export function choice(
  flags: string,
  text: string,
  words: readonly string[],
  preset?: string,
): TypedOption<string | undefined> {
  const option = new Option(flags, text).choices(words);
  return preset === undefined ? option : option.default(preset);
}

/** Returns copies of options that the help shows under a separate heading. */
export function grouped<O extends OptionTable>(heading: string, options: O): O {
  const copies = Object.entries(options).map(([name, option]) => {
    const copy: Option = Object.assign(Object.create(Option.prototype), option);
    return [name, copy.helpGroup(heading)];
  });
  return Object.fromEntries(copies) as O;
}

// Parsers of arguments.

/** Collects the arguments of an option that may be repeated. */
export function repeated(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text];
}

/** Returns a parser for integers >= `min`. */
export function atLeast(min: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= min) return number;
    throw new InvalidArgumentError(`Expected an integer >= ${min}.`);
  };
}

/** Parses a size such as 8MiB, in bytes. */
export function size(text: string): number {
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes;
  throw new InvalidArgumentError('Expected a size such as 8MiB, 64K, 1GB or 4096.');
}

/** Parses a duration such as 30s, in milliseconds. */
export function duration(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  throw new InvalidArgumentError('Expected a duration such as 500ms, 30s, 5m or 1h.');
}

/** Parses comma-separated names. */
export function names(text: string): readonly string[] {
  const found = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (found.length > 0) return found;
  throw new InvalidArgumentError('Expected comma-separated names.');
}

const POWERS: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4 };

/**
 * Returns the number of bytes in a size such as `8MiB`, `8M` (the same), `8MB` (decimal) or `8192`;
 * undefined for any other text.
 */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([kmgt]?)(i?b)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, number, prefix, unit = ''] = match;
  if (prefix === '' && unit.length === 2) return undefined;
  const base = unit.toLowerCase() === 'b' ? 1000 : 1024;
  const bytes = Number(number) * base ** POWERS[prefix.toLowerCase()];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
};

/**
 * Returns the number of milliseconds in a duration such as `500ms`, `30s`, `5m`, `5min` or `1.5h`.
 * A number without a unit means seconds. Returns undefined for any other text.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?(ms|s|m|min|h)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, number, unit = 's'] = match;
  const milliseconds = Math.round(Number(number) * MILLISECONDS[unit.toLowerCase()]);
  return Number.isSafeInteger(milliseconds) ? milliseconds : undefined;
}

const NAMED_ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, '0': 0, '\\': 92 };
const ESCAPE = /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.|$)/gsu;

/**
 * Converts an argument to UTF-8 bytes. Supports the escapes `\n`, `\r`, `\t`, `\0`, `\\`, `\xHH` (a
 * byte) and `\uHHHH` (a character). Returns undefined for any other backslash.
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
    else if (Object.hasOwn(NAMED_ESCAPES, sign)) parts.push(Buffer.from([NAMED_ESCAPES[sign]]));
    else return undefined;
  }
  return new Uint8Array(Buffer.concat([...parts, Buffer.from(argument.slice(from))]));
}
