interface Entry<T> {
  readonly bytes: Uint8Array;
  readonly value: T;
  /** The name that followed this one in an earlier record. */
  follower: Entry<T> | undefined;
  /** The next entry with the same hash. */
  readonly chain: Entry<T> | undefined;
}

/**
 * Limits of the stored names. If they are exceeded, the table is cleared before the next record.
 */
const MAX_NAMES = 4096;
const MAX_BYTES = 1 << 20;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Finds the value of a name from its bytes, without decoding them. The records of a file nearly
 * always have the same names in the same order, so the table first compares the name that came next
 * in an earlier record.
 */
export class NameTable<T> {
  readonly #create: (name: string) => T;
  #byHash = new Map<number, Entry<T>>();
  #first: Entry<T> | undefined;
  #last: Entry<T> | undefined;
  #size = 0;
  // Random, so that nobody can craft a file whose names all share a hash.
  readonly #seed = Math.floor(Math.random() * 2 ** 31);

  /** @param create called for a name that is not in the table */
  constructor(create: (name: string) => T) {
    this.#create = create;
  }

  /** Starts a new record. */
  begin(): void {
    if (this.#byHash.size > MAX_NAMES || this.#size > MAX_BYTES) this.clear();
    this.#last = undefined;
  }

  clear(): void {
    this.#byHash.clear();
    this.#size = 0;
    this.#first = this.#last = undefined;
  }

  /**
   * Returns the value of the name at [start, end) of `bytes`.
   *
   * @throws TypeError for bytes that are not UTF-8
   */
  find(bytes: Uint8Array, start: number, end: number): T {
    const last = this.#last;
    const expected = last === undefined ? this.#first : last.follower;
    if (expected !== undefined && isSame(expected.bytes, bytes, start, end)) {
      this.#last = expected;
      return expected.value;
    }
    const entry = this.#lookUp(bytes, start, end);
    if (last === undefined) this.#first = entry;
    else last.follower = entry;
    this.#last = entry;
    return entry.value;
  }

  #lookUp(bytes: Uint8Array, start: number, end: number): Entry<T> {
    let hash = this.#seed;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
    const chain = this.#byHash.get(hash);
    for (let entry = chain; entry !== undefined; entry = entry.chain)
      if (isSame(entry.bytes, bytes, start, end)) return entry;
    const copy = Uint8Array.prototype.slice.call(bytes, start, end);
    const entry = { bytes: copy, value: this.#create(decoder.decode(copy)), follower: undefined, chain };
    this.#size += copy.length;
    this.#byHash.set(hash, entry);
    return entry;
  }
}

/**
 * Reports whether `name` is at [start, end) of `bytes`. The last byte is compared first, because
 * names with a common prefix differ at their end.
 */
export function isSame(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const { length } = name;
  if (length !== end - start || name[length - 1] !== bytes[end - 1]) return length === 0 && start === end;
  for (let i = 0; i < length; i++) if (name[i] !== bytes[start + i]) return false;
  return true;
}
