import { RecordpipeError } from '../errors.ts';
import type { RecordBatch } from '../records/batch.ts';

/** By how much each frame is longer than the shortest; empty where all are of one length. */
export type ExtraBytes = Uint8Array | Uint16Array | Uint32Array;

/** Frames between two positions that are kept: 64 mean 0.125 bytes per record, and at most 63 additions (30 ns) for a position. */
const SPAN = 64;
const CHUNK_FRAMES = 256 * 1024;
/** The longest frame, and the most frames, that 32 bits count. */
const MOST = 2 ** 32 - 1;

/**
 * Where the frames of a file lie, one behind the other from its first byte on: 0 to 4 bytes of memory per record and 0.125 for positions. A frame is
 * all that belongs to a record: header, payload, checksums or padding, delimiter.
 */
export class FrameTable {
  readonly count: number;
  /** Length of the shortest frame; 0 where there is none. */
  readonly shortest: number;
  readonly extra: ExtraBytes;
  /** Position behind the last frame. */
  readonly end: number;
  /** Where every 64th frame begins. */
  readonly #starts: Float64Array;

  /** @param extra `count` numbers, or none where every frame is of the shortest length */
  constructor(count: number, shortest: number, extra: ExtraBytes) {
    this.count = count;
    this.shortest = shortest;
    this.extra = extra;
    this.#starts = new Float64Array(extra.length === 0 ? 0 : Math.ceil(count / SPAN));
    this.end = this.#addUp();
  }

  /** Position of the first byte of frame `i`, 0 to `count`. */
  start(i: number): number {
    const { shortest, extra } = this;
    if (i === this.count) return this.end;
    if (extra.length === 0) return i * shortest;
    const rest = i & (SPAN - 1);
    let at = this.#starts[(i - rest) / SPAN] + rest * shortest;
    for (let k = i - rest; k < i; k++) at += extra[k];
    return at;
  }

  /** Bytes of frame `i`. */
  frameBytes(i: number): number {
    return this.shortest + (this.extra.length === 0 ? 0 : this.extra[i]);
  }

  #addUp(): number {
    const { count, shortest, extra } = this;
    if (extra.length === 0) return count * shortest;
    let at = 0;
    for (let i = 0; i < count; ) {
      this.#starts[i / SPAN] = at;
      const end = Math.min(count, i + SPAN);
      at += (end - i) * shortest;
      for (; i < end; i++) at += extra[i];
    }
    return at;
  }
}

/** Gathers the frames of a file from its batches, in order and without gaps. */
export class FrameTableBuilder {
  #count = 0;
  #shortest: number = MOST;
  #longest = 0;
  readonly #full: Uint32Array[] = [];
  #chunk = new Uint32Array(CHUNK_FRAMES);
  #used = 0;
  /** Where the last frame, whose end is not known yet, begins; undefined before the first. */
  #open: number | undefined;

  /** Adds the records of a batch. */
  add(batch: RecordBatch): void {
    const { index, length } = batch;
    if (length === 0) return;
    this.close(batch.offset(0));
    this.addSteps(index, length);
    this.#open = batch.offset(length - 1);
  }

  /** The frame that is open ends at `position`. */
  close(position: number): void {
    if (this.#open !== undefined) this.#push(position - this.#open);
    this.#open = undefined;
  }

  /** Adds the frames between the payloads of an index of (start, length) pairs: one fewer than there are. */
  addSteps(index: Uint32Array, pairs: number): void {
    let shortest = this.#shortest;
    let longest = this.#longest;
    for (let i = 1; i < pairs; ) {
      const some = Math.min(pairs - i, this.#room());
      const chunk = this.#chunk;
      let used = this.#used;
      for (const end = i + some; i < end; i++) {
        const bytes = index[2 * i] - index[2 * i - 2];
        chunk[used++] = bytes;
        if (bytes < shortest) shortest = bytes;
        if (bytes > longest) longest = bytes;
      }
      this.#used = used;
      this.#count += some;
    }
    this.#shortest = shortest;
    this.#longest = longest;
  }

  /** Adds the frames of `pairs` payloads, each of which takes `overhead` bytes beside it. */
  addPayloads(index: Uint32Array, pairs: number, overhead: number): void {
    this.addSteps(index, pairs);
    if (pairs > 0) this.#push(index[2 * pairs - 1] + overhead);
  }

  /** Adds one frame. */
  addFrame(bytes: number): void {
    this.#push(bytes);
  }

  /** The table. @param end where the last frame ends */
  finish(end: number): FrameTable {
    this.close(end);
    const count = this.#count;
    if (count === 0) return new FrameTable(0, 0, new Uint8Array(0));
    const shortest = this.#shortest;
    const extra = emptyExtra(this.#longest - shortest, count);
    let at = 0;
    for (const chunk of [...this.#full, this.#chunk.subarray(0, this.#used)]) {
      if (extra.length === 0) break;
      for (let i = 0; i < chunk.length; i++) extra[at++] = chunk[i] - shortest;
    }
    return new FrameTable(count, shortest, extra);
  }

  #push(bytes: number): void {
    if (!(bytes > 0 && bytes <= MOST)) {
      throw new RecordpipeError(
        'record-too-large',
        `a record takes ${bytes} bytes, an index has room for ${MOST}`,
        {
          record: this.#count,
        },
      );
    }
    this.#room();
    this.#chunk[this.#used++] = bytes;
    this.#count++;
    this.#shortest = Math.min(this.#shortest, bytes);
    this.#longest = Math.max(this.#longest, bytes);
  }

  /** How many frames the chunk has room for, at least one. */
  #room(): number {
    if (this.#used === CHUNK_FRAMES) {
      if (this.#count > MOST - CHUNK_FRAMES) {
        throw new RecordpipeError(
          'record-too-large',
          `more than ${this.#count} records; an index has room for ${MOST}`,
        );
      }
      this.#full.push(this.#chunk);
      this.#chunk = new Uint32Array(CHUNK_FRAMES);
      this.#used = 0;
    }
    return CHUNK_FRAMES - this.#used;
  }
}

function emptyExtra(most: number, count: number): ExtraBytes {
  if (most === 0) return new Uint8Array(0);
  if (most < 2 ** 8) return new Uint8Array(count);
  return most < 2 ** 16 ? new Uint16Array(count) : new Uint32Array(count);
}
