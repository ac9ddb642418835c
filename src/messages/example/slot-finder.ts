const utf8 = new TextEncoder();

/** A name that is wanted. */
interface Wanted {
  readonly bytes: Uint8Array;
  readonly slot: number;
  /** What was wanted next, last time. */
  follower: Wanted | undefined;
}

/**
 * Which of the wanted names, by their bytes. Records of a file nearly always have the same names in the same order: that which came next last time
 * is asked first. Of the others only those of the same length are; names that share a beginning differ at their end, so the last byte is compared first.
 */
export class SlotFinder {
  readonly #byLength: Wanted[][];
  #first: Wanted | undefined;
  #last: Wanted | undefined;

  constructor(names: readonly string[]) {
    const all = names.map((name, slot) => ({ bytes: utf8.encode(name), slot, follower: undefined }));
    const longest = all.reduce((most, { bytes }) => Math.max(most, bytes.length), 0);
    this.#byLength = Array.from({ length: longest + 1 }, (_, length) =>
      all.filter(({ bytes }) => bytes.length === length),
    );
  }

  /** A new record begins. */
  begin(): void {
    this.#last = undefined;
  }

  /** The slot of the name; -1 for one that nobody wants. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const last = this.#last;
    const expected = last === undefined ? this.#first : last.follower;
    if (expected !== undefined && isSame(expected.bytes, bytes, start, end)) {
      this.#last = expected;
      return expected.slot;
    }
    const length = end - start;
    if (length >= this.#byLength.length) return -1;
    const candidates = this.#byLength[length];
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i];
      if (!isSame(candidate.bytes, bytes, start, end)) continue;
      if (last === undefined) this.#first = candidate;
      else last.follower = candidate;
      this.#last = candidate;
      return candidate.slot;
    }
    return -1;
  }
}

function isSame(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const { length } = name;
  if (length !== end - start) return false;
  for (let i = length - 1; i >= 0; i--) if (name[i] !== bytes[start + i]) return false;
  return true;
}
