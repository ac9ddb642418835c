import {
  countVarints,
  findUnsafe,
  LITTLE_ENDIAN,
  numbersFrom,
  sendVarints,
  type VarintSink,
  varintsInto,
} from '../../bytes/wire/varints.ts';
import type { Feature, Int64Mode, Int64Values } from './feature.ts';
import type { FeatureCursor } from './feature-cursor.ts';
import { BYTES, FLOAT, INT64 } from './list-cursor.ts';

/** Number of floats above which copying a whole run is faster than copying it word by word. */
const MIN_COPIED_FLOATS = 32;
/** Maximum size of a list whose integers are not counted before memory is allocated. */
const MAX_UNCOUNTED_BYTES = 1024;
const SLAB_BYTES = 65_536;
/** Maximum size of an array that shares memory with others. */
const MAX_SHARED_BYTES = 16_384;
export const NO_BYTES: Uint8Array = new Uint8Array(0);
const UNSET: Feature = Object.freeze({ kind: 'none', value: Object.freeze([]) }) as Feature;

/** Receives the values of a feature in place, without copies. */
export interface ValueSink extends VarintSink {
  /** Receives a run of little-endian 32-bit floats at [from, to) of `bytes`. */
  floats(bytes: Uint8Array, from: number, to: number): void;
  /** Receives a value of bytes at [from, to) of `bytes`. */
  value(bytes: Uint8Array, from: number, to: number): void;
}

/** Memory that is accessible as 32-bit words and as bytes. */
export interface WordMemory {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
}

/**
 * Memory for values. Floats and integers are written as words, without creating a JavaScript number
 * for each value, so that NaNs keep their bits and 64-bit integers do not need BigInts.
 */
export class ValueMemory implements WordMemory {
  words!: Int32Array<ArrayBuffer>;
  /** The buffer of the memory, stored because reading the `buffer` of an array takes 22 ns. */
  buffer!: ArrayBuffer;
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  #numbers: Float64Array<ArrayBuffer> | undefined;

  constructor(words: Int32Array<ArrayBuffer> = new Int32Array(0)) {
    this.use(words);
  }

  allocate(words: number): void {
    this.use(new Int32Array(words + (words & 1)));
  }

  protected use(words: Int32Array<ArrayBuffer>): void {
    this.words = words;
    this.buffer = words.buffer;
    this.#bytes = this.#numbers = undefined;
  }

  /** The same memory as bytes. */
  get bytes(): Uint8Array<ArrayBuffer> {
    this.#bytes ??= new Uint8Array(this.buffer);
    return this.#bytes;
  }

  /** The same memory as 64-bit numbers. */
  get numbers(): Float64Array<ArrayBuffer> {
    this.#numbers ??= new Float64Array(this.buffer);
    return this.#numbers;
  }
}

/**
 * Returns the number of values of the list.
 *
 * @throws WireFault for a damaged list; varints of more than ten bytes are not detected
 */
export function countValues(cursor: FeatureCursor): number {
  if (cursor.isOneRun) return countRun(cursor);
  let count = 0;
  for (cursor.openRuns(); cursor.hasRun; cursor.nextRun()) count += countRun(cursor);
  cursor.check();
  return count;
}

function countRun({ kind, list, runStart, runEnd }: FeatureCursor): number {
  if (kind === BYTES) return 1;
  return kind === FLOAT ? (runEnd - runStart) / 4 : countVarints(list, runStart, runEnd);
}

/**
 * Writes views of the values of a BytesList to `views`, starting at index `to`. Returns the index
 * after the last one.
 */
export function viewsInto(cursor: FeatureCursor, views: Uint8Array[], to: number): number {
  if (cursor.isOneRun) {
    views[to++] = viewOf(cursor);
    return to;
  }
  for (cursor.openRuns(); cursor.hasRun; cursor.nextRun()) views[to++] = viewOf(cursor);
  cursor.check();
  return to;
}

/**
 * Returns a view of the current run. All empty values share one view: a view takes 100 bytes of
 * memory, whereas an empty value takes only two bytes in a message.
 */
export function viewOf(cursor: FeatureCursor): Uint8Array {
  const { offset, buffer, runStart, runEnd } = cursor;
  return runStart === runEnd ? NO_BYTES : new Uint8Array(buffer, offset + runStart, runEnd - runStart);
}

/**
 * Writes the floats of a FloatList to `memory`, starting at word `to`. Returns the word after the
 * last one. Values beyond the end of the memory are counted but not written.
 */
export function floatsInto(cursor: FeatureCursor, memory: WordMemory, to: number): number {
  if (cursor.isOneRun) return copyFloats(cursor, memory, to);
  for (cursor.openRuns(); cursor.hasRun; cursor.nextRun()) to = copyFloats(cursor, memory, to);
  cursor.check();
  return to;
}

function copyFloats(cursor: FeatureCursor, memory: WordMemory, to: number): number {
  const { runStart, runEnd, list } = cursor;
  const size = runEnd - runStart;
  if (LITTLE_ENDIAN && size > 4 * MIN_COPIED_FLOATS && 4 * to + size <= memory.bytes.length) {
    const { offset, buffer } = cursor;
    memory.bytes.set(new Uint8Array(buffer, offset + runStart, size), 4 * to);
    return to + size / 4;
  }
  const { words } = memory;
  for (let at = runStart; at < runEnd; at += 4)
    words[to++] = list[at] | (list[at + 1] << 8) | (list[at + 2] << 16) | (list[at + 3] << 24);
  return to;
}

/**
 * Writes the two words of each integer of an Int64List to `words`, starting at `to`. Returns the
 * word after the last one.
 */
