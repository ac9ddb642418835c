import type { FeatureCursor } from './feature-cursor.ts';
import { type ListCursor, NONE } from './list-cursor.ts';

/**
 * Stores the kinds and positions of features, by number, so that their values can be read later.
 */
export class FeaturePlaces {
  kinds: Uint8Array = new Uint8Array(0);
  #starts = new Uint32Array(0);
  #ends = new Uint32Array(0);
  /** Lists that the record stores in several parts. Their bytes are joined here, as in protobuf. */
  #joined: Map<number, Uint8Array> | undefined;

  /** Removes all features and reserves room for `count`. */
  clear(count: number): void {
    this.#joined = undefined;
    if (count > this.kinds.length) this.#grow(count);
    if (count > 0) this.kinds.fill(NONE, 0, count);
  }

  /** Releases the joined lists. */
  release(): void {
    this.#joined = undefined;
  }

  /** Stores the feature that the cursor has read. */
  set(i: number, { kind, list, listStart, listEnd, record }: FeatureCursor): void {
    if (i >= this.kinds.length) this.#grow(2 * i + 16);
    this.kinds[i] = kind;
    this.#starts[i] = listStart;
    this.#ends[i] = listEnd;
    if (list !== record) {
      this.#joined ??= new Map();
      this.#joined.set(i, list);
    } else this.#joined?.delete(i);
  }

  /** Returns the size of the list in bytes. */
  length(i: number): number {
    return this.kinds[i] === NONE ? 0 : this.#ends[i] - this.#starts[i];
  }

  /** Opens the list of a feature of `record`. */
  open(i: number, record: Uint8Array, cursor: ListCursor): void {
    cursor.openList(this.kinds[i], this.#joined?.get(i) ?? record, this.#starts[i], this.#ends[i]);
  }

  #grow(count: number): void {
    const { kinds } = this;
    const [starts, ends] = [this.#starts, this.#ends];
    this.kinds = new Uint8Array(count);
    this.#starts = new Uint32Array(count);
    this.#ends = new Uint32Array(count);
    this.kinds.set(kinds);
    this.#starts.set(starts);
    this.#ends.set(ends);
  }
}
