import { InvalidArgumentError } from 'commander';
import { UsageError } from 'recordpipe/errors';
import { quoted } from './text/visible.ts';

/** The features that `--feature` names, exactly or by patterns in which `*` is any text and `?` any character. */
export class FeatureChoice {
  readonly #missing: Set<string>;
  readonly #patterns: readonly string[];
  readonly #names = new Set<string>();

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns;
    this.#missing = new Set(patterns);
  }

  /** Whether a feature is among them; notes that it exists. */
  readonly includes = (name: string): boolean => {
    if (this.#names.size < MAX_NAMES) this.#names.add(name);
    let is = false;
    for (const pattern of this.#patterns) {
      if (!fits(pattern, name)) continue;
      this.#missing.delete(pattern);
      is = true;
    }
    return is;
  };

  /** @throws UsageError if no feature was among them for one of the patterns @param where such as `the 5 records shown` */
  checkAllFound(where: string): void {
    const [missing] = this.#missing;
    if (missing === undefined) return;
    const similar = nearest(missing, this.#names);
    const next =
      similar !== undefined
        ? `did you mean ${quoted(similar)}?`
        : this.#names.size === 0
          ? 'they have no named features'
          : `leave out --feature to see all ${this.#names.size}`;
    throw new UsageError(`--feature: no feature ${quoted(missing)} in ${where}; ${next}`);
  }
}

/** Names that are kept for suggestions. */
const MAX_NAMES = 10_000;

/**
 * Several names or patterns, from one argument or from several: `--feature label,image/*`. `\,` is a comma in a name.
 * @throws InvalidArgumentError for an argument without a name
 */
export function featureOption(argument: string, before: readonly string[] = []): string[] {
  const names = (argument.match(/(?:\\,|[^,])+/g) ?? []).map((name) => name.replaceAll('\\,', ','));
  if (names.length === 0)
    throw new InvalidArgumentError("Expected names or patterns such as 'label,image/*'.");
  return [...before, ...names];
}

/** Whether the pattern stands for the name. After a mismatch only the last `*` takes in more, so that the time is bounded. */
function fits(pattern: string, name: string): boolean {
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

/** The name that differs least from `wanted`, if it differs little. */
export function nearest(wanted: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const name of names) {
    if (Math.abs(name.length - wanted.length) >= least) continue;
    const edits = distance(wanted.toLowerCase(), name.toLowerCase());
    if (edits >= least) continue;
    best = name;
    least = edits;
  }
  return best;
}

/** Insertions, deletions and replacements that turn one text into the other. */
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
