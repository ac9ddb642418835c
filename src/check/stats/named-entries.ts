import { NameTable } from '../../messages/example/name-table.ts';

/**
 * Keeps an entry for each name. If there are more than `max` names, those that sort first are kept,
 * so that the result does not depend on the order of the records.
 */
export class NamedEntries<T extends { readonly name: string }> {
  /** Whether names were dropped. */
  truncated = false;
  readonly #create: (name: string) => T;
  readonly #max: number;
  readonly #entries = new Map<string, T>();
  readonly #table = new NameTable<T | undefined>((name) => this.byName(name));
  /** Last name that was kept when names were dropped. */
  #limit: string | undefined;

  constructor(create: (name: string) => T, max: number) {
    this.#create = create;
    this.#max = max;
  }

  /** Starts a new record. */
  begin(): void {
    this.#table.begin();
  }

  /**
   * Returns the entry for the name at [start, end) of `bytes`, which must be UTF-8, or undefined if
   * the name is dropped.
   */
  find(bytes: Uint8Array, start: number, end: number): T | undefined {
    return this.#table.find(bytes, start, end);
  }

  byName(name: string): T | undefined {
    const known = this.#entries.get(name);
    if (known !== undefined || (this.#limit !== undefined && name > this.#limit)) return known;
    const entry = this.#create(name);
    this.#entries.set(name, entry);
    if (this.#entries.size > this.#max) this.truncated = true;
    if (this.#entries.size >= 2 * this.#max) this.#trim();
    return entry;
  }

  /** Returns the entries that are kept, sorted by name. */
  entries(): T[] {
    return this.#names().map((name) => this.#entries.get(name)!);
  }

  /** Drops the names that sort last. This sorts all names, so it does not run for each new name. */
  #trim(): void {
    const kept = new Set(this.#names());
    this.#limit = [...kept].at(-1);
    for (const name of [...this.#entries.keys()]) if (!kept.has(name)) this.#entries.delete(name);
    this.#table.clear();
  }

  #names(): string[] {
    return [...this.#entries.keys()].sort().slice(0, this.#max);
  }
}
