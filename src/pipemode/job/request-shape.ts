import { nearestName } from '../../bytes/arguments.ts';

/**
 * The schema of a JSON value: what AWS accepts, and which fields have no effect on this machine.
 */
export interface Shape {
  check(value: unknown, place: string, found: Findings): void;
  /** The fields of an object, or of the objects in a list. */
  readonly fields?: Fields;
}

/** The fields of an object. */
export type Fields = Readonly<Record<string, Shape>>;

const MAX_SHOWN_CHARACTERS = 80;
const MAX_SHOWN_MISTAKES = 10;

/** Results of checking a request. */
export class Findings {
  readonly mistakes: string[] = [];
  /** Missing required fields that have defaults here. */
  readonly missing: string[] = [];
  /** Fields without effect, grouped by the explanation for users. */
  readonly #ignored = new Map<string, string[]>();
  readonly #root: Shape;

  /** @param root the schema of the whole document, in which misplaced fields are looked up */
  constructor(root: Shape) {
    this.#root = root;
  }

  ignore(place: string, meaning: string): void {
    const places = this.#ignored.get(meaning);
    if (places === undefined) this.#ignored.set(meaning, [place]);
    else places.push(place);
  }

  /** Returns one warning per explanation, with the fields it applies to. */
  warnings(): string[] {
    return [...this.#ignored].map(([meaning, places]) => `${places.join(', ')}: ${meaning}`);
  }

  /** Records an unknown field as a mistake and suggests the field that was probably meant. */
  unknownField(place: string, name: string, fields: Fields): void {
    const names = Object.keys(fields);
    const sameLetters = names.find((known) => known.toLowerCase() === name.toLowerCase());
    const nearest = sameLetters ?? nearestName(name, names);
    const owners = sameLetters === undefined ? ownersOf(name, this.#root) : [];
    let next = `known fields: ${names.join(', ')}`;
    if (owners.length > 0) next = `it belongs in ${owners.join(' or ')}`;
    else if (nearest !== undefined) next = `did you mean ${nearest}?`;
    this.mistakes.push(`${join(place, name)}: unknown field; ${next}`);
  }
}

/** Combines mistakes into one sentence. Returns undefined if there are none. */
export function mistakesText(mistakes: readonly string[]): string | undefined {
  if (mistakes.length < 2) return mistakes[0];
  const shown = mistakes.slice(0, MAX_SHOWN_MISTAKES).map((mistake, i) => `(${i + 1}) ${mistake}`);
  const more = mistakes.length > shown.length ? `; and ${mistakes.length - shown.length} more` : '';
  return `${mistakes.length} mistakes: ${shown.join('; ')}${more}`;
}

/** Returns the schema of a string. Lengths count UTF-16 code units. */
export function text(
  limits: {
    readonly min?: number;
    readonly max?: number;
    readonly pattern?: RegExp;
    readonly what?: string;
  } = {},
): Shape {
  const { min = 0, max = Number.POSITIVE_INFINITY, pattern, what } = limits;
  return {
    check(value, place, { mistakes }) {
      if (typeof value !== 'string')
        mistakes.push(`${place}: expected ${what ?? 'a string'}, got ${shown(value)}${quoted(value)}`);
      else if (value.length < min)
        mistakes.push(`${place}: expected ${what ?? 'a string'}, got an empty string`);
      else if (value.length > max)
        mistakes.push(`${place}: expected at most ${max} characters, got ${value.length}`);
      else if (pattern?.test(value) === false)
        mistakes.push(`${place}: expected ${what}, got ${shown(value)}`);
    },
  };
}

/** Returns the schema of an enumeration of words. */
export function choice(...words: readonly string[]): Shape {
  return {
    check(value, place, { mistakes }) {
      if (typeof value === 'string' && words.includes(value)) return;
      const nearest = typeof value === 'string' ? nearestName(value, words) : undefined;
      const next = nearest === undefined ? '' : `; did you mean ${nearest}?`;
      mistakes.push(`${place}: expected one of ${words.join(', ')}, got ${shown(value)}${next}`);
    },
  };
}

/**
 * Returns the schema of an integer. JSON numbers beyond 2^53 lose precision, so they are mistakes.
 */
export function whole(min: number = Number.MIN_SAFE_INTEGER, max: number = Number.MAX_SAFE_INTEGER): Shape {
  return {
    check(value, place, { mistakes }) {
      if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return;
      let range = `from ${min} to ${max}`;
      if (max === Number.MAX_SAFE_INTEGER)
        range = min === Number.MIN_SAFE_INTEGER ? 'within 2^53' : `>= ${min}`;
      mistakes.push(`${place}: expected an integer ${range}, got ${shown(value)}`);
    },
  };
}

/** A positive number, such as a time. */
export const positive: Shape = {
  check(value, place, { mistakes }) {
    if (typeof value === 'number' && value > 0 && value !== Number.POSITIVE_INFINITY) return;
    mistakes.push(`${place}: expected a number > 0, got ${shown(value)}`);
  },
};

/** `true` or `false`. */
export const flag: Shape = {
  check(value, place, { mistakes }) {
    if (typeof value !== 'boolean') mistakes.push(`${place}: expected true or false, got ${shown(value)}`);
  },
};

/** Returns the schema of an array. */
export function list(item: Shape, min: number, max: number): Shape {
  return {
    ...(item.fields && { fields: item.fields }),
    check(value, place, found) {
      if (!Array.isArray(value)) found.mistakes.push(`${place}: expected an array, got ${shown(value)}`);
      else if (value.length < min || value.length > max)
        found.mistakes.push(`${place}: expected ${min} to ${max} elements, got ${value.length}`);
      else for (const [i, one] of value.entries()) item.check(one, `${place}[${i}]`, found);
    },
  };
}

/**
 * Returns the schema of an object with arbitrary names and string values. Messages omit the values,
 * which may be secret.
 */
export function texts(maxEntries: number, name: Shape, maxCharacters: number): Shape {
  return {
    check(value, place, found) {
      if (!isObject(value)) {
        found.mistakes.push(`${place}: expected an object, got ${shown(value)}`);
        return;
      }
      const entries = Object.entries(value);
      if (entries.length > maxEntries)
        found.mistakes.push(`${place}: expected at most ${maxEntries} entries, got ${entries.length}`);
      const entry = text({ max: maxCharacters });
      for (const [key, one] of entries) {
        name.check(key, `name ${shown(key)} in ${place}`, found);
        entry.check(one, join(place, key), found);
      }
    },
  };
}

/**
 * Returns the schema of an object. Any other field is a mistake.
 * @param required the fields that must be present
 * @param usual the fields that AWS requires but that have defaults here
 */
export function object(
  fields: Fields,
  required: readonly string[] = [],
  usual: readonly string[] = [],
): Shape {
  return {
    fields,
    check(value, place, found) {
      if (!isObject(value)) {
        found.mistakes.push(`${place || 'the file'}: expected an object, got ${shown(value)}`);
        return;
      }
      for (const [name, one] of Object.entries(value)) {
        if (one === undefined) continue;
        if (Object.hasOwn(fields, name)) fields[name].check(one, join(place, name), found);
        else found.unknownField(place, name, fields);
      }
      for (const name of required)
        if (value[name] === undefined) found.mistakes.push(`${join(place, name)} is missing`);
      for (const name of usual) if (value[name] === undefined) found.missing.push(join(place, name));
    },
  };
}

/**
 * Returns the schema of a field that has no effect on this machine. `meaning` explains what happens
 * instead.
 */
export function ignored(meaning: string, shape: Shape): Shape {
  return {
    ...shape,
    check(value, place, found) {
      shape.check(value, place, found);
      if (!isAbsent(value)) found.ignore(place, meaning);
    },
  };
}

/** Reports whether a value is equivalent to an absent field. */
function isAbsent(value: unknown): boolean {
  if (value === false) return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the paths of all objects that have a field with this name. */
function ownersOf(name: string, shape: Shape, place = ''): string[] {
  return Object.entries(shape.fields ?? {}).flatMap(([field, inner]) => {
    const own = field === name && place !== '' ? [place] : [];
    return [...own, ...ownersOf(name, inner, join(place, field))];
  });
}

function join(place: string, name: string): string {
  return place === '' ? name : `${place}.${name}`;
}

/** Formats a value for a message. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  const json = JSON.stringify(value) ?? String(value);
  return json.length <= MAX_SHOWN_CHARACTERS ? json : `${json.slice(0, MAX_SHOWN_CHARACTERS)}…`;
}

/** Returns advice for a number or boolean that should be a string. */
function quoted(value: unknown): string {
  const isPlain = typeof value === 'number' || typeof value === 'boolean';
  return isPlain ? `; add quotes: "${value}"` : '';
}
