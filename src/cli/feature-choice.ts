import { InvalidArgumentError } from 'commander';
import { UsageError } from 'recordpipe/errors';
import { parsed, type TypedOption } from './options/option.ts';
import { quoted } from './text/format.ts';

/** Option that selects the features that a command shows. */
export const selectOption: TypedOption<readonly string[] | undefined> = parsed(
  '--select <names>',
  "show only these features: comma-separated names or patterns such as 'image/*'; escape a comma in a name with a backslash; repeatable",
  featureNames,
);

/**
 * Parses `--select label,image/*` and appends the names to the previous values. `\,` represents a
 * comma in a name.
 * @throws InvalidArgumentError for an argument without a name
 */
export function featureNames(argument: string, previous: readonly string[] = []): readonly string[] {
  const names = (argument.match(/(?:\\,|[^,])+/g) ?? []).map((name) => name.replaceAll('\\,', ','));
  if (names.length === 0)
    throw new InvalidArgumentError("Expected names or patterns such as 'label,image/*'.");
  return [...previous, ...names];
}

/**
 * The features that `--select` selects by name or by pattern. In patterns, `*` matches any text
 * and `?` matches any character.
 */
export class FeatureChoice {
  readonly #missing: Set<string>;
  readonly #patterns: readonly string[];
  readonly #names = new Set<string>();

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns;
    this.#missing = new Set(patterns);
  }

  /** Reports whether a feature is selected, and notes that it exists. */
  readonly includes = (name: string): boolean => {
    if (this.#names.size < MAX_NAMES) this.#names.add(name);
    let selected = false;
    for (const pattern of this.#patterns) {
      if (!matches(pattern, name)) continue;
      this.#missing.delete(pattern);
      selected = true;
    }
    return selected;
  };

  /**
   * Throws an error unless every name and pattern has matched a feature.
   * @param where the searched records, such as `the 5 records shown`
   * @throws UsageError if a name or pattern has not matched any feature
   */
  checkAllFound(where: string): void {
    const [missing] = this.#missing;
    if (missing === undefined) return;
    const similar = nearest(missing, this.#names);
    const next =
      similar !== undefined
        ? `did you mean ${quoted(similar)}?`
        : this.#names.size === 0
          ? 'no named features were found'
          : `to see all ${this.#names.size} features, remove --select`;
    throw new UsageError(`--select: no feature ${quoted(missing)} in ${where}; ${next}`);
  }
}

/** Maximum number of names kept for suggestions. */
const MAX_NAMES = 10_000;

/**
 * Reports whether a pattern matches a name. Backtracks only to the last `*`, which bounds the
 * running time.
 */
function matches(pattern: string, name: string): boolean {
  let [p, n, star, from] = [0, 0, -1, 0];
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++;
      from = n;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++from;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** Returns the name most similar to `given`, if any is similar. */
export function nearest(given: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(given.length / 3)) + 1;
  for (const name of names) {
    if (Math.abs(name.length - given.length) >= bestDistance) continue;
    const edits = distance(given.toLowerCase(), name.toLowerCase());
    if (edits >= bestDistance) continue;
    best = name;
    bestDistance = edits;
  }
  return best;
}

/**
 * Returns the edit distance between two strings: the number of insertions, deletions and
 * replacements.
 */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[other.length];
}