export function int64sInto(cursor: FeatureCursor, words: Int32Array, to: number): number {
  if (cursor.isOneRun) return varintsInto(cursor.list, cursor.runStart, cursor.runEnd, words, to);
  for (cursor.openRuns(); cursor.hasRun; cursor.nextRun())
    to = varintsInto(cursor.list, cursor.runStart, cursor.runEnd, words, to);
  cursor.check();
  return to;
}

/**
 * Writes the integers as numbers, starting at `to`. Returns the index after the last one, or -1 if
 * one is beyond 2^53 - 1.
 */
export function numbersInto(cursor: FeatureCursor, numbers: Float64Array, to: number): number {
  if (cursor.isOneRun) return numbersFrom(cursor.list, cursor.runStart, cursor.runEnd, numbers, to);
  for (cursor.openRuns(); to >= 0 && cursor.hasRun; cursor.nextRun())
    to = numbersFrom(cursor.list, cursor.runStart, cursor.runEnd, numbers, to);
  cursor.check();
  return to;
}

/** Returns an upper bound on the number of integers in the list. */
export function maxInt64s(cursor: FeatureCursor): number {
  const size = cursor.listEnd - cursor.listStart;
  return size <= MAX_UNCOUNTED_BYTES ? size : countValues(cursor);
}

/** Sends the values of the list to `sink`. The list must be undamaged. */
export function sendValues(cursor: FeatureCursor, sink: ValueSink): void {
  if (cursor.isOneRun) sendRun(cursor, sink);
  else for (cursor.openRuns(); cursor.hasRun; cursor.nextRun()) sendRun(cursor, sink);
}

function sendRun({ kind, list, runStart, runEnd }: FeatureCursor, sink: ValueSink): void {
  if (kind === FLOAT) sink.floats(list, runStart, runEnd);
  else if (kind === BYTES) sink.value(list, runStart, runEnd);
  else sendVarints(list, runStart, runEnd, sink);
}

/** Thrown for an integer that a number cannot represent, with its index in the list. */
export class UnsafeInteger extends Error {
  constructor(index: number, value: bigint) {
    super(
      `expected integers of at most 2^53 - 1 as numbers, got ${value} as value ${index}; int64: 'bigint' or 'auto' accepts it`,
    );
  }
}

/**
 * Builds features that own their arrays. Small arrays share memory, as Node's Buffers do:
 * allocating 16 KiB takes 8 µs, but creating a view of existing memory takes 60 ns.
 */
export class FeatureBuilder {
  readonly #slab = new Slab();

  /** Returns the feature of the cursor. @throws WireFault, UnsafeInteger */
  feature(cursor: FeatureCursor, int64: Int64Mode): Feature {
    switch (cursor.kind) {
      case BYTES: {
        const value: Uint8Array[] = [];
        viewsInto(cursor, value, 0);
        return { kind: 'bytes', value };
      }
      case FLOAT:
        return { kind: 'float', value: this.#floats(cursor) };
      case INT64:
        return { kind: 'int64', value: this.#int64s(cursor, int64) };
      default:
        return UNSET;
    }
  }

  /** Returns the floats as a view of the record if they are aligned, otherwise as a copy. */
  #floats(cursor: FeatureCursor): Float32Array {
    const view = alignedFloats(cursor);
    if (view !== undefined) return view;
    const slab = this.#slab;
    slab.take(cursor.isOneRun ? cursor.runEnd - cursor.runStart : 4 * countValues(cursor));
    const { at } = slab;
    const end = floatsInto(cursor, slab, at);
    slab.keep(end - at);
    return new Float32Array(slab.buffer, 4 * at, end - at);
  }

  #int64s(cursor: FeatureCursor, mode: Int64Mode): Int64Values {
    const slab = this.#slab;
    slab.take(8 * maxInt64s(cursor));
    const { at } = slab;
    if (mode !== 'bigint') {
      const end = 2 * numbersInto(cursor, slab.numbers, at / 2);
      if (end >= 0) {
        slab.keep(end - at);
        return new Float64Array(slab.buffer, 4 * at, (end - at) / 2);
      }
    }
    const end = int64sInto(cursor, slab.words, at);
    slab.keep(end - at);
    const integers = new BigInt64Array(slab.buffer, 4 * at, (end - at) / 2);
    if (mode !== 'number') return integers;
    const unsafe = findUnsafe(slab.words, at, end);
    throw new UnsafeInteger(unsafe, integers[unsafe]);
  }
}

/** Returns the floats of the list as a view of the record, if the list is one run and aligned. */
export function alignedFloats(cursor: FeatureCursor): Float32Array | undefined {
  if (!LITTLE_ENDIAN || !cursor.isOneRun) return undefined;
  const at = cursor.offset + cursor.runStart;
  if (at % 4 !== 0) return undefined;
  return new Float32Array(cursor.buffer, at, (cursor.runEnd - cursor.runStart) / 4);
}

/** Memory that is divided into pieces for several arrays. */
class Slab extends ValueMemory {
  /** First word of the most recent piece. */
  at = 0;
  #shared = new Int32Array(0);
  #used = 0;

  /** Reserves a piece of at most `bytes` bytes, at a multiple of eight bytes. */
  take(bytes: number): void {
    if (bytes > MAX_SHARED_BYTES) {
      this.allocate(Math.ceil(bytes / 8) * 2);
      this.at = 0;
      return;
    }
    if (this.#used + bytes / 4 > this.#shared.length) {
      this.#shared = new Int32Array(SLAB_BYTES / 4);
      this.#used = 0;
    }
    if (this.words !== this.#shared) this.use(this.#shared);
    this.at = this.#used;
  }

  /** Keeps only the first `words` words of the piece. The next piece begins after them. */
  keep(words: number): void {
    if (this.words === this.#shared) this.#used = this.at + words + (words & 1);
  }
}
