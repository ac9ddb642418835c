const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** An entry of a table: whatever belongs to a name. */
export interface Named {
  readonly name: string;
}

interface Slot<T extends Named> {
  readonly bytes: Uint8Array;
  readonly entry: T;
}

/**
 * Finds what belongs to a name that lies as UTF-8 in the bytes of a record, without making a string of it. Records of one kind have their features in the
 * same order: what was found at a position last time is tried first.
 *
 * Of more than `most` names those that come first in order are kept, so that what is kept does not depend on the order in which names are met.
 */
export class NameTable<T extends Named> {
  /** Whether names were left out. */
  truncated = false;
  readonly #make: (name: string) => T | undefined;
  readonly #most: number;
  readonly #guesses: (Slot<T> | undefined)[] = [];
  readonly #slots = new Map<number, Slot<T>[]>();
  readonly #entries = new Map<string, T>();
  /** Names behind it have been dropped. */
  #limit: string | undefined;

  /** @param make what belongs to a new name; undefined where nothing does */
  constructor(make: (name: string) => T | undefined, most: number) {
    this.#make = make;
    this.#most = most;
  }

  /** @param position where in its record the name is met: a guess */
  find(bytes: Uint8Array, from: number, to: number, position: number): T | undefined {
    const guess = this.#guesses[position];
    if (guess !== undefined && isAt(guess.bytes, bytes, from, to)) return guess.entry;
    const slot = this.#search(bytes, from, to);
    if (slot !== undefined) this.#guesses[position] = slot;
    return slot?.entry;
  }

  /** What belongs to a name that is a string already. */
  findText(name: string): T | undefined {
    const known = this.#entries.get(name);
    if (known !== undefined) return known;
    const bytes = new TextEncoder().encode(name);
    return this.#search(bytes, 0, bytes.length)?.entry;
  }

  /** All that are kept, in the order of their names. */
  entries(): T[] {
    return this.#names().map((name) => this.#entries.get(name)!);
  }

  #search(bytes: Uint8Array, from: number, to: number): Slot<T> | undefined {
    let hash = FNV_OFFSET;
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at], FNV_PRIME);
    const found = this.#slots.get(hash)?.find((slot) => isAt(slot.bytes, bytes, from, to));
    return found ?? this.#add(hash, bytes.slice(from, to));
  }

  #add(hash: number, bytes: Uint8Array): Slot<T> | undefined {
    const name = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    if (this.#limit !== undefined && name > this.#limit) return undefined;
    const entry = this.#make(name);
    if (entry === undefined) return undefined;
    const slot = { bytes, entry };
    const slots = this.#slots.get(hash);
    if (slots === undefined) this.#slots.set(hash, [slot]);
    else slots.push(slot);
    this.#entries.set(name, entry);
    if (this.#entries.size > this.#most) this.truncated = true;
    if (this.#entries.size >= 2 * this.#most) this.#trim();
    return slot;
  }

  /** Drops the names that come last: not at each new one, because that takes a look at all. */
  #trim(): void {
    const kept = new Set(this.#names());
    this.#limit = [...kept].at(-1);
    for (const name of [...this.#entries.keys()]) if (!kept.has(name)) this.#entries.delete(name);
    this.#guesses.length = 0;
    for (const [hash, slots] of this.#slots) {
      const left = slots.filter(({ entry }) => kept.has(entry.name));
      if (left.length === 0) this.#slots.delete(hash);
      else this.#slots.set(hash, left);
    }
  }

  #names(): string[] {
    return [...this.#entries.keys()].sort().slice(0, this.#most);
  }
}

function isAt(wanted: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (wanted.length !== to - from) return false;
  for (let i = 0; i < wanted.length; i++) if (wanted[i] !== bytes[from + i]) return false;
  return true;
}
