import type { BytesVector, ListVector } from './column-batch.ts';
import type { FeatureVector } from './feature-vectors.ts';

/** Collects the names of features that are present and have no kind, which are rare. */
export class UnsetNames implements FeatureVector {
  /** Names of all records. */
  #names: string[] = [];
  /** Number of names up to the end of each record. */
  #ends: number[] = [];
  /** Names and slots of the current record; slot -1 is a name without a column. */
  readonly #current = new Map<string, number>();

  begin(): void {
    this.#names = [];
    this.#ends = [];
    this.#current.clear();
  }

  add(name: string, slot: number): void {
    this.#current.set(name, slot);
  }

  /** Removes a name whose later feature has a kind; the last feature is used. */
  remove(name: () => string): void {
    if (this.#current.size > 0) this.#current.delete(name());
  }

  /**
   * Ends a record.
   *
   * @param has reports whether a later feature of the same name has a kind; the last one is used
   */
  endRecord(has: (slot: number) => boolean): void {
    if (this.#current.size > 0) {
      for (const [name, slot] of [...this.#current].sort())
        if (slot < 0 || !has(slot)) this.#names.push(name);
      this.#current.clear();
    }
    this.#ends.push(this.#names.length);
  }

  build(): ListVector {
    const items = textVector(this.#names);
    return { type: 'list', length: this.#ends.length, offsets: Int32Array.from([0, ...this.#ends]), items };
  }
}

const utf8 = new TextEncoder();

function textVector(texts: readonly string[]): BytesVector {
  const encoded = texts.map((text) => utf8.encode(text));
  const offsets = new Int32Array(texts.length + 1);
  for (const [i, { length }] of encoded.entries()) offsets[i + 1] = offsets[i] + length;
  const data = new Uint8Array(offsets[texts.length]);
  for (const [i, bytes] of encoded.entries()) data.set(bytes, offsets[i]);
  return { type: 'text', length: texts.length, offsets, data };
}
