import { unclearedMemory } from '../../bytes/uncleared-memory.ts';
import { Places } from '../places.ts';
import type { Stage } from '../stage.ts';

/** Chunks in which a record is smaller than this fraction are not kept: the record is copied. */
const MIN_KEPT_FRACTION = 1 / 32;
/**
 * Memory for chunks in addition to twice that of the views: the latest records arrive one by one.
 */
const SPARE_BYTES = 8 * 2 ** 20;

/** A chunk of a file, and the number of its views in the buffer. */
interface Chunk {
  readonly memory: ArrayBufferLike;
  views: number;
}

/**
 * Elements in a shuffle buffer.
 *
 * Records are views of large chunks, and a view keeps its whole chunk in memory. Small records are
 * therefore copied. Large records remain views while the chunks take at most about twice the memory
 * of the views. Beyond that, the remaining records of the oldest chunk are copied. That saves most
 * copies, because most records of a chunk leave the buffer before it becomes the oldest.
 */
export class ShuffleBuffer<T> {
  readonly #elements: T[] = [];
  /** The chunk of each element that is a view. Empty until the first view. */
  readonly #chunkOf: (Chunk | undefined)[] = [];
  #hasViews = false;
  /** Locations of the elements, if they are kept. */
  #places: Places | undefined;
  /** Chunks by their memory, oldest first. */
  readonly #chunks = new Map<ArrayBufferLike, Chunk>();
  readonly #keepsViews: boolean;
  #chunkBytes = 0;
  #viewBytes = 0;

  /** @param keepsViews whether large records may remain views */
  constructor(keepsViews: boolean) {
    this.#keepsViews = keepsViews;
  }

  get length(): number {
    return this.#elements.length;
  }

  keepPlaces(): void {
    this.#places ??= new Places();
  }

  /** Adds the location of the element that `take` returned last. */
  locate(places: Places): void {
    if (this.#places === undefined) places.addUnknown();
    else places.copy(this.#places, this.#places.length);
  }

  /** Adds the element that `source` returned last. */
  push(element: T, source: Stage<T>): void {
    if (this.#places !== undefined) source.locate(this.#places);
    if (!isRecord(element)) {
      this.#add(element, undefined);
      return;
    }
    const { buffer, byteLength } = element;
    if (buffer.byteLength <= 2 * byteLength) this.#add(element, undefined);
    else if (!this.#keepsViews || byteLength < MIN_KEPT_FRACTION * buffer.byteLength)
      this.#add(copied(element), undefined);
    else {
      this.#add(element, this.#chunk(buffer));
      this.#viewBytes += byteLength;
      while (this.#chunkBytes > 2 * this.#viewBytes + SPARE_BYTES) this.#copyOldest();
    }
  }

  /** Removes and returns the element at `at`. The last element takes its place. */
  take(at: number): T {
    const elements = this.#elements;
    const element = elements[at];
    const last = elements.pop()!;
    this.#places?.take(at);
    if (at < elements.length) elements[at] = last;
    if (this.#hasViews) this.#takeChunk(at, element);
    return element;
  }

  /** Moves the element at `order[i]` to `i`, for all elements. */
  arrange(order: readonly number[]): void {
    this.#places?.arrange(order);
    const elements = this.#elements.slice();
    const chunks = this.#chunkOf.slice();
    for (let i = 0; i < order.length; i++) {
      this.#elements[i] = elements[order[i]];
      if (this.#hasViews) this.#chunkOf[i] = chunks[order[i]];
    }
  }

  #takeChunk(at: number, element: T): void {
    const chunk = this.#chunkOf[at];
    const last = this.#chunkOf.pop();
    if (at < this.#chunkOf.length) this.#chunkOf[at] = last;
    if (chunk !== undefined) this.#leave(chunk, element as Uint8Array);
  }

  #add(element: unknown, chunk: Chunk | undefined): void {
    if (chunk !== undefined && !this.#hasViews) {
      this.#hasViews = true;
      for (let i = 0; i < this.#elements.length; i++) this.#chunkOf.push(undefined);
    }
    this.#elements.push(element as T);
    if (this.#hasViews) this.#chunkOf.push(chunk);
  }

  /** Returns the chunk of one more view. */
  #chunk(memory: ArrayBufferLike): Chunk {
    let chunk = this.#chunks.get(memory);
    if (chunk === undefined) {
      chunk = { memory, views: 0 };
      this.#chunks.set(memory, chunk);
      this.#chunkBytes += memory.byteLength;
    }
    chunk.views++;
    return chunk;
  }

  #leave(chunk: Chunk, view: Uint8Array): void {
    this.#viewBytes -= view.byteLength;
    if (--chunk.views > 0) return;
    this.#chunks.delete(chunk.memory);
    this.#chunkBytes -= chunk.memory.byteLength;
  }

  #copyOldest(): void {
    const [oldest] = this.#chunks.values();
    for (let i = 0; oldest.views > 0; i++) {
      if (this.#chunkOf[i] !== oldest) continue;
      const view = this.#elements[i] as Uint8Array;
      this.#elements[i] = copied(view) as T;
      this.#chunkOf[i] = undefined;
      this.#leave(oldest, view);
    }
  }
}

/** Reports whether an element is bytes, and not a Buffer or another subclass. */
function isRecord(element: unknown): element is Uint8Array {
  return element instanceof Uint8Array && element.constructor === Uint8Array;
}

function copied(record: Uint8Array): Uint8Array {
  const copy = new Uint8Array(unclearedMemory(record.length));
  copy.set(record);
  return copy;
}
