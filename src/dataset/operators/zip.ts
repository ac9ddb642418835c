import { type Elements, openInput } from '../iterables.ts';
import { isList, malformedPosition, type Position } from '../position.ts';
import { closeAll, END, LATER, type Open, Stage, type Step, Through, type Wait } from '../stage.ts';

/** A stage that yields one element of each source as an array. It ends when any source ends. */
class ZipStage extends Stage<unknown[]> {
  readonly #sources: readonly Stage<unknown>[];
  #row: unknown[] = [];

  constructor(sources: readonly Stage<unknown>[]) {
    super();
    this.#sources = sources;
  }

  next(): Step<unknown[]> {
    const row = this.#row;
    while (row.length < this.#sources.length) {
      const element = this.#sources[row.length].next();
      if (element === END || element === LATER) return element;
      row.push(element);
    }
    this.#row = [];
    return row;
  }

  position(): Position {
    return this.#sources.map((source) => source.position());
  }

  ready(): Promise<void> {
    return this.#sources[this.#row.length].ready();
  }

  override waitsFor(): Wait {
    return this.#sources[this.#row.length].waitsFor();
  }

  close(): Promise<void> | undefined {
    return closeAll(this.#sources);
  }
}

/** Datasets or other iterables, as an array or an object. */
export type ZipSources =
  | readonly [Elements<unknown>, ...Elements<unknown>[]]
  | readonly Elements<unknown>[]
  | { readonly [name: string]: Elements<unknown> };

/** Element of a zipped dataset: one element of each source. */
export type Zipped<S extends ZipSources> = {
  -readonly [K in keyof S]: S[K] extends Elements<infer T> ? T : never;
};

/** Opens a zip, which yields arrays, or objects if the sources are named. */
export function openZip<S extends ZipSources>(sources: S): Open<Zipped<S>> {
  const all = Object.values<Elements<unknown>>(sources).map(openInput);
  const names = Array.isArray(sources) ? undefined : Object.keys(sources);
  return (iteration, from = null) => {
    if (from !== null && !isList(from, all.length)) throw malformedPosition('zip');
    const rows = new ZipStage(all.map((open, i) => open(iteration, from?.[i])));
    const named = names === undefined ? rows : new NamedStage(rows, names);
    return named as Stage<unknown> as Stage<Zipped<S>>;
  };
}

/** Turns rows into objects. */
class NamedStage extends Through<unknown[], Record<string, unknown>> {
  readonly #names: readonly string[];

  constructor(rows: Stage<unknown[]>, names: readonly string[]) {
    super(rows);
    this.#names = names;
  }

  next(): Step<Record<string, unknown>> {
    const row = this.source.next();
    if (row === END || row === LATER) return row;
    return Object.fromEntries(this.#names.map((name, i) => [name, row[i]]));
  }

  position(): Position {
    return this.source.position();
  }
}
