import { newBlock } from '../prefetch/block-memory.ts';
import type { RangeHead, RangeRequest, RangeSink } from '../storage.ts';
import type { CachedVersion } from './chunk-file.ts';

/**
 * Delivers a range whose bytes come from several places. Chunks are larger than the range at both
 * ends; only bytes inside the range reach the sink.
 */
export class RangeDelivery {
  readonly version: CachedVersion;
  readonly end: number;
  /** Position of the next byte to deliver. */
  at: number;
  readonly #sink: RangeSink;
  #headed = false;

  constructor(version: CachedVersion, { start, end }: RangeRequest, sink: RangeSink) {
    this.version = version;
    this.at = start;
    this.end = Math.min(end ?? version.size, version.size);
    this.#sink = sink;
  }

  /** Whether the object has the range. */
  get isInside(): boolean {
    return this.at < this.end || this.version.size === 0;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  /** Passes on the properties of the object, once. @param found properties from a response */
  head(found?: RangeHead): void {
    if (this.#headed) return;
    this.#headed = true;
    const { uri, size, etag, versionId } = this.version;
    this.#sink.onHead({ uri, size, etag, versionId, ...found, start: this.at, end: this.end });
  }

  /** Reports a wait for another process. */
  waits(): void {
    this.#sink.onWait?.();
  }

  /** Returns memory for bytes from `position`. See RangeSink. */
  memory(position: number, maxBytes: number): Uint8Array {
    if (position < this.at) return newBlock(Math.min(maxBytes, this.at - position));
    if (position >= this.end) return newBlock(maxBytes);
    const wanted = Math.min(maxBytes, this.end - position);
    this.head();
    return this.#sink.memory?.(wanted) ?? newBlock(wanted);
  }

  /** Returns memory for all of the bytes from a position on, before those that precede it arrive. */
  memoryAt(position: number, bytes: number): Uint8Array {
    return this.#sink.memoryAt?.(position - this.at, bytes) ?? newBlock(bytes);
  }

  /** Delivers the part of `bytes`, which begin at `position`, that follows the bytes delivered. */
  deliver(bytes: Uint8Array, position: number): void {
    if (this.done) return;
    const from = this.at - position;
    const to = Math.min(bytes.length, this.end - position);
    if (from < 0) throw new Error(`expected bytes from ${this.at}, got ${position}`);
    if (from >= to) return;
    this.head();
    this.at += to - from;
    this.#sink.onData(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
  }
}
