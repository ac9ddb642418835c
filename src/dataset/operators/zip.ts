import { type Elements, openInput } from '../iterables.ts';
import { closeAll, END, LATER, type Open, Stage, type Step } from '../stage.ts';
import { MapStage } from './map.ts';

/** A stage that yields one element of each source as an array. It ends when any source ends. */
export class ZipStage extends Stage<unknown[]> {
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

  ready(): Promise<void> {
    return this.#sources[this.#row.length].ready();
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
  return (iteration) => {
    const rows = new ZipStage(all.map((open) => open(iteration)));
    const named = names === undefined ? rows : new MapStage(rows, (row) => withNames(names, row), 1);
    return named as Stage<unknown> as Stage<Zipped<S>>;
  };
}

function withNames(names: readonly string[], row: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name, i) => [name, row[i]]));
}
