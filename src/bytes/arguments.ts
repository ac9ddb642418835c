import { UsageError } from '../errors.ts';

/**
 * Names of all options of an interface. When used as the type of a constant, it makes the compiler
 * report missing and extra names.
 */
export type OptionNames<O> = Readonly<Record<keyof O, unknown>>;

/**
 * Rejects options that do not exist, because a misspelled option would otherwise be ignored
 * silently.
 *
 * @param caller name of the function, for the error
 * @param given options of the caller; names with the value undefined are ignored
 * @param known object with the name of every option: the defaults, or {@link OptionNames}
 * @throws UsageError for an unknown name, with the nearest known name; for options that are not an
 *   object
 */
export function checkOptionNames(caller: string, given: object | undefined, known: object): void {
  if (given === undefined) return;
  if (typeof given !== 'object' || given === null)
    throw new UsageError(`${caller}: expected an object with options, got ${typeName(given)}`);
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(known, name) || value === undefined) continue;
    const names = Object.keys(known);
    const nearest = nearestName(name, names);
    const next = nearest === undefined ? `known options: ${names.join(', ')}` : `did you mean ${nearest}?`;
    throw new UsageError(`${caller}: unknown option ${name}; ${next}`);
  }
}

/**
 * Checks options like {@link checkOptionNames}, for functions that are called once per record.
 * Comparing names is faster than looking them up in an object.
 *
 * @param known the names of all options
 */
export function checkRecordOptions(
  caller: string,
  given: object | undefined,
  known: readonly string[],
): void {
  let isKnown = given === undefined || (typeof given === 'object' && given !== null);
  for (const name in given) isKnown &&= known.includes(name);
  if (!isKnown) checkOptionNames(caller, given, Object.fromEntries(known.map((name) => [name, 0])));
}

/** Returns the name most similar to a misspelled one, or undefined if none is similar. */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let least = Math.max(2, 0.4 * name.length);
  for (const candidate of names) {
    const edits = editsBetween(name.toLowerCase(), candidate.toLowerCase());
    if (edits > least || (edits === least && nearest !== undefined)) continue;
    least = edits;
    nearest = candidate;
  }
  return nearest;
}

/**
 * Returns the number of insertions, deletions and replacements that turn one string into another
 * (the Levenshtein distance).
 */
function editsBetween(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let k = 1; k <= b.length; k++) {
      const replaced = above[k - 1] + (a[i - 1] === b[k - 1] ? 0 : 1);
      row.push(Math.min(replaced, above[k] + 1, row[k - 1] + 1));
    }
    above = row;
  }
  return above[b.length];
}

/**
 * Rejects a value that is not a path. Otherwise, it might become a file name, because
 * `String(undefined)` is a valid one.
 * @throws UsageError
 */
export function checkPath(argument: string, path: unknown): void {
  if (path instanceof URL || (typeof path === 'string' && path !== '')) return;
  const got = path === '' ? 'an empty string' : typeName(path);
  throw new UsageError(`${argument}: expected a path or URL, got ${got}`);
}

/** Returns the type of a value, for error messages. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? (value.constructor?.name ?? 'an object') : typeof value;
}
