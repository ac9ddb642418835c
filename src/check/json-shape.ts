/**
 * Strict validation of untrusted JSON documents: unknown keys are rejected, and every value must
 * have the expected type and range. A document that passes conforms to its TypeScript type.
 */

/** Checks a value. `place` is the path of the value in the document. @throws ShapeError */
export type Check = (value: unknown, place: string) => void;

/** An unexpected value in a document. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

/**
 * Throws an error.
 * @throws ShapeError with the path, the expected and the actual value
 */
export function wrong(place: string, expected: string, got: unknown): never {
  throw new ShapeError(`${place || 'the document'}: expected ${expected}, got ${shown(got)}`);
}

const SHOWN_CHARACTERS = 80;

/** Describes a value for a message. Omits nested contents, which may be arbitrarily deep. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of length ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return (JSON.stringify(value) ?? String(value)).slice(0, SHOWN_CHARACTERS);
}

export const flag: Check = (value, place) => {
  if (typeof value !== 'boolean') wrong(place, 'true or false', value);
};
export const text: Check = (value, place) => {
  if (typeof value !== 'string') wrong(place, 'a string', value);
};
export const count: Check = integer(0, Number.MAX_SAFE_INTEGER);
export const finite: Check = (value, place) => {
  if (!Number.isFinite(value)) wrong(place, 'a number', value);
};

/** Returns a check for an integer from `min` to `max`. */
export function integer(min: number, max: number): Check {
  return (value, place) => {
    if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return;
    const bounds = max === Number.MAX_SAFE_INTEGER ? `>= ${min}` : `from ${min} to ${max}`;
    wrong(place, `an integer ${bounds}`, value);
  };
}

/** Returns a check for a string that matches a pattern. */
export function like(pattern: RegExp, what: string): Check {
  return (value, place) => {
    if (typeof value !== 'string' || !pattern.test(value)) wrong(place, what, value);
  };
}

/** Checks for a 64-bit integer, which is a decimal string if it exceeds 2^53. */
export const int64: Check = (value, place) => {
  const isText = typeof value === 'string' && /^-?\d{1,19}$/.test(value);
  if (!isText && !Number.isSafeInteger(value)) wrong(place, 'an integer or a decimal string', value);
};

export function oneOf(...allowed: readonly unknown[]): Check {
  return (value, place) => {
    if (!allowed.includes(value))
      wrong(place, `one of ${allowed.map((one) => JSON.stringify(one)).join(', ')}`, value);
  };
}

export function orNull(check: Check): Check {
  return (value, place) => {
    if (value !== null) check(value, place);
  };
}

export function listOf(check: Check, maxLength: number = Number.POSITIVE_INFINITY): Check {
  return (value, place) => {
    if (!Array.isArray(value)) wrong(place, 'a list', value);
    const list = value as unknown[];
    if (list.length > maxLength) wrong(place, `at most ${maxLength} entries`, value);
    for (let i = 0; i < list.length; i++) check(list[i], `${place}[${i}]`);
  };
}

/** Returns a check for an object with arbitrary keys, whose values pass `check`. */
export function mapOf(check: Check): Check {
  return (value, place) => {
    if (!isObject(value)) wrong(place, 'an object', value);
    for (const [key, held] of Object.entries(value as object)) check(held, inside(place, key));
  };
}

/**
 * Returns a check for an object that has all `required` keys and no keys except those in `keys`.
 */
export function object(keys: Readonly<Record<string, Check>>, required: readonly string[]): Check {
  return (value, place) => {
    if (!isObject(value)) wrong(place, 'an object', value);
    for (const [key, held] of Object.entries(value as object)) {
      if (!Object.hasOwn(keys, key))
        throw new ShapeError(
          `${inside(place, key)}: unknown key (known keys: ${Object.keys(keys).join(', ')})`,
        );
      keys[key](held, inside(place, key));
    }
    for (const key of required)
      if (!Object.hasOwn(value as object, key)) wrong(inside(place, key), 'a value', undefined);
  };
}

type OptionalKeys<T> = { [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? K : never }[keyof T];

/**
 * Returns a check for an object of type T. The compiler rejects a definition that lacks a key of T
 * or requires an optional one.
 */
export function shape<T>(
  required: Readonly<Record<Exclude<keyof T, OptionalKeys<T>>, Check>>,
  optional: Readonly<Record<OptionalKeys<T>, Check>>,
): Check {
  return object({ ...required, ...optional }, Object.keys(required));
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function inside(place: string, key: string): string {
  const name = key.length > SHOWN_CHARACTERS ? `${key.slice(0, SHOWN_CHARACTERS)}…` : key;
  return place === '' ? name : `${place}.${name}`;
}
