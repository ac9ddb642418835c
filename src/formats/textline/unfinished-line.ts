import { findIn } from './cutting.ts';
import type { LineScanner } from './scanner.ts';

const NOTHING = new Uint8Array(0);

/**
 * A line that spans chunks. Its first piece is a view until the next chunk arrives. If that chunk
 * contains the end of the line, both pieces are copied once; only a line that spans three or more
 * chunks is collected in growing memory.
 */
export class UnfinishedLine {
  /** Number of bytes so far, or 0 if no line has begun. The last bytes may begin a delimiter. */
  length = 0;
  /** Position of the line's first byte in the stream. */
  offset = 0;
  readonly #scanner: LineScanner;
  /** Whether the next line may reuse the memory. */
  readonly #reuse: boolean;
  #first: Uint8Array | undefined;
  #gathered: Uint8Array = NOTHING;
  /** The last bytes of the line, up to the size of a delimiter. */
  #seam: Uint8Array = NOTHING;

  constructor(scanner: LineScanner, reuse: boolean) {
    this.#scanner = scanner;
    this.#reuse = reuse;
  }

  begin(bytes: Uint8Array, from: number, to: number, offset: number): void {
    this.#first = bytes.subarray(from, to);
    this.length = to - from;
    this.offset = offset;
    this.#seam = this.#first.slice(-this.#scanner.cutting.delimiter.length);
  }

  /**
   * Returns the index in the next bytes, `bytes[0, to)`, of the delimiter that ends the line. The
   * index is negative if the delimiter began earlier, and undefined if there is none.
   */
  findEnd(bytes: Uint8Array, to: number): number | undefined {
    const { delimiter } = this.#scanner.cutting;
    if (delimiter.length > 1) {
      const across = joined(this.#seam, bytes.subarray(0, Math.min(to, delimiter.length - 1)));
      const at = findIn(across, 0, delimiter);
      if (at >= 0) return at - this.#seam.length;
    }
    const at = this.#scanner.find(bytes, 0, to);
    return at < 0 ? undefined : at;
  }

  /** Returns the byte before `bytes[end]`, where `end` is the result of `findEnd`. */
  lastByte(bytes: Uint8Array, end: number): number | undefined {
    return end > 0 ? bytes[end - 1] : this.#seam[this.#seam.length + end - 1];
  }

  /** Adds `bytes[0, to)`, which does not end the line. Without `keep`, only the length is kept. */
  add(bytes: Uint8Array, to: number, keep: boolean): void {
    const piece = bytes.subarray(0, to);
    if (keep) this.#gather(piece, Number.POSITIVE_INFINITY);
    else this.#first = undefined;
    this.length += to;
    const { length } = this.#scanner.cutting.delimiter;
    this.#seam = to >= length ? piece.slice(-length) : joined(this.#seam, piece).slice(-length);
  }

  /**
   * Returns the whole line, which ends before `bytes[end]`: a view if it is in one piece, otherwise
   * a copy.
   */
  finish(bytes: Uint8Array, end: number): Uint8Array {
    const first = this.#first;
    const length = this.length + end;
    if (end > 0) this.#gather(bytes.subarray(0, end), length);
    const line = (end > 0 ? this.#gathered : (first ?? this.#gathered)).subarray(0, length);
    if (!this.#reuse) this.#gathered = NOTHING;
    this.clear();
    return line;
  }

  clear(): void {
    this.length = 0;
    this.#first = undefined;
  }

  #gather(piece: Uint8Array, max: number): void {
    const first = this.#first;
    const needed = this.length + piece.length;
    if (this.#gathered.length < needed) {
      const grown = new Uint8Array(Math.min(max, Math.max(needed, 2 * this.#gathered.length, 64)));
      if (first === undefined) grown.set(this.#gathered.subarray(0, this.length));
      this.#gathered = grown;
    }
    if (first !== undefined) this.#gathered.set(first);
    this.#first = undefined;
    this.#gathered.set(piece, this.length);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
