import { ContiguousCollector, findMalformedText } from './contiguous-bytes.ts';
import type { FeatureCursor } from './feature-cursor.ts';
import { BYTES } from './list-cursor.ts';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Collects values of bytes as strings: a `ValueCollector`. */
export class TextCollector {
  readonly kind: number = BYTES;
  readonly #bytes = new ContiguousCollector();
  readonly #defaults: readonly string[];
  /** Start and end of each range that contains defaults. */
  #filled: number[] = [];

  constructor(defaults: readonly string[]) {
    this.#defaults = defaults;
  }

  begin(): void {
    this.#filled = [];
    this.#bytes.begin();
  }

  beginLists(): void {
    this.begin();
  }

  add(cursor: FeatureCursor, to: number): number {
    return this.#bytes.add(cursor, to);
  }

  put(): boolean {
    return false;
  }

  fill(from: number, to: number): void {
    this.#filled.push(from, to);
    this.#bytes.fill(from, to);
  }

  finish(count: number, onInvalid: (index: number, what: string) => Error): string[] {
    const { offsets, data } = this.#bytes.finish(count);
    const malformed = findMalformedText({ offsets, data });
    if (malformed >= 0)
      throw onInvalid(malformed, "expected UTF-8 text, got invalid UTF-8; kind 'bytes' accepts it");
    const texts = textsOf(data, offsets);
    const defaults = this.#defaults;
    for (let i = 0; defaults.length > 0 && i < this.#filled.length; i += 2)
      for (let at = this.#filled[i]; at < this.#filled[i + 1]; at++)
        texts[at] = defaults[(at - this.#filled[i]) % defaults.length];
    return texts;
  }

  finishOne(onInvalid: (index: number, what: string) => Error): string {
    return this.finish(1, onInvalid)[0];
  }
}

/**
 * Decodes all values at once, which takes less time than decoding each of them, and divides the
 * result.
 */
function textsOf(data: Uint8Array, offsets: Int32Array): string[] {
  const all = utf8.decode(data);
  const count = offsets.length - 1;
  const texts: string[] = new Array(count);
  const isAscii = all.length === data.length;
  let start = 0;
  for (let i = 0; i < count; i++) {
    const end = isAscii ? offsets[i + 1] : start + unitsIn(data, offsets[i], offsets[i + 1]);
    texts[i] = all.slice(start, end);
    start = end;
  }
  return texts;
}

/** Returns the number of UTF-16 units of UTF-8 text. */
function unitsIn(data: Uint8Array, from: number, to: number): number {
  let units = 0;
  for (let at = from; at < to; at++) {
    const byte = data[at];
    if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}
