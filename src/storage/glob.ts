import { UsageError } from '../errors.ts';

/** A compiled pattern for names, which are keys or paths with slashes. */
export interface Glob {
  /** Common prefix of all matching names. Limits listings. */
  readonly prefix: string;
  matches(name: string): boolean;
  /** Reports whether a name that starts with `folder`, which ends with a slash, can match. */
  mayMatchBelow(folder: string): boolean;
}

const MAX_PATTERN_CHARACTERS = 4096;

/**
 * Compiles a pattern. The pattern matches whole names, in time proportional to their length:
 *
 * - `*`: any characters except a slash; `?`: one character except a slash;
 * - `**` as a whole folder name: any number of folders; at the end: everything below. Elsewhere, it
 *   is the same as `*`;
 * - `[a-z_]`: one of these characters; `[!a-z]` or `[^a-z]`: one other character, never a slash;
 * - `{a,b}`: any of these patterns, which may be nested;
 * - `\*`: the character after the backslash. `[*]` is equivalent.
 *
 * Wildcards do not match a dot at the beginning of a name or folder name. All other characters
 * match themselves, including `(`, `)`, `|`, `!`, an unclosed `{` or `[`, and a `{` without a
 * comma.
 *
 * @throws UsageError for a pattern of more than 4,096 characters
 */
export function compileGlob(pattern: string): Glob {
  if (pattern.length > MAX_PATTERN_CHARACTERS)
    throw new UsageError(
      `pattern: expected at most ${MAX_PATTERN_CHARACTERS} characters, got ${pattern.length}`,
    );
  const parser = new Parser(pattern);
  const first = parser.parse();
  return new Automaton(parser.nodes, first, literalPrefix(pattern));
}

