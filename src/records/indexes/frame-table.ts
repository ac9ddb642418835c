import { RecordpipeError } from '../../errors.ts';
import type { RecordBatch } from '../../formats/batch.ts';

/** Size of each frame minus the size of the shortest; empty if all frames have the same size. */
export type ExtraBytes = Uint8Array | Uint16Array | Uint32Array;

/**
 * Number of frames per stored position. With 64, positions take 0.125 bytes per record, and a
 * lookup takes at most 63 additions (30 ns).
 */
const SPAN = 64;

/**
 * The positions of the frames of a file, which follow each other without gaps from its first byte.
 * A table takes 0 to 4 bytes of memory per record, and 0.125 bytes for positions. A frame is
 * everything that belongs to a record: header, payload, checksums or padding, delimiter.
 */
export class FrameTable {
  readonly count: number;
  /** Size of the shortest frame; 0 if the table is empty. */
  readonly shortest: number;
  readonly extra: ExtraBytes;
  /** Position after the last frame. */
  readonly end: number;
  /** Positions of every 64th frame, computed on first use. */
  #starts: Float64Array | undefined;

  /**
   * @param extra `count` numbers, or none if all frames have the same size
   * @param end the position after the last frame, if it is known
   */
  constructor(count: number, shortest: number, extra: ExtraBytes, end?: number) {
    this.count = count;
    this.shortest = shortest;
    this.extra = extra;
    this.end = end ?? this.#addUp();
  }

  /** Returns the position of the first byte of frame `i`, from 0 to `count`. */
  start(i: number): number {
    const { shortest, extra } = this;
    if (i === this.count) return this.end;
    if (extra.length === 0) return i * shortest;
    const rest = i & (SPAN - 1);
    if (this.#starts === undefined) this.#addUp();
    let at = this.#starts![(i - rest) / SPAN] + rest * shortest;
    for (let k = i - rest; k < i; k++) at += extra[k];
    return at;
  }

  /** Returns the size of frame `i` in bytes. */
  frameBytes(i: number): number {
    return this.shortest + (this.extra.length === 0 ? 0 : this.extra[i]);
  }

  #addUp(): number {
    const { count, shortest, extra } = this;
    if (extra.length === 0) return count * shortest;
    const starts = new Float64Array(Math.ceil(count / SPAN));
    let at = 0;
    for (let i = 0; i < count; ) {
      starts[i / SPAN] = at;
      const end = Math.min(count, i + SPAN);
      at += (end - i) * shortest;
      for (; i < end; i++) at += extra[i];
    }
    this.#starts = starts;
    return at;
  }
}

/**
 * Number of frames to gather before they are packed. At this number, they are still in the CPU
 * cache; packing all frames at the end takes three times as long.
 */
const CHUNK_FRAMES = 8 * 1024;
/** Maximum frame size, and maximum number of frames. */
const MAX_UINT32 = 2 ** 32 - 1;

/** Packed frames. Sizes are relative to `shortest`, as in a table. */
interface PackedFrames {
  readonly shortest: number;
  readonly longest: number;
  readonly count: number;
  readonly extra: ExtraBytes;
}

/** Gathers the frames of a file, in order and without gaps. */
export class FrameTableBuilder {
  readonly #packed: PackedFrames[] = [];
  #packedCount = 0;
  readonly #chunk = new Uint32Array(CHUNK_FRAMES);
  #used = 0;
  #end = 0;
  /** Position of the last frame, whose end is not yet known; undefined before the first frame. */
  #open: number | undefined;

  /** Adds the records of a batch. */
  add(batch: RecordBatch): void {
    const { index, length } = batch;
    if (length === 0) return;
    this.#close(batch.offset(0));
    this.addSteps(index, length);
    this.#open = batch.offset(length - 1);
  }

