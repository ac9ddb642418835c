/** Bits that tell which elements of a vector are present, for the layout of `NullableElements`. */
export class Validity {
  readonly #length: number;
  #bits: Uint8Array | undefined;

  /** @param length number of elements, all of which are present at first */
  constructor(length: number) {
    this.#length = length;
  }

  /** Marks an element as null. */
  clear(element: number): void {
    this.#bits ??= allPresent(this.#length);
    this.#bits[element >> 3] &= ~(1 << (element & 7));
  }

  /** The bits; undefined if no element is null. */
  get bits(): Uint8Array | undefined {
    return this.#bits;
  }
}

function allPresent(length: number): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3).fill(0xff);
  if (length % 8 !== 0) bits[bits.length - 1] = 0xff >> (8 - (length % 8));
  return bits;
}

/** Reports whether an element of a vector is present. */
export function isPresent(validity: Uint8Array | undefined, element: number): boolean {
  return validity === undefined || ((validity[element >> 3] >> (element & 7)) & 1) === 1;
}