/** Reports whether a string contains wildcards. A string without wildcards is a plain name. */
export function isGlob(text: string): boolean {
  if (/[*?]/.test(text)) return true;
  if (!/[[{]/.test(text)) return false;
  return partsOf(text).size > 0;
}

function literalPrefix(pattern: string): string {
  const parts = partsOf(pattern);
  for (let at = 0; at < pattern.length; at++)
    if ('*?\\'.includes(pattern[at]) || parts.has(at)) return pattern.slice(0, at);
  return pattern;
}

/** Maps the start of each closed `[…]` and `{…,…}` to its end. */
function partsOf(pattern: string): Map<number, number> {
  const ends = new Map<number, number>();
  const open: { readonly at: number; comma: boolean }[] = [];
  // No closing bracket follows, so do not search again.
  let noBracket = false;
  for (let at = 0; at < pattern.length; at++) {
    const sign = pattern[at];
    if (sign === '\\') at++;
    else if (sign === '[' && !noBracket) {
      const end = classEnd(pattern, at);
      if (end < 0) noBracket = pattern.indexOf(']', at + 1) < 0;
      else {
        ends.set(at, end);
        at = end;
      }
    } else if (sign === '{') open.push({ at, comma: false });
    else if (sign === ',' && open.length > 0) open[open.length - 1].comma = true;
    else if (sign === '}') {
      const brace = open.pop();
      if (brace?.comma) ends.set(brace.at, at);
    }
  }
  return ends;
}

/**
 * Returns the end of the class that starts at `at`, or -1 if it is not closed. A leading `]` is
 * literal.
 */
function classEnd(pattern: string, at: number): number {
  let next = at + 1;
  if (pattern[next] === '!' || pattern[next] === '^') next++;
  const end = pattern.indexOf(']', next + 1);
  // No class matches a slash, so brackets around a slash are literal.
  return end < 0 || pattern.slice(next, end).includes('/') ? -1 : end;
}

const SLASH = 47;
const DOT = 46;

/** A node of a nondeterministic automaton. */
interface Node {
  /**
   * Whether the node accepts this character. If undefined, the automaton enters the following nodes
   * without consuming a character.
   */
  readonly takes?: (code: number, first: boolean) => boolean;
  readonly next: number[];
  readonly end?: true;
}

const notSlash = (code: number, first: boolean): boolean => code !== SLASH && !(first && code === DOT);
const anything = (code: number, first: boolean): boolean => !(first && code === DOT);

/**
 * Builds the automaton from the end of the pattern to its beginning, so that the successors of each
 * part are known.
 */
class Parser {
  readonly nodes: Node[] = [{ next: [], end: true }];
  readonly #pattern: string;
  readonly #ends: ReadonlyMap<number, number>;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#ends = partsOf(pattern);
  }

  /** Builds the nodes. @returns the first node */
  parse(): number {
    return this.#sequence(0, this.#pattern.length, 0, false);
  }

  #add(node: Node): number {
    return this.nodes.push(node) - 1;
  }

  #sequence(from: number, to: number, then: number, inBraces: boolean): number {
    const parts: ((then: number) => number)[] = [];
    for (let at = from; at < to; ) {
      const [build, next] = this.#part(at, to, inBraces);
      parts.push(build);
      at = next;
    }
    return parts.reduceRight((next, build) => build(next), then);
  }

  #part(at: number, to: number, inBraces: boolean): [build: (then: number) => number, next: number] {
    const pattern = this.#pattern;
    const sign = pattern[at];
    const end = this.#ends.get(at);
    if (sign === '*') return this.#stars(at, to, inBraces);
    if (sign === '?') return [(then) => this.#add({ takes: notSlash, next: [then] }), at + 1];
    if (sign === '[' && end !== undefined) {
      const takes = classOf(pattern.slice(at + 1, end));
      return [(then) => this.#add({ takes, next: [then] }), end + 1];
    }
    if (sign === '{' && end !== undefined) {
      const ways = this.#alternatives(at, end);
      const build = (then: number): number =>
        this.#add({ next: ways.map(([start, stop]) => this.#sequence(start, stop, then, true)) });
      return [build, end + 1];
    }
    const place = sign === '\\' && at + 1 < to ? at + 1 : at;
    const code = pattern.codePointAt(place)!;
    const next = place + (code > 0xffff ? 2 : 1);
    // A dot after a star is not a leading dot, which a pattern must match explicitly.
    const notFirst = code === DOT && pattern[at - 1] === '*';
    const takes = (one: number, first: boolean): boolean => one === code && !(first && notFirst);
    return [(then) => this.#add({ takes, next: [then] }), next];
  }

  #stars(at: number, to: number, inBraces: boolean): [build: (then: number) => number, next: number] {
    const pattern = this.#pattern;
    let next = at;
    while (next < to && pattern[next] === '*') next++;
    const before = pattern[at - 1];
    const after = pattern[next];
    const starts = at === 0 || before === '/' || (inBraces && (before === '{' || before === ','));
    const ends = next === pattern.length || after === '/' || (inBraces && (after === '}' || after === ','));
    if (next - at !== 2 || !starts || !ends) return [(then) => this.#loop(notSlash, then), next];
    if (after !== '/' || next >= to) return [(then) => this.#loop(anything, then), next];
    // Matches any number of folders, each with its slash.
    const folders = (then: number): number => {
      const split = this.#add({ next: [then] });
      const inside = this.#add({ next: [] });
      const name = this.#add({ takes: notSlash, next: [inside] });
      const slash = this.#add({ takes: (code) => code === SLASH, next: [split] });
      this.nodes[inside].next.push(name, slash);
      this.nodes[split].next.push(inside);
      return split;
    };
    return [folders, next + 1];
  }

  #loop(takes: NonNullable<Node['takes']>, then: number): number {
    const split = this.#add({ next: [then] });
    this.nodes[split].next.push(this.#add({ takes, next: [split] }));
    return split;
  }

  /** Returns the ranges between the commas of braces. */
  #alternatives(open: number, close: number): [start: number, stop: number][] {
    const found: [number, number][] = [];
    let start = open + 1;
    for (let at = start; at < close; at++) {
      if (this.#pattern[at] === '\\') at++;
      else if (this.#pattern[at] === ',') {
        found.push([start, at]);
        start = at + 1;
      } else at = this.#ends.get(at) ?? at;
    }
    return [...found, [start, close]];
  }
}

function classOf(text: string): (code: number, first: boolean) => boolean {
  const negated = text[0] === '!' || text[0] === '^';
  const signs = Array.from(negated ? text.slice(1) : text, (sign) => sign.codePointAt(0)!);
  const ranges: [low: number, high: number][] = [];
  for (let i = 0; i < signs.length; i++) {
    const range = signs[i + 1] === 45 && i + 2 < signs.length;
    ranges.push([signs[i], range ? signs[i + 2] : signs[i]]);
    if (range) i += 2;
  }
  return (code, first) =>
    notSlash(code, first) && ranges.some(([low, high]) => code >= low && code <= high) !== negated;
}

/** A set of nodes that the automaton can be in, with the transitions computed so far. */
interface State {
  /** The nodes that consume a character. */
  readonly nodes: readonly number[];
  /** Whether a name may end in this state. */
  readonly end: boolean;
  /** Whether the next character is the first of a name or folder name. */
  readonly first: boolean;
  readonly ascii: (State | undefined)[];
}

const MAX_STATES = 2000;

/**
 * Follows all alternatives at once and caches the reached sets of nodes, so that most characters
 * cost one lookup.
 */
class Automaton implements Glob {
  readonly prefix: string;
  readonly #nodes: readonly Node[];
  readonly #states = new Map<string, State>();
  readonly #seen: Uint32Array;
  #round = 0;
  readonly #dead: State = { nodes: [], end: false, first: false, ascii: [] };
  readonly #first: State;
  readonly #afterPrefix: State;

  constructor(nodes: readonly Node[], start: number, prefix: string) {
    this.prefix = prefix;
    this.#nodes = nodes;
    this.#seen = new Uint32Array(nodes.length);
    this.#first = this.#state([start], true);
    this.#afterPrefix = this.#run(this.#first, prefix, 0);
  }

  matches(name: string): boolean {
    return name.startsWith(this.prefix) && this.#run(this.#afterPrefix, name, this.prefix.length).end;
  }

  mayMatchBelow(folder: string): boolean {
    return this.#run(this.#first, folder, 0).nodes.length > 0;
  }

  #run(from: State, name: string, start: number): State {
    let state = from;
    for (let i = start; i < name.length; i++) {
      if (state.nodes.length === 0) return this.#dead;
      const unit = name.charCodeAt(i);
      if (unit < 128) {
        state = state.ascii[unit] ??= this.#step(state, unit);
        continue;
      }
      const code = name.codePointAt(i)!;
      if (code > 0xffff) i++;
      state = this.#step(state, code);
    }
    return state;
  }

  #step({ nodes, first }: State, code: number): State {
    const next: number[] = [];
    for (const at of nodes) {
      const node = this.#nodes[at];
      if (node.takes!(code, first)) next.push(node.next[0]);
    }
    return this.#state(next, code === SLASH);
  }

  /** Returns the state for these nodes and all nodes reachable from them without a character. */
  #state(from: readonly number[], first: boolean): State {
    const round = ++this.#round;
    const open = [...from];
    const nodes: number[] = [];
    let end = false;
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (this.#seen[at] === round) continue;
      this.#seen[at] = round;
      const node = this.#nodes[at];
      if (node.end) end = true;
      else if (node.takes !== undefined) nodes.push(at);
      else for (const next of node.next) open.push(next);
    }
    nodes.sort((a, b) => a - b);
    const key = `${first}${end}${nodes.join()}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    // Cached transitions are stored only in their start states, so clearing the states frees them.
    if (this.#states.size >= MAX_STATES) this.#forget();
    const state = { nodes, end, first, ascii: [] };
    this.#states.set(key, state);
    return state;
  }

  #forget(): void {
    for (const { ascii } of this.#states.values()) ascii.length = 0;
    this.#states.clear();
  }
}
