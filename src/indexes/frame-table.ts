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
