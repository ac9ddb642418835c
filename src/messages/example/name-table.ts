/** A name of a feature, and what is known of it. */
export interface Name {
  readonly text: string;
  readonly bytes: Uint8Array;
  /** The name that came behind this one last time. */
  follower: Name | undefined;
  /** Another of the same hash. */
  readonly chain: Name | undefined;
  /** The last record that had it. */
  seenIn: number;
}

/** So many names are kept, of so many bytes; with more, it begins anew at the next record. */
const MAX_NAMES = 4096;
const MAX_BYTES = 1 << 20;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The text of names by their bytes. Records of a file nearly always have the same names in the same order: then finding one is comparing its
 * bytes with those of the name that came here last time.
 */
export class NameTable {
  #byHash = new Map<number, Name>();
  #first: Name | undefined;
  #last: Name | undefined;
  #size = 0;
  record = 0;
  // Nobody can make a file of names that all have one hash.
  readonly #seed = Math.floor(Math.random() * 2 ** 31);

  /** A new record begins. */
  begin(): void {
    if (this.#byHash.size > MAX_NAMES || this.#size > MAX_BYTES) {
      this.#byHash.clear();
      this.#size = 0;
      this.#first = undefined;
    }
    this.#last = undefined;
    this.record++;
  }

  /** @throws UsageError for bytes that are not UTF-8 */
  find(bytes: Uint8Array, start: number, end: number): Name {
    const last = this.#last;
    const expected = last === undefined ? this.#first : last.follower;
    let name: Name;
    if (expected !== undefined && isSame(expected.bytes, bytes, start, end)) name = expected;
    else {
      name = this.#lookUp(bytes, start, end);
      if (last === undefined) this.#first = name;
      else last.follower = name;
    }
    this.#last = name;
    return name;
  }

  #lookUp(bytes: Uint8Array, start: number, end: number): Name {
    let hash = this.#seed;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
    const chain = this.#byHash.get(hash);
    for (let name = chain; name !== undefined; name = name.chain) {
      if (isSame(name.bytes, bytes, start, end)) return name;
    }
    const own = new Uint8Array(end - start);
    for (let i = 0; i < own.length; i++) own[i] = bytes[start + i];
    this.#size += own.length;
    const name: Name = { text: decoder.decode(own), bytes: own, follower: undefined, chain, seenIn: 0 };
    this.#byHash.set(hash, name);
    return name;
  }
}

function isSame(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const { length } = name;
  if (length !== end - start) return false;
  for (let i = 0; i < length; i++) if (name[i] !== bytes[start + i]) return false;
  return true;
}
