import { RecordpipeError } from '../../errors.ts';
import type { RecordBatch } from '../../formats/batch.ts';

/** By how much each frame is longer than the shortest; empty where all are of one length. */
export type ExtraBytes = Uint8Array | Uint16Array | Uint32Array;

/** Frames between two positions that are kept: 64 mean 0.125 bytes per record, and at most 63 additions (30 ns) for a position. */
const SPAN = 64;

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
  /** Where every 64th frame begins; found when it is first asked for. */
  #starts: Float64Array | undefined;

  /**
   * @param extra `count` numbers, or none where every frame is of the shortest length
   * @param end where the last frame ends, where that is known
   */
  constructor(count: number, shortest: number, extra: ExtraBytes, end?: number) {
    this.count = count;
    this.shortest = shortest;
    this.extra = extra;
    this.end = end ?? this.#addUp();
  }

  /** Position of the first byte of frame `i`, 0 to `count`. */
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

  /** Bytes of frame `i`. */
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

/** Frames gathered before they are packed: they still lie in the first caches then; packing all at the end took three times as long. */
const CHUNK_FRAMES = 8 * 1024;
/** The longest frame, and the most frames, that 32 bits count. */
const MOST = 2 ** 32 - 1;

/** Frames as a table holds them: by how much each is longer than `shortest`. */
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
  /** Where the last frame, whose end is not known yet, begins; undefined before the first. */
  #open: number | undefined;

  /** Adds the records of a batch. */
  add(batch: RecordBatch): void {
    const { index, length } = batch;
    if (length === 0) return;
    this.#close(batch.offset(0));
    this.addSteps(index, length);
    this.#open = batch.offset(length - 1);
  }

  /** Adds the frames between the payloads of an index of (start, length) pairs: one fewer than there are. */
  addSteps(index: Uint32Array, pairs: number): void {
    const chunk = this.#chunk;
    let before = index[0];
    this.#end += pairs > 0 ? index[2 * pairs - 2] - before : 0;
    for (let i = 1; i < pairs; ) {
      if (this.#used === CHUNK_FRAMES) this.#pack();
      const end = Math.min(pairs, i + CHUNK_FRAMES - this.#used);
      let used = this.#used;
      for (; i < end; i++) {
        const next = index[2 * i];
        chunk[used++] = next - before;
        before = next;
      }
      this.#used = used;
    }
  }

  /** Adds one frame. @throws RecordpipeError `record-too-large` */
  addFrame(bytes: number): void {
    if (!(bytes > 0 && bytes <= MOST)) {
      const text = `a record takes ${bytes} bytes, an index has room for ${MOST}`;
      throw new RecordpipeError('record-too-large', text, { record: this.#packedCount + this.#used });
    }
    if (this.#used === CHUNK_FRAMES) this.#pack();
    this.#chunk[this.#used++] = bytes;
    this.#end += bytes;
  }

  /** The table. @param end where the last frame ends */
  finish(end: number): FrameTable {
    this.#close(end);
    this.#pack();
    const parts = this.#packed;
    const count = this.#packedCount;
    if (count === 0) return new FrameTable(0, 0, new Uint8Array(0));
    const shortest = parts.reduce((least, part) => Math.min(least, part.shortest), MOST);
    const longest = parts.reduce((most, part) => Math.max(most, part.longest), 0);
    const extra = emptyExtra(longest - shortest, count);
    let at = 0;
    for (const part of parts) {
      if (extra.length === 0) break;
      copyExtra(part, shortest, extra, at);
      at += part.count;
    }
    return new FrameTable(count, shortest, extra, this.#end);
  }

  /** The frame that is open ends at `position`. */
  #close(position: number): void {
    if (this.#open !== undefined) this.addFrame(position - this.#open);
    this.#open = undefined;
  }

  #pack(): void {
    const count = this.#used;
    if (count === 0) return;
    if (this.#packedCount + count > MOST) {
      const text = `more than ${this.#packedCount} records; an index has room for ${MOST}`;
      throw new RecordpipeError('record-too-large', text);
    }
    const chunk = this.#chunk;
    let shortest: number = MOST;
    let longest = 0;
    for (let i = 0; i < count; i++) {
      const bytes = chunk[i];
      if (bytes < shortest) shortest = bytes;
      if (bytes > longest) longest = bytes;
    }
    const extra = emptyExtra(longest - shortest, count);
    if (extra.length > 0) for (let i = 0; i < count; i++) extra[i] = chunk[i] - shortest;
    this.#packed.push({ shortest, longest, count, extra });
    this.#packedCount += count;
    this.#used = 0;
  }
}

function copyExtra(part: PackedFrames, shortest: number, target: ExtraBytes, at: number): void {
  const more = part.shortest - shortest;
  if (part.extra.length === 0) target.fill(more, at, at + part.count);
  else target.set(part.extra, at);
  if (more > 0 && part.extra.length > 0)
    for (let i = at; i < at + part.count; i++) target[i] = target[i] + more;
}

function emptyExtra(most: number, count: number): ExtraBytes {
  if (most === 0) return new Uint8Array(0);
  if (most < 2 ** 8) return new Uint8Array(count);
  return most < 2 ** 16 ? new Uint16Array(count) : new Uint32Array(count);
}