  /** Adds the `pairs - 1` frames between the payloads of an index of (start, length) pairs. */
  addSteps(index: Uint32Array, pairs: number): void {
    const chunk = this.#chunk;
    let previous = index[0];
    this.#end += pairs > 0 ? index[2 * pairs - 2] - previous : 0;
    for (let i = 1; i < pairs; ) {
      if (this.#used === CHUNK_FRAMES) this.#pack();
      const end = Math.min(pairs, i + CHUNK_FRAMES - this.#used);
      let used = this.#used;
      for (; i < end; i++) {
        const next = index[2 * i];
        chunk[used++] = next - previous;
        previous = next;
      }
      this.#used = used;
    }
  }

  /** Adds one frame. @throws RecordpipeError `record-too-large` */
  addFrame(bytes: number): void {
    if (!(bytes > 0 && bytes <= MAX_UINT32)) {
      const text = `a record takes ${bytes} bytes, but an index supports up to ${MAX_UINT32}`;
      throw new RecordpipeError('record-too-large', text, { record: this.#packedCount + this.#used });
    }
    if (this.#used === CHUNK_FRAMES) this.#pack();
    this.#chunk[this.#used++] = bytes;
    this.#end += bytes;
  }

  /** Adds the frames of a table, which follow those added so far. */
  append({ count, shortest, extra }: Pick<FrameTable, 'count' | 'shortest' | 'extra'>): void {
    this.#pack();
    if (count === 0) return;
    let longest = 0;
    for (const more of extra) if (more > longest) longest = more;
    this.#keep({ shortest, longest: shortest + longest, count, extra });
    this.#end += count * shortest;
    for (const more of extra) this.#end += more;
  }

  /** Returns the table. @param end the position after the last frame */
  finish(end: number): FrameTable {
    this.#close(end);
    this.#pack();
    const parts = this.#packed;
    const count = this.#packedCount;
    if (count === 0) return new FrameTable(0, 0, new Uint8Array(0));
    const shortest = parts.reduce((min, part) => Math.min(min, part.shortest), MAX_UINT32);
    const longest = parts.reduce((max, part) => Math.max(max, part.longest), 0);
    const extra = emptyExtra(longest - shortest, count);
    let at = 0;
    for (const part of parts) {
      if (extra.length === 0) break;
      copyExtra(part, shortest, extra, at);
      at += part.count;
    }
    return new FrameTable(count, shortest, extra, this.#end);
  }

  /** Ends the open frame at `position`. */
  #close(position: number): void {
    if (this.#open !== undefined) this.addFrame(position - this.#open);
    this.#open = undefined;
  }

  #pack(): void {
    const count = this.#used;
    if (count === 0) return;
    const chunk = this.#chunk;
    let shortest: number = MAX_UINT32;
    let longest = 0;
    for (let i = 0; i < count; i++) {
      const bytes = chunk[i];
      if (bytes < shortest) shortest = bytes;
      if (bytes > longest) longest = bytes;
    }
    const extra = emptyExtra(longest - shortest, count);
    if (extra.length > 0) for (let i = 0; i < count; i++) extra[i] = chunk[i] - shortest;
    this.#keep({ shortest, longest, count, extra });
    this.#used = 0;
  }

  #keep(frames: PackedFrames): void {
    if (this.#packedCount + frames.count > MAX_UINT32) {
      const text = `more than ${this.#packedCount} records, but an index supports up to ${MAX_UINT32}`;
      throw new RecordpipeError('record-too-large', text);
    }
    this.#packed.push(frames);
    this.#packedCount += frames.count;
  }
}

function copyExtra(part: PackedFrames, shortest: number, target: ExtraBytes, at: number): void {
  const more = part.shortest - shortest;
  if (part.extra.length === 0) target.fill(more, at, at + part.count);
  else target.set(part.extra, at);
  if (more > 0 && part.extra.length > 0)
    for (let i = at; i < at + part.count; i++) target[i] = target[i] + more;
}

function emptyExtra(max: number, count: number): ExtraBytes {
  if (max === 0) return new Uint8Array(0);
  if (max < 2 ** 8) return new Uint8Array(count);
  return max < 2 ** 16 ? new Uint16Array(count) : new Uint32Array(count);
}
