/** The smallest of the 64-bit keys seen so far, up to a number of them: a heap with the largest on top. */
export class SmallestKeys {
  readonly #most: number;
  #hi: Uint32Array = new Uint32Array(16);
  #lo: Uint32Array = new Uint32Array(16);
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a key; whether it is among the smallest so far. Keys differ from each other. */
  add(hi: number, lo: number): boolean {
    if (this.#count < this.#most) {
      this.#grow();
      this.#rise(this.#count++, hi, lo);
      return true;
    }
    if (!this.has(hi, lo)) return false;
    this.#sink(hi, lo);
    return true;
  }

  /** Whether a key that has been added is among the smallest. */
  has(hi: number, lo: number): boolean {
    if (this.#count === 0) return false;
    return hi < this.#hi[0] || (hi === this.#hi[0] && lo <= this.#lo[0]);
  }

  #grow(): void {
    if (this.#count < this.#hi.length) return;
    const [hi, lo] = [this.#hi, this.#lo];
    this.#hi = new Uint32Array(2 * hi.length);
    this.#lo = new Uint32Array(2 * lo.length);
    this.#hi.set(hi);
    this.#lo.set(lo);
  }

  /** Puts a key in at the end. */
  #rise(at: number, hi: number, lo: number): void {
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isLess(above, hi, lo)) break;
      this.#move(above, at);
      at = above;
    }
    this.#hi[at] = hi;
    this.#lo[at] = lo;
  }

  /** Puts a key in for the largest. */
  #sink(hi: number, lo: number): void {
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.#count) break;
      if (below + 1 < this.#count && this.#isLess(below, this.#hi[below + 1], this.#lo[below + 1])) below++;
      if (this.#isLess(below, hi, lo)) break;
      this.#move(below, at);
      at = below;
    }
    this.#hi[at] = hi;
    this.#lo[at] = lo;
  }

  #move(from: number, to: number): void {
    this.#hi[to] = this.#hi[from];
    this.#lo[to] = this.#lo[from];
  }

  #isLess(at: number, hi: number, lo: number): boolean {
    return this.#hi[at] < hi || (this.#hi[at] === hi && this.#lo[at] < lo);
  }
}
